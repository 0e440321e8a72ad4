import { join } from 'node:path';

/** Names below a published repository's folder, besides objects. They are the format's. */
export const MANIFEST = '.cvmfspublished';
export const WHITELIST = '.cvmfswhitelist';
export const REFLOG = '.cvmfsreflog';
/** Says that others may replicate it. */
export const MASTER_REPLICA = '.cvmfs_master_replica';
/** When a replica was brought up to date last. */
export const LAST_SNAPSHOT = '.cvmfs_last_snapshot';
/** What is being written: on the disk of the objects, so that rename(2) makes it one. */
export const STAGING = 'data/txn';

/** Names with a meaning in a published tree. */
export const NESTED_MARKER = '.cvmfscatalog';
export const AUTO_MARKER = '.cvmfsautocatalog';
export const DIRTAB = '.cvmfsdirtab';

/** Below the publisher's own folder, which no server serves. */
export function publisherFiles(folder: string) {
  return {
    settings: join(folder, 'publisher.json'),
    certificate: join(folder, 'certificate.crt'),
    certificateKey: join(folder, 'certificate.key'),
    /** What readers are given. */
    masterPublic: (repository: string) => join(folder, `${repository}.pub`),
    /** What each file was when it was read last, one list for each source. */
    seen: join(folder, 'seen'),
    /** What the catalogs of the newest revision hold. */
    catalogs: join(folder, 'catalogs.json'),
    /** The last reflogs by their hashes: reflog and manifest cannot be replaced in one step. */
    reflogs: join(folder, 'reflogs'),
    scratch: join(folder, 'scratch'),
    /** There while a publication writes: one that finds it knows that the last was cut off. */
    unfinished: join(folder, 'unfinished'),
    lock: join(folder, 'lock'),
  };
}
