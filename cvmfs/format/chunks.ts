import { FormatError } from './errors.ts';
import type { ContentHash } from './hashes.ts';

/** A piece of a large file; an object of its own with the suffix P. */
export interface Chunk {
  readonly offset: number;
  readonly bytes: number;
  readonly hash: ContentHash;
}

/** @throws FormatError unless the chunks follow one another from 0 to the file's size */
export function checkChunks(chunks: readonly Chunk[], fileBytes: number): readonly Chunk[] {
  let end = 0;
  for (const chunk of chunks) {
    if (chunk.offset !== end || chunk.bytes <= 0) {
      throw new FormatError(
        'chunks',
        `a chunk begins at ${chunk.offset} where the one before ended at ${end}`,
      );
    }
    end += chunk.bytes;
  }
  if (chunks.length === 0 || end !== fileBytes) {
    throw new FormatError('chunks', `${chunks.length} chunks hold ${end} bytes of ${fileBytes}`);
  }
  return chunks;
}

/** Those that hold any of the bytes, found by halving: a file may have thousands. */
export function chunksOf(chunks: readonly Chunk[], offset: number, count: number): readonly Chunk[] {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const chunk = chunks[middle];
    if (chunk && chunk.offset + chunk.bytes <= offset) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < chunks.length && (chunks[end]?.offset ?? 0) < offset + count) end++;
  return chunks.slice(low, end);
}
