import { type ErrnoName, type OpenMode, TreeError, type TreeNode } from '../tree.ts';

/** Linux's NAME_MAX: the longest name in a directory, in bytes. */
export const NAME_MAX = 255;
/** Linux's PATH_MAX less its NUL: the longest target of a symbolic link, in bytes. */
export const TARGET_MAX = 4095;

export const MODE_DIRECTORY = 0o040000;
export const MODE_FILE = 0o100000;
export const MODE_SYMLINK = 0o120000;

export function fail(errno: ErrnoName, message: string, cause?: unknown): never {
  throw new TreeError(errno, message, cause === undefined ? undefined : { cause });
}

/**
 * Refuses what is not one component of a path. Every tree calls it on every name that reaches it: a tree must
 * not depend on its client for its confinement.
 */
export function checkName(name: string): void {
  if (name.length > NAME_MAX) fail('ENAMETOOLONG', `a name of ${name.length} bytes`);
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    fail('EINVAL', `${JSON.stringify(name)} is not a file name`);
  }
}

export function checkTarget(target: string): void {
  if (target === '') fail('ENOENT', 'empty link target');
  if (target.length > TARGET_MAX) fail('ENAMETOOLONG', `a link target of ${target.length} bytes`);
  if (target.includes('\0')) fail('EINVAL', 'NUL in a link target');
}

/** What open(2) with O_NOFOLLOW says of things that are not regular files. */
export function checkOpen(node: Pick<TreeNode, 'kind'>, how: OpenMode): void {
  if (node.kind === 'symlink') fail('ELOOP', 'is a symbolic link');
  if (node.kind === 'directory' && (how.write || how.truncate)) fail('EISDIR', 'is a directory');
}

/** A file position that the host can address exactly. */
export function checkedOffset(offset: bigint, length = 0): number {
  if (offset < 0n) fail('EINVAL', `offset ${offset}`);
  if (offset + BigInt(length) > BigInt(Number.MAX_SAFE_INTEGER)) fail('EFBIG', `offset ${offset}`);
  return Number(offset);
}

export function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
