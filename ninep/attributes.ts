import {
  GETATTR_BASIC,
  SETATTR_ATIME,
  SETATTR_ATIME_SET,
  SETATTR_GID,
  SETATTR_MODE,
  SETATTR_MTIME,
  SETATTR_MTIME_SET,
  SETATTR_SIZE,
  SETATTR_UID,
} from './defs.ts';
import type { MessageOf } from './messages.ts';
import { qidOf } from './qids.ts';
import type { AttributeChange, TreeNode } from './tree.ts';

const SECOND = 1_000_000_000n;
/** What stat(2) recommends for one read: Linux programs that copy files take it as their buffer. */
const BLOCK_BYTES = 4096n;

export async function getAttributes(node: TreeNode): Promise<MessageOf<'Rgetattr'>> {
  const found = await node.attributes();
  const [atimeSec, atimeNsec] = timespec(found.accessedNs);
  const [mtimeSec, mtimeNsec] = timespec(found.modifiedNs);
  const [ctimeSec, ctimeNsec] = timespec(found.changedNs);
  return {
    name: 'Rgetattr',
    valid: GETATTR_BASIC,
    qid: qidOf(node),
    mode: found.mode,
    uid: found.uid,
    gid: found.gid,
    nlink: BigInt(found.links),
    rdev: 0n,
    size: found.size,
    blksize: BLOCK_BYTES,
    blocks: found.blocks512,
    atimeSec,
    atimeNsec,
    mtimeSec,
    mtimeNsec,
    ctimeSec,
    ctimeNsec,
    btimeSec: 0n,
    btimeNsec: 0n,
    gen: 0n,
    dataVersion: 0n,
  };
}

/** Times before 1970 are negative seconds (in two's complement) and positive nanoseconds, as in timespec. */
function timespec(ns: bigint): readonly [bigint, bigint] {
  const seconds = ns / SECOND;
  const rest = ns - seconds * SECOND;
  if (rest >= 0n && seconds >= 0n) return [seconds, rest];
  return rest < 0n ? [BigInt.asUintN(64, seconds - 1n), rest + SECOND] : [BigInt.asUintN(64, seconds), rest];
}

export async function setAttributes(node: TreeNode, request: MessageOf<'Tsetattr'>): Promise<void> {
  const { valid } = request;
  const time = (wanted: number, given: number, seconds: bigint, nanoseconds: bigint) => {
    if (!(valid & wanted)) return undefined;
    return valid & given ? BigInt.asIntN(64, seconds) * SECOND + nanoseconds : ('now' as const);
  };
  const accessedNs = time(SETATTR_ATIME, SETATTR_ATIME_SET, request.atimeSec, request.atimeNsec);
  const modifiedNs = time(SETATTR_MTIME, SETATTR_MTIME_SET, request.mtimeSec, request.mtimeNsec);
  const change: AttributeChange = {
    ...(valid & SETATTR_MODE ? { mode: request.mode & 0o7777 } : {}),
    ...(valid & SETATTR_UID ? { uid: request.uid } : {}),
    ...(valid & SETATTR_GID ? { gid: request.gid } : {}),
    ...(valid & SETATTR_SIZE ? { size: request.size } : {}),
    ...(accessedNs === undefined ? {} : { accessedNs }),
    ...(modifiedNs === undefined ? {} : { modifiedNs }),
  };
  // A lone "ctime" asks for nothing: every change sets it.
  if (Object.keys(change).length > 0) await node.setAttributes(change);
}
