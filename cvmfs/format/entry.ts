import { FormatError } from './errors.ts';
import { decodeFlags, type EntryKind, encodeFlags, type Flags } from './flags.ts';
import { type ContentHash, hashBytes, hashFromBytes } from './hashes.ts';
import { checkName } from './paths.ts';
import { decodeXattrs, encodeXattrs, type Xattrs } from './xattrs.ts';

/** One row of a catalog's table `catalog`, in words. */
export interface Entry extends Flags {
  /** Byte string; "" for the root of the repository. */
  readonly name: string;
  /** As st_mode, with the bits of the type. */
  readonly mode: number;
  /** Of a regular file: bytes; of a device: its number. */
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly mtimeNs: number | null;
  /** st_nlink. */
  readonly links: number;
  /** Entries of one catalog with the same number are one file; 0: no other name. */
  readonly hardlinkGroup: number;
  /** Of a regular file that is one object. */
  readonly hash: ContentHash | null;
  /** Link target as it is stored, with its variables; "" for all others. */
  readonly target: string;
  readonly xattrs: Xattrs;
}

/** A row; texts as byte strings, since they need not be UTF-8. */
export interface EntryRow {
  readonly hardlinks: bigint;
  readonly hash: Uint8Array | null;
  readonly size: number;
  readonly mode: number;
  readonly mtime: number;
  readonly mtimens: number | null;
  readonly flags: number;
  readonly name: string;
  readonly symlink: string;
  readonly uid: number;
  readonly gid: number;
  readonly xattr: Uint8Array | null;
}

const TYPE_MASK = 0o170000;
const TYPES: Readonly<Record<EntryKind, readonly number[]>> = {
  directory: [0o040000],
  file: [0o100000],
  symlink: [0o120000],
  // Pipe, character device, block device, socket.
  special: [0o010000, 0o020000, 0o060000, 0o140000],
};
const TARGET_BYTES_MAX = 4095;
const NO_XATTRS: Xattrs = new Map();

export function encodeEntry(entry: Entry): EntryRow {
  return {
    hardlinks: (BigInt(entry.hardlinkGroup) << 32n) | BigInt(entry.links),
    hash: entry.hash === null ? null : hashBytes(entry.hash),
    size: entry.size,
    mode: entry.mode,
    mtime: entry.mtime,
    mtimens: entry.mtimeNs,
    flags: encodeFlags(entry),
    name: entry.name,
    symlink: entry.target,
    uid: entry.uid,
    gid: entry.gid,
    xattr: encodeXattrs(entry.xattrs),
  };
}

/** @throws FormatError where the row says what cannot be */
export function decodeEntry(row: EntryRow): Entry {
  const flags = decodeFlags(row.flags);
  const { name, symlink: target } = row;
  // Only a directory may be the root of everything.
  if (name !== '' || flags.kind !== 'directory') checkName(name);
  const refuse = (reason: string) =>
    new FormatError('catalog', `the entry ${JSON.stringify(name)} ${reason}`);
  if (!TYPES[flags.kind].includes(row.mode & TYPE_MASK) || row.mode > 0o177777) {
    throw refuse(`is a ${flags.kind} of mode ${row.mode.toString(8)}`);
  }
  if (target.length > TARGET_BYTES_MAX || target.includes('\0'))
    throw refuse('has an impossible link target');
  if ((flags.kind === 'symlink') !== (target !== ''))
    throw refuse('has a link target and is none, or the contrary');
  // A chunked file may keep the hash of the whole as well; readers take its chunks.
  const whole = flags.kind === 'file' && !flags.chunked;
  if (whole && row.hash === null && !flags.external) throw refuse('has no content');
  if (flags.kind !== 'file' && row.hash !== null) throw refuse('has content and is no file');
  if (row.size < 0) throw refuse(`has ${row.size} bytes`);
  const ns = row.mtimens;
  if (ns !== null && (ns < 0 || ns > 999_999_999)) throw refuse(`was modified at ${ns} ns of a second`);
  const links = Number(row.hardlinks & 0xffffffffn);
  const group = Number((row.hardlinks >> 32n) & 0xffffffffn);
  return {
    ...flags,
    name,
    mode: row.mode,
    size: row.size,
    uid: row.uid,
    gid: row.gid,
    mtime: row.mtime,
    mtimeNs: ns,
    links: Math.max(1, links),
    hardlinkGroup: group,
    hash: row.hash === null || !whole ? null : hashFromBytes(flags.algorithm, row.hash),
    target,
    xattrs: row.xattr === null ? NO_XATTRS : decodeXattrs(row.xattr),
  };
}
