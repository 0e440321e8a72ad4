import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file as a whole: a reader, or a power cut, finds the old bytes or the new ones.
 * @param mode permission bits of the new file
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    const file = await open(beside, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Makes a folder and those above it that are missing. Not by Node's own `recursive`: in a file system that refuses with
 * ENOENT (/proc) that tries for ever.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  if (await madeHere(path, mode)) return;
  const above = dirname(path);
  if (above !== path) await makeFolder(above, mode);
  await mkdir(path, { mode }).catch(async (error) => {
    if (!(await isFolder(path))) throw error;
  });
}

/** @returns false where the folder above is missing */
async function madeHere(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    if (await isFolder(path)) return true;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() === true;
}

/**
 * Renames what is damaged, so that it is kept for people and in nobody's way.
 * @returns its new path
 */
export async function putAside(path: string): Promise<string> {
  const aside = `${path}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  await rename(path, aside);
  return aside;
}

/** Where a file was put by putAside() last; null: it never was. */
export async function lastPutAside(path: string): Promise<string | null> {
  const names = await readdir(dirname(path)).catch(() => []);
  const aside = names.filter((name) => name.startsWith(`${basename(path)}.damaged-`)).sort();
  const last = aside.at(-1);
  return last === undefined ? null : join(dirname(path), last);
}

/** Makes a rename or a new name in a folder durable. Windows has no such call; there it does nothing. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
