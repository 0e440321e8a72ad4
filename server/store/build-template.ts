// Makes build/store-template: a PostgreSQL data folder with today's schema and nothing in it, so that a project's first
// start need neither run initdb nor migrations. Nothing to do where it is up to date:  node server/store/build-template.ts
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../platform/files.ts';
import { MIGRATIONS_FOLDER, migrate } from './migrate.ts';
import { openPglite } from './pglite.ts';
import { makeDataFolder, TEMPLATE_FOLDER } from './prepare.ts';

/** Changes with PGlite, with the schema and with this file. */
async function inputs(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const migrations = (await readdir(MIGRATIONS_FOLDER)).sort().map((name) => join(MIGRATIONS_FOLDER, name));
  const hash = createHash('sha256');
  for (const file of [join(dirname(dirname(entry)), 'package.json'), import.meta.filename, ...migrations]) {
    hash.update(await readFile(file)).update('\0');
  }
  return hash.digest('hex');
}

async function build(folder: string): Promise<void> {
  await makeDataFolder(folder, null);
  const db = await openPglite(folder);
  await migrate(db, new Date());
  // No server of ours creates a database: without what CREATE DATABASE copies, 24 MB are left of 39, 371 files of 971.
  for (const name of ['template0', 'template1']) {
    await db.execute(`ALTER DATABASE ${name} IS_TEMPLATE false`);
    await db.execute(`DROP DATABASE ${name}`);
  }
  await db.close();
}

/** Outside the folder: PostgreSQL's own files only inside. */
const stamp = `${TEMPLATE_FOLDER}.inputs`;
const wanted = await inputs();
const made = await readFile(stamp, 'utf8').catch(() => '');
if (made !== wanted || !existsSync(join(TEMPLATE_FOLDER, 'PG_VERSION'))) {
  console.error('store template: running initdb');
  const beside = `${TEMPLATE_FOLDER}.made`;
  await rm(beside, { recursive: true, force: true });
  await build(beside);
  await rm(stamp, { force: true });
  await rm(TEMPLATE_FOLDER, { recursive: true, force: true });
  await rename(beside, TEMPLATE_FOLDER);
  await writeFileAtomic(stamp, wanted, 0o644);
}
