import { FormatError } from './errors.ts';
import { ALGORITHMS, type Algorithm } from './hashes.ts';
import { COMPRESSIONS, type Compression } from './objects.ts';

/** What the bits of a catalog row's `flags` say. */
export interface Flags {
  /** A link or a special file is "file" in the bits as well; here it is what it is. */
  readonly kind: EntryKind;
  /** In the parent catalog: below this directory another catalog holds. */
  readonly nestedMountpoint: boolean;
  /** In the nested catalog: the same directory, its root. */
  readonly nestedRoot: boolean;
  readonly chunked: boolean;
  /** Content is fetched by its path from elsewhere. */
  readonly external: boolean;
  readonly bindMountpoint: boolean;
  readonly hidden: boolean;
  readonly directIo: boolean;
  /** Of this file's objects. */
  readonly algorithm: Algorithm;
  readonly compression: Compression;
}

export type EntryKind = 'directory' | 'file' | 'symlink' | 'special';

const DIRECTORY = 1;
const NESTED_MOUNTPOINT = 2;
const FILE = 4;
const SYMLINK = 8;
const SPECIAL = 16;
const NESTED_ROOT = 32;
const CHUNKED = 64;
const EXTERNAL = 128;
const ALGORITHM_SHIFT = 8;
const COMPRESSION_SHIFT = 11;
const THREE_BITS = 7;
const BIND_MOUNTPOINT = 0x4000;
const HIDDEN = 0x8000;
const DIRECT_IO = 0x10000;

const KIND_BITS: Readonly<Record<EntryKind, number>> = {
  directory: DIRECTORY,
  file: FILE,
  symlink: FILE | SYMLINK,
  special: FILE | SPECIAL,
};

export const PLAIN: Omit<Flags, 'kind'> = {
  nestedMountpoint: false,
  nestedRoot: false,
  chunked: false,
  external: false,
  bindMountpoint: false,
  hidden: false,
  directIo: false,
  algorithm: 'sha1',
  compression: 'zlib',
};

const KIND_OF = new Map((Object.keys(KIND_BITS) as EntryKind[]).map((kind) => [KIND_BITS[kind], kind]));

export function encodeFlags(flags: Flags): number {
  return (
    KIND_BITS[flags.kind] |
    (flags.nestedMountpoint ? NESTED_MOUNTPOINT : 0) |
    (flags.nestedRoot ? NESTED_ROOT : 0) |
    (flags.chunked ? CHUNKED : 0) |
    (flags.external ? EXTERNAL : 0) |
    (flags.bindMountpoint ? BIND_MOUNTPOINT : 0) |
    (flags.hidden ? HIDDEN : 0) |
    (flags.directIo ? DIRECT_IO : 0) |
    (ALGORITHMS.indexOf(flags.algorithm) << ALGORITHM_SHIFT) |
    (COMPRESSIONS.indexOf(flags.compression) << COMPRESSION_SHIFT)
  );
}

/** The few that there are: each is in thousands of rows. */
const known = new Map<number, Flags>();

/** @throws FormatError where bits contradict one another or name what is not known */
export function decodeFlags(bits: number): Flags {
  const before = known.get(bits);
  if (before) return before;
  const flags = decode(bits);
  known.set(bits, flags);
  return flags;
}

function decode(bits: number): Flags {
  const has = (bit: number) => (bits & bit) !== 0;
  const kind = KIND_OF.get(bits & (DIRECTORY | FILE | SYMLINK | SPECIAL));
  const algorithm = ALGORITHMS[(bits >> ALGORITHM_SHIFT) & THREE_BITS];
  const compression = COMPRESSIONS[(bits >> COMPRESSION_SHIFT) & THREE_BITS];
  const directoryOnly = NESTED_MOUNTPOINT | NESTED_ROOT | BIND_MOUNTPOINT;
  const fileOnly = CHUNKED | EXTERNAL | DIRECT_IO;
  const contradict =
    (kind !== 'directory' && has(directoryOnly)) ||
    (kind !== 'file' && has(fileOnly)) ||
    (has(NESTED_MOUNTPOINT) && has(NESTED_ROOT));
  if (!kind || !algorithm || !compression || contradict || bits < 0 || bits >= 2 * DIRECT_IO) {
    throw new FormatError('catalog', `an entry has the flags ${bits}`);
  }
  return {
    kind,
    nestedMountpoint: has(NESTED_MOUNTPOINT),
    nestedRoot: has(NESTED_ROOT),
    chunked: has(CHUNKED),
    external: has(EXTERNAL),
    bindMountpoint: has(BIND_MOUNTPOINT),
    hidden: has(HIDDEN),
    directIo: has(DIRECT_IO),
    algorithm,
    compression,
  };
}
