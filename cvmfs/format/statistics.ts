import type { Entry } from './entry.ts';
import { FormatError } from './errors.ts';

/** In the order of the reference implementation. */
export const COUNTERS = [
  'regular',
  'symlink',
  'special',
  'dir',
  'nested',
  'chunked',
  'chunks',
  'file_size',
  'chunked_size',
  'xattr',
  'external',
  'external_file_size',
] as const;
export type Counter = (typeof COUNTERS)[number];
export type Counts = Readonly<Record<Counter, number>>;

/** What a catalog holds itself, and what all catalogs nested in it hold together. */
export interface Statistics {
  readonly self: Counts;
  readonly subtree: Counts;
}

export const NO_COUNTS: Counts = {
  regular: 0,
  symlink: 0,
  special: 0,
  dir: 0,
  nested: 0,
  chunked: 0,
  chunks: 0,
  file_size: 0,
  chunked_size: 0,
  xattr: 0,
  external: 0,
  external_file_size: 0,
};

export function addCounts(a: Counts, b: Counts): Counts {
  const sum = { ...NO_COUNTS };
  for (const counter of COUNTERS) sum[counter] = a[counter] + b[counter];
  return sum;
}

/** What one entry adds to its catalog's own counts; a chunked file is regular too. */
export function addEntry(sum: Record<Counter, number>, entry: Entry, chunks: number): void {
  const file = entry.kind === 'file';
  const chunked = file && entry.chunked;
  const external = file && entry.external;
  if (file) sum.regular++;
  if (entry.kind === 'symlink') sum.symlink++;
  if (entry.kind === 'special') sum.special++;
  if (entry.kind === 'directory') sum.dir++;
  if (file) sum.file_size += entry.size;
  if (entry.xattrs.size > 0) sum.xattr++;
  if (chunked) {
    sum.chunked++;
    sum.chunks += chunks;
    sum.chunked_size += entry.size;
  }
  if (external) {
    sum.external++;
    sum.external_file_size += entry.size;
  }
}

export function countEntry(entry: Entry, chunks: number): Counts {
  const sum = { ...NO_COUNTS };
  addEntry(sum, entry, chunks);
  return sum;
}

export function statisticsRows(statistics: Statistics): (readonly [string, number])[] {
  return [
    ...COUNTERS.map((counter) => [`self_${counter}`, statistics.self[counter]] as const),
    ...COUNTERS.map((counter) => [`subtree_${counter}`, statistics.subtree[counter]] as const),
  ];
}

/** Counters that are missing count nothing, those unknown are passed over: there were fewer once. @throws FormatError */
export function statisticsFromRows(rows: ReadonlyMap<string, number>): Statistics {
  const counts = (prefix: string): Counts => {
    const found = { ...NO_COUNTS };
    for (const counter of COUNTERS) {
      const value = rows.get(`${prefix}_${counter}`) ?? 0;
      if (!Number.isSafeInteger(value))
        throw new FormatError('catalog', `the counter ${prefix}_${counter} is no number`);
      found[counter] = value;
    }
    return found;
  };
  return { self: counts('self'), subtree: counts('subtree') };
}
