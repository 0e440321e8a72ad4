import { closeSync, cpSync, existsSync, fdatasyncSync, openSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { syncFolder } from '../../platform/files.ts';
import { StoreError } from './database.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Made by build-template.ts; a build output, never written by a running server. */
export const TEMPLATE_FOLDER = join(ROOT, 'build', 'store-template');

/** PostgreSQL's major version of the PGlite in use: PG_VERSION of a folder it can open. */
const POSTGRES_MAJOR = '18';

/**
 * Makes an empty PostgreSQL data folder at `folder`, whole or not at all: beside, synced, renamed.
 * From the template 0.1 s, by initdb 3 to 5 s (measured).
 */
export async function makeDataFolder(
  folder: string,
  template: string | null = TEMPLATE_FOLDER,
): Promise<void> {
  const beside = `${folder}.new`;
  await rm(beside, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  if (template && existsSync(join(template, 'PG_VERSION'))) {
    cpSync(template, beside, { recursive: true });
  } else {
    const fresh = await PGlite.create(beside);
    await fresh.close();
  }
  await syncTree(beside);
  await rename(beside, folder);
  await syncFolder(dirname(folder));
}

/**
 * Sees that there is a data folder this PostgreSQL can open.
 * @throws StoreError where it is of another version or not whole
 */
export async function prepareDataFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return makeDataFolder(folder);
  const version = await readFile(join(folder, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    () => null,
  );
  if (version === null || !existsSync(join(folder, 'global', 'pg_control'))) {
    throw new StoreError(`${folder} is not a whole PostgreSQL data folder; restore it from a backup`);
  }
  if (version !== POSTGRES_MAJOR) {
    throw new StoreError(
      `${folder} is of PostgreSQL ${version}, this server needs ${POSTGRES_MAJOR}; dump it with the old server, load it with this one`,
    );
  }
}

/** Files at once: through promises, several hundred small ones cost ten times the processor's time. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      await syncTree(path);
      continue;
    }
    const file = openSync(path, 'r+');
    try {
      fdatasyncSync(file);
    } finally {
      closeSync(file);
    }
  }
  await syncFolder(folder);
}
