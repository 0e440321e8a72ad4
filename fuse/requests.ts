/** What the kernel asks, of include/uapi/linux/fuse.h (protocol 7.23 and later, little-endian). */
import type { ErrnoName } from '../ninep/tree.ts';

/** Which kernels: 7.23 is Linux 3.15; flags say what a later one can. */
export const OLDEST_MINOR = 23;

export interface Forgotten {
  readonly node: bigint;
  readonly lookups: bigint;
}

/** Node 1 is the root. Names are byte strings, as in ninep/tree.ts. */
export type Ask =
  | { readonly op: 'init'; readonly major: number; readonly minor: number; readonly flags: number }
  | { readonly op: 'lookup'; readonly name: string }
  | { readonly op: 'getattr' | 'readlink' | 'statfs' }
  | { readonly op: 'read' | 'readdir' | 'readdirplus'; readonly offset: bigint; readonly bytes: number }
  | { readonly op: 'getxattr'; readonly name: string; readonly bytes: number }
  | { readonly op: 'listxattr'; readonly bytes: number }
  /** What is not answered. */
  | { readonly op: 'forget'; readonly nodes: readonly Forgotten[] }
  | { readonly op: 'interrupt'; readonly unique: bigint }
  | { readonly op: 'refused'; readonly errno: ErrnoName };

export interface Request {
  readonly unique: bigint;
  readonly node: bigint;
  readonly ask: Ask;
}

/** u32 len, u32 opcode, u64 unique, u64 nodeid, u32 uid, u32 gid, u32 pid, u32 padding */
const HEADER_BYTES = 40;

type Decode = (body: Buffer, node: bigint) => Ask;

const refused =
  (errno: ErrnoName): Decode =>
  () => ({ op: 'refused', errno });

/** Each by its opcode. The kernel stops asking for what is refused with ENOSYS, and does it by itself or does without. */
const DECODE: Readonly<Record<number, Decode>> = {
  /** name\0 */
  1: (body) => ({ op: 'lookup', name: nameAt(body, 0) }),
  /** FORGET: u64 nlookup */
  2: (body, node) => ({ op: 'forget', nodes: [{ node, lookups: body.readBigUInt64LE(0) }] }),
  3: () => ({ op: 'getattr' }),
  5: () => ({ op: 'readlink' }),
  /** OPEN: files never change, so there is nothing to say of one that is open. */
  14: refused('ENOSYS'),
  15: (body) => ({ op: 'read', ...rangeOf(body) }),
  17: () => ({ op: 'statfs' }),
  /** u32 size, u32 padding, name\0 */
  22: (body) => ({ op: 'getxattr', bytes: body.readUInt32LE(0), name: nameAt(body, 8) }),
  /** u32 size, u32 padding */
  23: (body) => ({ op: 'listxattr', bytes: body.readUInt32LE(0) }),
  /** INIT: u32 major, u32 minor, u32 max_readahead, u32 flags, … */
  26: (body) => ({
    op: 'init',
    major: body.readUInt32LE(0),
    minor: body.readUInt32LE(4),
    flags: body.readUInt32LE(12),
  }),
  /** OPENDIR */
  27: refused('ENOSYS'),
  28: (body) => ({ op: 'readdir', ...rangeOf(body) }),
  /** u64 unique */
  36: (body) => ({ op: 'interrupt', unique: body.readBigUInt64LE(0) }),
  /** BATCH_FORGET: u32 count, u32 dummy, then as often u64 nodeid, u64 nlookup */
  42: (body) => {
    const nodes: Forgotten[] = [];
    for (let i = 0; i < body.readUInt32LE(0); i++)
      nodes.push({ node: body.readBigUInt64LE(8 + 16 * i), lookups: body.readBigUInt64LE(16 + 16 * i) });
    return { op: 'forget', nodes };
  },
  44: (body) => ({ op: 'readdirplus', ...rangeOf(body) }),
};
/** SETATTR, SYMLINK, MKNOD, MKDIR, UNLINK, RMDIR, RENAME, LINK, WRITE, SETXATTR, REMOVEXATTR, CREATE, FALLOCATE, RENAME2, TMPFILE */
const CHANGING: ReadonlySet<number> = new Set([4, 6, 8, 9, 10, 11, 12, 13, 16, 21, 24, 35, 43, 45, 51]);

/** Whole frames, u32 len first, and what is there of the next. @throws RangeError */
export function splitFrames(bytes: Buffer): { readonly frames: readonly Buffer[]; readonly rest: Buffer } {
  const frames: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= 4) {
    const length = bytes.readUInt32LE(at);
    if (length < HEADER_BYTES) throw new RangeError(`a request of ${length} bytes`);
    if (bytes.length - at < length) break;
    frames.push(bytes.subarray(at, at + length));
    at += length;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** @throws RangeError where it is shorter than what it is */
export function decodeRequest(frame: Buffer): Request {
  const opcode = frame.readUInt32LE(4);
  const unique = frame.readBigUInt64LE(8);
  const node = frame.readBigUInt64LE(16);
  const decode = DECODE[opcode] ?? refused(CHANGING.has(opcode) ? 'EROFS' : 'ENOSYS');
  return { unique, node, ask: decode(frame.subarray(HEADER_BYTES), node) };
}

/** u64 fh, u64 offset, u32 size, u32 read_flags, u64 lock_owner, u32 flags, u32 padding */
function rangeOf(body: Buffer): { offset: bigint; bytes: number } {
  return { offset: body.readBigUInt64LE(8), bytes: body.readUInt32LE(16) };
}

function nameAt(body: Buffer, from: number): string {
  const end = body.indexOf(0, from);
  if (end < 0) throw new RangeError('a name has no end');
  return body.toString('latin1', from, end);
}
