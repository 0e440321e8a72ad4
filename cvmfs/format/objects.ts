import { deflateSync, inflateSync } from 'node:zlib';
import { FormatError } from './errors.ts';
import { type Algorithm, algorithmOf, type ContentHash, hashOf } from './hashes.ts';

/** How an object is stored. Its name is the hash of the stored bytes. */
export const COMPRESSIONS = ['zlib', 'none'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

export interface StoredObject {
  readonly hash: ContentHash;
  readonly stored: Uint8Array;
}

/** Level 6, as the reference implementation; the bytes are not its (another zlib), which readers do not mind. */
export function encodeObject(
  algorithm: Algorithm,
  plain: Uint8Array,
  compression: Compression = 'zlib',
): StoredObject {
  const stored = compression === 'zlib' ? deflateSync(plain, { level: 6 }) : plain;
  return { hash: hashOf(algorithm, stored), stored };
}

/**
 * The content of a small object that is at hand whole; big ones go through read/receive.ts.
 * @param mostBytes of the content: no more memory than that is used
 * @throws FormatError
 */
export function decodeObject(
  hash: ContentHash,
  stored: Uint8Array,
  mostBytes: number,
  compression: Compression = 'zlib',
): Buffer {
  if (hashOf(algorithmOf(hash), stored) !== hash) throw new FormatError('object', `${hash} has other bytes`);
  if (compression === 'none') {
    if (stored.length > mostBytes)
      throw new FormatError('object', `${hash} is larger than ${mostBytes} bytes`);
    return Buffer.from(stored);
  }
  try {
    return inflateSync(stored, { maxOutputLength: Math.max(1, mostBytes) });
  } catch (cause) {
    throw new FormatError('object', `${hash}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
