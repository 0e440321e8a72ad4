/** @module Verified immutable objects on this host's disk, named by their SHA-256. */
export {
  ObjectCache,
  type ObjectCacheOptions,
  ObjectCorrupted,
  type ObjectSource,
  ObjectsTooLarge,
} from './cache.ts';
export { type StoredObject, toEvict } from './eviction.ts';
