import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import type { ReferenceTable } from '../../protocol/reference.ts';
import { RefusedError } from '../errors.ts';
import { readTable } from './documents.ts';
import { type DocumentText, readText } from './text.ts';

/** A document that a person named. @throws RefusedError */
export async function readFileText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'is a folder; name the document in it'
          : String(cause);
    throw new RefusedError(`${shorter(file)}: ${why}`, { cause });
  }
}

/** For catch(): null where there is no such file. */
export function missing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}

/** As a person would write it from where they are. */
export function shorter(file: string): string {
  const short = relative(process.cwd(), resolve(file));
  return short.startsWith('..') ? resolve(file) : short;
}

/** The measured data that a release document names. Small: they go within the release, not as objects beside it. */
export function readTables(
  file: string,
  text: DocumentText,
  paths: readonly string[],
): Promise<ReferenceTable[]> {
  return Promise.all(
    paths.map(async (path, i) => {
      const full = resolve(dirname(file), path);
      const data = await readFile(full, 'utf8').catch(missing);
      if (data === null) throw new RefusedError(`${text.at(['references', i])}: ${path} does not exist`);
      return readTable(readText(shorter(full), data));
    }),
  );
}
