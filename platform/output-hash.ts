import { createHash } from 'node:crypto';
import type { OutputFile } from '../protocol/primitives.ts';

/**
 * The name of a result: SHA-256 over "SHA256  PATH\n" of each file, sorted by the path's UTF-8 bytes.
 * `cd out && find . -type f | LC_ALL=C sort | ... sha256sum` gives the same text; two hosts agree iff bytes agree.
 */
export function outputHash(files: readonly Pick<OutputFile, 'path' | 'sha256'>[]): string {
  const sorted = [...files].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const hash = createHash('sha256');
  for (const file of sorted) hash.update(`${file.sha256}  ${file.path}\n`);
  return hash.digest('hex');
}
