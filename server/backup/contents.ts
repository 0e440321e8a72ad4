import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { MASTER_REPLICA, STAGING } from '../../cvmfs/publish/filenames.ts';
import type { ServerFiles } from '../files.ts';

export interface Contents {
  /** Of published software: what a publication replaces, and its publisher's notes. To be read while none goes on. */
  readonly publishing: readonly string[];
  /** Files that never change, or only grow. */
  readonly others: readonly string[];
  /** Folders with nothing in them that is kept: a publisher wants its own to be there. */
  readonly folders: readonly string[];
  /** Links to elsewhere: not in a backup. */
  readonly links: readonly string[];
}

/**
 * Paths of all that a backup holds besides the store, below the data folder. Whatever is not known to be of the
 * moment is kept.
 */
export async function contentsOf(files: ServerFiles): Promise<Contents> {
  const contents = {
    publishing: [] as string[],
    others: [] as string[],
    folders: [] as string[],
    links: [] as string[],
  };
  const waiting = [files.dataFolder];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const pathOf = (name: string) => relative(files.dataFolder, join(folder, name)).split(sep).join('/');
    const kept = (await readdir(folder, { withFileTypes: true })).filter(
      ({ name }) => !isOfTheMoment(pathOf(name)),
    );
    if (kept.length === 0) contents.folders.push(pathOf('.'));
    for (const entry of kept) {
      const path = pathOf(entry.name);
      if (entry.isDirectory()) waiting.push(join(folder, entry.name));
      else if (entry.isSymbolicLink()) contents.links.push(path);
      else if (entry.isFile()) (isPublishing(path) ? contents.publishing : contents.others).push(path);
    }
  }
  return contents;
}

const OF_THE_MOMENT = [
  /^(database|snapshots|restoring|placing|store-is-elsewhere)$/,
  /^(server|backup)\.lock/,
  /^endpoint\.json$/,
  /^server\.log/,
  /\.new$/,
  /^repositories\/[^/]+\/(lock|scratch)/,
  new RegExp(`^cvmfs/[^/]+/${STAGING}/`),
];

function isOfTheMoment(path: string): boolean {
  return OF_THE_MOMENT.some((pattern) => pattern.test(path));
}

function isPublishing(path: string): boolean {
  return (
    path.startsWith('repositories/') ||
    (/^cvmfs\/[^/]+\/\.cvmfs/.test(path) && !path.endsWith(MASTER_REPLICA))
  );
}
