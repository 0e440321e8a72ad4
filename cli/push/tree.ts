import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { UnitPath } from '../../protocol/primitives.ts';
import type { TreeEntry, TreeManifest } from '../../protocol/tree.ts';
import { RefusedError } from '../errors.ts';

/**
 * A folder as the manifest of a tree. Of each file's rights only whether its owner may run it counts.
 * @param store keeps a file's bytes and says what they are called
 * @throws RefusedError for what no tree can hold
 */
export async function treeOf(
  folder: string,
  store: (path: string, data: Buffer<ArrayBuffer>) => Promise<{ sha256: string; bytes: number }>,
): Promise<TreeManifest> {
  const entries: TreeEntry[] = [];
  for (const path of await pathsBelow(folder)) {
    const full = join(folder, path);
    const stats = await lstat(full);
    if (!UnitPath.safeParse(path).success)
      throw new RefusedError(`${full}: its name is too long, or not text, for a tree`);
    if (stats.isSymbolicLink()) entries.push({ path, target: await readlink(full) });
    else if (stats.isFile()) {
      const { sha256, bytes } = await store(path, await readFile(full));
      entries.push({ path, sha256, bytes, executable: (stats.mode & 0o100) !== 0 });
    } else throw new RefusedError(`${full}: neither a file nor a symbolic link`);
  }
  if (entries.length === 0) throw new RefusedError(`${folder}: there is nothing in this folder`);
  return { kind: 'tree', entries };
}

/** All that is no folder, in the order a manifest wants. */
async function pathsBelow(root: string): Promise<string[]> {
  const found: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else found.push(path);
    }
  }
  return found.sort();
}
