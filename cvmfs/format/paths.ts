import nodeCrypto, { createHash } from 'node:crypto';
import { FormatError } from './errors.ts';

/**
 * Names, paths and link targets are byte strings throughout: one character per byte (latin1), since Linux names may
 * hold any byte but "/" and NUL. A path is absolute within the repository and has no "/" at its end: "" is the root,
 * then "/a", "/a/b".
 */
export type RepositoryPath = string;

export const NAME_BYTES_MAX = 255;

/** A 64-bit integer in two halves, both with their sign: numbers that cost no memory, as bigints would. */
export interface Halves {
  readonly high: number;
  readonly low: number;
}

/** The key of a path in a catalog: its MD5 as two little-endian signed 64-bit integers. */
export class PathKey {
  readonly firstHalves: Halves;
  readonly secondHalves: Halves;

  constructor(first: Halves, second: Halves) {
    this.firstHalves = first;
    this.secondHalves = second;
  }

  get first(): bigint {
    return whole(this.firstHalves);
  }

  get second(): bigint {
    return whole(this.secondHalves);
  }

  /** The same for the same key, to look it up by. */
  get text(): string {
    return keyText(
      this.firstHalves.high,
      this.firstHalves.low,
      this.secondHalves.high,
      this.secondHalves.low,
    );
  }
}

/** Of halves as above. */
export function keyText(high1: number, low1: number, high2: number, low2: number): string {
  return String.fromCharCode(
    high1 >>> 16,
    high1 & 0xffff,
    low1 >>> 16,
    low1 & 0xffff,
    high2 >>> 16,
    high2 & 0xffff,
    low2 >>> 16,
    low2 & 0xffff,
  );
}

function whole({ high, low }: Halves): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

export function halvesOf(value: bigint): Halves {
  return { high: Number(value >> 32n), low: Number(BigInt.asIntN(32, value)) };
}

export function pathKey(path: RepositoryPath): PathKey {
  const digest = md5(path);
  const int32 = (at: number) =>
    digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24);
  return new PathKey({ low: int32(0), high: int32(4) }, { low: int32(8), high: int32(12) });
}

/** Of the root's parent the format says 0, 0; nothing is its child. */
export const NO_KEY = new PathKey({ high: 0, low: 0 }, { high: 0, low: 0 });

/** Of the directory that a path is in. */
export function parentKey(path: RepositoryPath): PathKey {
  return path === '' ? NO_KEY : pathKey(parentOf(path));
}

/** A byte string's, as one. In one call where Node has it (21.7); and text goes in as it is, for buffers take memory of their own. */
function md5(bytes: string): string {
  const ascii = /^[\0-\x7f]*$/.test(bytes);
  const data = ascii ? bytes : Buffer.from(bytes, 'latin1');
  return 'hash' in nodeCrypto
    ? nodeCrypto.hash('md5', data, 'binary')
    : createHash('md5').update(data).digest('binary');
}

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

/** Components that are names: what is below says which is none. */
const PATH = /^(\/(?!\.{1,2}(\/|$))[^/\0\u0100-\uffff]{1,255})+$/;

/** @throws FormatError unless every component is a name */
export function checkPath(path: string): RepositoryPath {
  if (path === '') return path;
  if (PATH.test(path)) return path;
  if (!path.startsWith('/'))
    throw new FormatError('path', `${JSON.stringify(path.slice(0, 80))} is not absolute`);
  for (const name of path.slice(1).split('/')) checkName(name);
  return path;
}

/** Whether `path` is `above` or lies below it. */
export function isWithin(path: RepositoryPath, above: RepositoryPath): boolean {
  return path === above || path.startsWith(`${above}/`);
}
