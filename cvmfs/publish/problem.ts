import { FormatError } from '../format/errors.ts';
import type { ContentHash } from '../format/hashes.ts';
import { type Compression, decodeObject } from '../format/objects.ts';

const MOST_OBJECT_BYTES = 2 ** 31;

/** What is wrong with the bytes of an object, in words that follow its name; null where nothing is. */
export function problemOf(
  stored: Uint8Array,
  hash: ContentHash,
  compression: Compression,
  plainBytes: number | null,
): string | null {
  try {
    const plain = decodeObject(hash, stored, plainBytes ?? MOST_OBJECT_BYTES, compression);
    const isWhole = plainBytes === null || plain.length === plainBytes;
    return isWhole ? null : `holds ${plain.length} bytes, not ${plainBytes}`;
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}
