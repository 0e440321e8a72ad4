import { createHash } from 'node:crypto';
import { FormatError } from './errors.ts';

/**
 * Names, paths and link targets are byte strings throughout: one character per byte (latin1), since Linux names may
 * hold any byte but "/" and NUL. A path is absolute within the repository and has no "/" at its end: "" is the root,
 * then "/a", "/a/b".
 */
export type RepositoryPath = string;

/** The key of a path in a catalog: its MD5 as two little-endian signed 64-bit integers. */
export interface PathKey {
  readonly first: bigint;
  readonly second: bigint;
}

export const NAME_BYTES_MAX = 255;

export function pathKey(path: RepositoryPath): PathKey {
  const digest = createHash('md5').update(path, 'latin1').digest();
  return { first: digest.readBigInt64LE(0), second: digest.readBigInt64LE(8) };
}

/** Of the root's parent the format says 0, 0; nothing is its child. */
export const NO_KEY: PathKey = { first: 0n, second: 0n };

export function parentOf(path: RepositoryPath): RepositoryPath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function nameOf(path: RepositoryPath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** @throws FormatError for what is not one component of a path */
export function checkName(name: string): string {
  const bad =
    name === '' ||
    name === '.' ||
    name === '..' ||
    name.length > NAME_BYTES_MAX ||
    /[/\0\u0100-\uffff]/.test(name);
  if (bad) throw new FormatError('path', `${JSON.stringify(name.slice(0, 80))} is not a file name`);
  return name;
}

/** @throws FormatError unless every component is a name */
export function checkPath(path: string): RepositoryPath {
  if (path === '') return path;
  if (!path.startsWith('/'))
    throw new FormatError('path', `${JSON.stringify(path.slice(0, 80))} is not absolute`);
  for (const name of path.slice(1).split('/')) checkName(name);
  return path;
}

/** Whether `path` is `above` or lies below it. */
export function isWithin(path: RepositoryPath, above: RepositoryPath): boolean {
  return path === above || path.startsWith(`${above}/`);
}
