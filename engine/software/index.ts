/** @module Programs and appliances out of projects' own repositories (CernVM-FS), verified, cached, also offline. */

export { placedSoftware } from './placed.ts';
export {
  type Member,
  type PlacedSoftware,
  Software,
  type SoftwareOptions,
  type SoftwareTree,
} from './software.ts';
export { programTree } from './tree.ts';
