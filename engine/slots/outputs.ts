import { createHash } from 'node:crypto';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { outputHash } from '../../platform/output-hash.ts';
import { type OutputFile, UnitPath } from '../../protocol/primitives.ts';
import { OUT } from '../../protocol/work-unit.ts';

/** What the program left in out/ is no result: the program's fault. `message` is told to staff. */
export class OutputRefused extends Error {
  override readonly name = 'OutputRefused';
}

/** As ResultReport allows. */
const MAX_FILES = 1000;
const CHUNK_BYTES = 1024 * 1024;

export interface Outputs {
  readonly outputHash: string;
  readonly files: OutputFile[];
}

/**
 * Hashes everything below out/ and makes it durable. To be called when the capsule is gone, so that nothing
 * changes under us. Links and special files are refused: a result is bytes.
 * @throws OutputRefused, or the file system's error
 */
export async function collectOutputs(jobFolder: string, limitBytes: number): Promise<Outputs> {
  const folder = join(jobFolder, OUT);
  const files: OutputFile[] = [];
  let total = 0;
  for (const path of await walk(folder)) {
    if (files.length === MAX_FILES) throw new OutputRefused(`more than ${MAX_FILES} output files`);
    const file = await hashDurably(folder, path);
    total += file.bytes;
    if (total > limitBytes) throw new OutputRefused(`more than ${limitBytes} bytes of output`);
    files.push(file);
  }
  if (files.length === 0) throw new OutputRefused(`the program ended well but left nothing in ${OUT}/`);
  return { outputHash: outputHash(files), files };
}

async function walk(root: string): Promise<string[]> {
  const found: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (folder === '' && error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    });
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      // A name that is not UTF-8 reads with replacement characters.
      if (!UnitPath.safeParse(path).success || path.includes('\ufffd')) {
        throw new OutputRefused(`output file name not usable: ${JSON.stringify(path.slice(0, 100))}`);
      }
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) found.push(path);
      else throw new OutputRefused(`${path} is neither a file nor a folder`);
      if (found.length + folders.length > 10 * MAX_FILES)
        throw new OutputRefused('too many files and folders');
    }
  }
  return found.sort();
}

async function hashDurably(folder: string, path: string): Promise<OutputFile> {
  const full = join(folder, path);
  if (!(await lstat(full)).isFile()) throw new OutputRefused(`${path} is not a file`);
  const file = await open(full, 'r');
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, bytes);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
    await file.sync();
    return { path, sha256: hash.digest('hex'), bytes };
  } finally {
    await file.close();
  }
}
