import { promisify } from 'node:util';
import { deflateRaw, inflateRawSync } from 'node:zlib';

const deflateRaw_ = promisify(deflateRaw);

/** @returns bytes compressed (RFC 1951); null where that gains less than a tenth */
export async function deflate(bytes: Buffer): Promise<Buffer | null> {
  const deflated = await deflateRaw_(bytes);
  return deflated.length <= 0.9 * bytes.length ? deflated : null;
}

/**
 * For what goes with a report, which is never large.
 * @param length what it must come to: never more is unpacked than was announced
 * @throws Error where the bytes are damaged, or come to anything else
 */
export function inflate(deflated: Buffer, length: number): Buffer {
  // In one piece, and here: the way to another thread and back takes longer. Node wants a piece to have 64 bytes.
  const options = { maxOutputLength: Math.max(1, length), chunkSize: Math.max(64, length) };
  const bytes = inflateRawSync(deflated, options);
  if (bytes.length !== length) throw new Error(`unpacked to ${bytes.length} bytes, not ${length}`);
  return bytes;
}
