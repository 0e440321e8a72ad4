/** Reading a repository: verified from the master key down, cached, and readable without network. */
export { ObjectCache } from './cache.ts';
export * from './errors.ts';
export type { FileReader } from './file-reader.ts';
export { type ProxyGroups, parseProxies } from './proxies.ts';
export { type Pin, Repository, type RepositoryOptions } from './repository.ts';
export type { Located, Snapshot } from './snapshot.ts';
export { type Blacklist, parseBlacklist, parseMasterKeys } from './trust.ts';
