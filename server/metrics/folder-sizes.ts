import type { ServerFiles } from '../files.ts';
import { folderBytes } from './folder-bytes.ts';
import { Seldom } from './seldom.ts';

/** A folder of millions of objects takes seconds to walk. */
const EVERY_MS = 600_000;
export const FOLDERS = ['objects', 'packs', 'uploads', 'repositories'] as const;

/** Bytes of the files beside the database, by folder. */
export type FolderSizes = Record<(typeof FOLDERS)[number], number>;

export function seldomFolderSizes(files: ServerFiles): Seldom<FolderSizes> {
  return new Seldom(EVERY_MS, async () => ({
    objects: await folderBytes(files.objects),
    packs: await folderBytes(files.packs),
    uploads: await folderBytes(files.uploads),
    repositories: await folderBytes(files.repositories),
  }));
}
