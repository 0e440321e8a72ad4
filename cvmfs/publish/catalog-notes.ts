import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../../platform/files.ts';
import type { ContentHash } from '../format/hashes.ts';
import type { RepositoryPath } from '../format/paths.ts';
import { COUNTERS, type Counter, NO_COUNTS, type Statistics } from '../format/statistics.ts';
import type { StoredCatalog } from './tree.ts';

/** A catalog, and the hash of all that it says: one that would say the same again need not be written. */
export interface NotedCatalog extends StoredCatalog {
  readonly digest: string;
}

const Counts = z.array(z.number().int().nonnegative()).length(COUNTERS.length);
const Notes = z.strictObject({
  version: z.literal(1),
  /** The root catalog of the revision that these are of. */
  root: z.string(),
  catalogs: z.array(
    z.strictObject({
      path: z.string(),
      hash: z.string(),
      bytes: z.number().int().positive(),
      digest: z.string(),
      self: Counts,
      subtree: Counts,
    }),
  ),
  /** Those that were split off for their number of entries. */
  split: z.array(z.string()),
});

export interface CatalogNotes {
  readonly root: ContentHash;
  readonly catalogs: ReadonlyMap<RepositoryPath, NotedCatalog>;
  readonly split: ReadonlySet<RepositoryPath>;
}

/** @returns null where there are none, or they are damaged: then catalogs are written anew */
export async function readCatalogNotes(file: string): Promise<CatalogNotes | null> {
  try {
    const { root, catalogs, split } = Notes.parse(JSON.parse(await readFile(file, 'utf8')));
    const noted = catalogs.map(({ self, subtree, ...rest }): [string, NotedCatalog] => [
      rest.path,
      { ...rest, statistics: { self: counts(self), subtree: counts(subtree) } },
    ]);
    return { root, catalogs: new Map(noted), split: new Set(split) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

export async function writeCatalogNotes(
  file: string,
  { root, catalogs, split }: CatalogNotes,
): Promise<void> {
  const notes: z.infer<typeof Notes> = {
    version: 1,
    root,
    catalogs: [...catalogs.values()].map(({ path, hash, bytes, digest, statistics }) => ({
      path,
      hash,
      bytes,
      digest,
      self: values(statistics.self),
      subtree: values(statistics.subtree),
    })),
    split: [...split],
  };
  await writeFileAtomic(file, `${JSON.stringify(notes)}\n`);
}

function values(of: Statistics['self']): number[] {
  return COUNTERS.map((counter) => of[counter]);
}

function counts(list: readonly number[]): Statistics['self'] {
  const found: Record<Counter, number> = { ...NO_COUNTS };
  for (const [i, counter] of COUNTERS.entries()) found[counter] = list[i] ?? 0;
  return found;
}
