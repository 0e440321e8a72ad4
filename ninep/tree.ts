/**
 * A file tree as 9P2000.L and WASI both need it. Trees know nothing of the wire; the 9P server and the WASI
 * host are two clients of this interface.
 *
 * Names and link targets are byte strings: one character per byte (latin1), since Linux names may hold any byte
 * but "/" and NUL. ASCII text is its own byte string; use byteString() for anything else.
 */
export interface Tree {
  /** The root directory, as a new client sees it. */
  root(): Promise<TreeNode>;
  statfs(): Promise<TreeStatistics>;
}

export type NodeKind = 'directory' | 'file' | 'symlink';

/** A file, directory or link that a client has reached. It stays usable while the client holds it. */
export interface TreeNode {
  readonly kind: NodeKind;
  /** Unique within the tree while the node exists (st_ino); a changed file keeps it. */
  readonly id: bigint;
  /** What it reads as is made on the fly: clients must not cache it. */
  readonly volatile?: boolean;
  attributes(): Promise<Attributes>;
  setAttributes(change: AttributeChange): Promise<void>;
  /** @throws TreeError ENOENT, ENOTDIR; never called with "", "." or ".." or a name holding "/" */
  lookup(name: string): Promise<TreeNode>;
  open(how: OpenMode): Promise<OpenFile>;
  /** Creates and opens a regular file; fails with EEXIST where how.exclusive and it is there. */
  create(name: string, how: OpenMode, mode: number): Promise<{ node: TreeNode; file: OpenFile }>;
  makeDirectory(name: string, mode: number): Promise<TreeNode>;
  makeSymlink(name: string, target: string): Promise<TreeNode>;
  /** A further name, here, for another node of the same tree. */
  makeLink(name: string, target: TreeNode): Promise<void>;
  readLink(): Promise<string>;
  /** Moves the entry `name` of this directory; an existing target is replaced as rename(2) does. */
  rename(name: string, newParent: TreeNode, newName: string): Promise<void>;
  /** Removes the entry `name` of this directory; open files stay readable. */
  unlink(name: string, directory: boolean): Promise<void>;
  /** Extended attributes by their names; a node without this has none. They cannot be set. */
  xattrs?(): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Where it is not the tree's own: in a union each part has its quota. */
  statfs?(): Promise<TreeStatistics>;
}

export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  readonly append: boolean;
  readonly truncate: boolean;
  readonly exclusive: boolean;
}

/** An open file or directory. Blocking reads (streams) end with EINTR when the signal aborts. */
export interface OpenFile {
  /** At most count bytes at offset; an empty answer is the end. */
  read(offset: bigint, count: number, signal: AbortSignal): Promise<Uint8Array>;
  /** @returns how many bytes were taken, at least one unless data is empty */
  write(offset: bigint, data: Uint8Array, signal: AbortSignal): Promise<number>;
  /** Entries (without "." and "..") after the first `skip` of a listing that is fixed when first read. */
  list(skip: number, limit: number): Promise<readonly DirectoryEntry[]>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: NodeKind;
  readonly id: bigint;
  /** What lookup() of the name gives, where the listing has it already. */
  readonly node?: TreeNode;
}

/** As stat(2). Times in nanoseconds since 1970. */
export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly size: bigint;
  readonly blocks512: bigint;
  readonly accessedNs: bigint;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

/** What to change; a time of "now" is the host's clock. */
export interface AttributeChange {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: bigint;
  readonly accessedNs?: bigint | 'now';
  readonly modifiedNs?: bigint | 'now';
}

export interface TreeStatistics {
  readonly blockBytes: number;
  readonly blocks: bigint;
  readonly blocksFree: bigint;
  readonly files: bigint;
  readonly filesFree: bigint;
}

/** Linux error numbers (asm-generic/errno-base.h and errno.h), which 9P2000.L carries in Rlerror. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EEXIST: 17,
  EXDEV: 18,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EMFILE: 24,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  ERANGE: 34,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENODATA: 61,
  EPROTO: 71,
  EOPNOTSUPP: 95,
  ESTALE: 116,
  EDQUOT: 122,
} as const;
export type ErrnoName = keyof typeof ERRNO;

/** The only error a tree throws on purpose; anything else is a defect and answered as EIO. */
export class TreeError extends Error {
  override readonly name = 'TreeError';
  readonly errno: ErrnoName;
  constructor(errno: ErrnoName, message: string, options?: ErrorOptions) {
    super(`${errno}: ${message}`, options);
    this.errno = errno;
  }
}

/** Text as the byte string of its UTF-8 encoding. */
export function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
