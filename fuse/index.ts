/** A tree that never changes, mounted by Linux (README.md). */
export { whyNoFuse } from './available.ts';
export { FUSE_TYPE, type FuseMount, MountError, mountTree } from './device.ts';
