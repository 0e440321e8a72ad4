import type { RepositoryPath } from '../format/paths.ts';
import { SourceFault } from './errors.ts';
import { DIRTAB } from './filenames.ts';
import { matchesGlob } from './glob.ts';

/** `.cvmfsdirtab`: which directories are to have catalogs of their own. */
export interface Dirtab {
  /** For each component of a path a pattern. */
  readonly wanted: readonly (readonly string[])[];
  /** "*" spans "/" in these. */
  readonly unwanted: readonly string[];
}

export const NO_DIRTAB: Dirtab = { wanted: [], unwanted: [] };

/** @throws SourceFault naming the line */
export function parseDirtab(text: string): Dirtab {
  const wanted: string[] = [];
  const unwanted: string[] = [];
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const negative = line.startsWith('!');
    const rule = (negative ? line.slice(1) : line).trim().replace(/\/+$/, '');
    if (rule === '' || (!negative && !rule.startsWith('/'))) {
      throw new SourceFault(`${DIRTAB}, line ${i + 1}: "${line}" is no absolute path`);
    }
    (negative ? unwanted : wanted).push(rule);
  }
  const both = wanted.find((rule) => unwanted.includes(rule));
  if (both !== undefined) throw new SourceFault(`${DIRTAB}: ${both} is wanted and unwanted`);
  return { wanted: wanted.map((rule) => rule.slice(1).split(/\/+/)), unwanted };
}

export function isWanted({ wanted, unwanted }: Dirtab, path: RepositoryPath): boolean {
  const parts = path.slice(1).split('/');
  const isIn = wanted.some(
    (rule) => rule.length === parts.length && rule.every((part, i) => matchesGlob(part, parts[i] ?? '')),
  );
  return isIn && !unwanted.some((rule) => matchesGlob(rule.startsWith('/') ? rule : `*/${rule}`, path));
}
