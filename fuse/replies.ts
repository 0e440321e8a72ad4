/** What the kernel is answered, of include/uapi/linux/fuse.h (protocol 7.23 and later, little-endian). */
import { DTYPES } from '../ninep/readdir.ts';
import {
  type Attributes,
  type DirectoryEntry,
  ERRNO,
  type ErrnoName,
  type TreeStatistics,
} from '../ninep/tree.ts';

/** Seconds that the kernel may believe what it was told: nothing here ever changes. */
const FOR_GOOD = 1_000_000_000n;

/** FUSE_ASYNC_READ, PARALLEL_DIROPS, MAX_PAGES, CACHE_SYMLINKS, NO_OPEN_SUPPORT, NO_OPENDIR_SUPPORT, DO_READDIRPLUS, READDIRPLUS_AUTO */
const FLAGS = [0, 18, 22, 23, 17, 24, 13, 14].reduce((all, bit) => all | (1 << bit), 0);
/** Without opening files no fh is kept; a kernel that cannot do so would fail at each open(2). */
export const NEEDED_FLAGS = (1 << 17) | (1 << 24);
const MINOR = 31;
const MOST_READ_BYTES = 1 << 20;

const HEADER_BYTES = 16;
const ATTR_BYTES = 88;
const ENTRY_BYTES = 40 + ATTR_BYTES;
const DIRENT_BYTES = 24;

/** A node as the kernel is told of it. */
export interface Told {
  readonly id: bigint;
  readonly attributes: Attributes;
}

/** A frame in its parts: the bytes of a file are not copied for it. */
export type Frame = readonly Uint8Array[];

export function reply(unique: bigint, body: Uint8Array): Frame {
  return [header(unique, 0, body.length), body];
}

export function refusal(unique: bigint, errno: ErrnoName): Frame {
  return [header(unique, ERRNO[errno], 0)];
}

/** u32 len, s32 error, u64 unique */
function header(unique: bigint, errno: number, bodyBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES);
  bytes.writeUInt32LE(HEADER_BYTES + bodyBytes, 0);
  bytes.writeInt32LE(-errno, 4);
  bytes.writeBigUInt64LE(unique, 8);
  return bytes;
}

/** u32 major, minor, max_readahead, flags; u16 max_background, congestion_threshold; u32 max_write, time_gran; u16 max_pages, … */
export function init(kernelFlags: number): Buffer {
  const body = Buffer.alloc(64);
  body.writeUInt32LE(7, 0);
  body.writeUInt32LE(MINOR, 4);
  body.writeUInt32LE(MOST_READ_BYTES, 8);
  body.writeUInt32LE((FLAGS & kernelFlags) >>> 0, 12);
  body.writeUInt16LE(64, 16);
  body.writeUInt16LE(48, 18);
  body.writeUInt32LE(4096, 20);
  body.writeUInt32LE(1, 24);
  body.writeUInt16LE(MOST_READ_BYTES / 4096, 28);
  return body;
}

/** fuse_entry_out; null: there is no such name, for good */
export function entry(told: Told | null): Buffer {
  const body = Buffer.alloc(ENTRY_BYTES);
  putEntry(body, 0, told);
  return body;
}

/** u64 attr_valid, u32 attr_valid_nsec, u32 dummy, attr */
export function attributes(told: Told): Buffer {
  const body = Buffer.alloc(16 + ATTR_BYTES);
  body.writeBigUInt64LE(FOR_GOOD, 0);
  putAttributes(body, 16, told);
  return body;
}

/** u64 blocks, bfree, bavail, files, ffree; u32 bsize, namelen, frsize, … */
export function statistics({ blockBytes, blocks, blocksFree, files, filesFree }: TreeStatistics): Buffer {
  const body = Buffer.alloc(80);
  for (const [i, value] of [blocks, blocksFree, blocksFree, files, filesFree].entries())
    body.writeBigUInt64LE(value, 8 * i);
  body.writeUInt32LE(blockBytes, 40);
  body.writeUInt32LE(255, 44);
  body.writeUInt32LE(blockBytes, 48);
  return body;
}

/** How much there is: u32 size, u32 padding */
export function xattrSize(bytes: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32LE(bytes, 0);
  return body;
}

export interface Listed extends DirectoryEntry {
  /** Where to go on after it. */
  readonly next: bigint;
}

/** What most folders need; the kernel asks for 32 times as much, and to make that ready takes longer than to fill it. */
const LISTING_BYTES = 4096;

/** Entries of a directory, as many as the kernel has room for. */
export class Listing {
  readonly #most: number;
  #body = Buffer.alloc(LISTING_BYTES);
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): Buffer {
    return this.#body.subarray(0, this.#length);
  }

  fits(name: string, plus: boolean): boolean {
    return this.#length + bytesOf(name, plus) <= this.#most;
  }

  /**
   * u64 ino, u64 off, u32 namelen, u32 type, name, padded to 8 bytes.
   * @param told with READDIRPLUS, which puts a fuse_entry_out before it; null where the kernel shall ask itself
   */
  add({ name, id, kind, next }: Listed, told?: Told | null): void {
    const end = this.#length + bytesOf(name, told !== undefined);
    if (end > this.#body.length)
      this.#body = Buffer.concat([this.#body], Math.max(end, 2 * this.#body.length));
    const at = this.#length + (told === undefined ? 0 : ENTRY_BYTES);
    if (told) putEntry(this.#body, this.#length, told);
    this.#body.writeBigUInt64LE(id, at);
    this.#body.writeBigUInt64LE(next, at + 8);
    this.#body.writeUInt32LE(name.length, at + 16);
    this.#body.writeUInt32LE(DTYPES[kind], at + 20);
    this.#body.write(name, at + DIRENT_BYTES, 'latin1');
    this.#length = end;
  }
}

function bytesOf(name: string, plus: boolean): number {
  return (plus ? ENTRY_BYTES : 0) + Math.ceil((DIRENT_BYTES + name.length) / 8) * 8;
}

/** u64 nodeid, generation, entry_valid, attr_valid; u32 entry_valid_nsec, attr_valid_nsec; attr. Nodeid 0: no such name. */
function putEntry(body: Buffer, at: number, told: Told | null): void {
  body.writeBigUInt64LE(told?.id ?? 0n, at);
  body.writeBigUInt64LE(FOR_GOOD, at + 16);
  body.writeBigUInt64LE(FOR_GOOD, at + 24);
  if (told) putAttributes(body, at + 40, told);
}

/** u64 ino, size, blocks, atime, mtime, ctime; u32 atimensec, mtimensec, ctimensec, mode, nlink, uid, gid, rdev, blksize, flags */
function putAttributes(body: Buffer, at: number, { id, attributes: of }: Told): void {
  const times = [of.accessedNs, of.modifiedNs, of.changedNs];
  for (const [i, value] of [id, of.size, of.blocks512].entries()) body.writeBigUInt64LE(value, at + 8 * i);
  for (const [i, ns] of times.entries()) {
    // Rounded down, also before 1970: the nanoseconds count up.
    const nanoseconds = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    body.writeBigInt64LE((ns - nanoseconds) / 1_000_000_000n, at + 24 + 8 * i);
    body.writeUInt32LE(Number(nanoseconds), at + 48 + 4 * i);
  }
  for (const [i, value] of [of.mode, of.links, of.uid, of.gid].entries())
    body.writeUInt32LE(value, at + 60 + 4 * i);
  body.writeUInt32LE(4096, at + 80);
}
