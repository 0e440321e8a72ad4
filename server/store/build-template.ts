// Makes build/store-template: an empty PostgreSQL data folder, so that a project's first start need not run
// initdb. Nothing to do where one of this PGlite's version is there:  node server/store/build-template.ts
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../platform/files.ts';
import { makeDataFolder, TEMPLATE_FOLDER } from './prepare.ts';

const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
const { version } = JSON.parse(await readFile(join(dirname(dirname(entry)), 'package.json'), 'utf8')) as {
  version: string;
};
/** Outside the folder: PostgreSQL's own files only inside. */
const stamp = `${TEMPLATE_FOLDER}.version`;
const made = await readFile(stamp, 'utf8').catch(() => '');
if (made !== version || !existsSync(join(TEMPLATE_FOLDER, 'PG_VERSION'))) {
  console.error('store template: running initdb');
  await rm(stamp, { force: true });
  await rm(TEMPLATE_FOLDER, { recursive: true, force: true });
  await makeDataFolder(TEMPLATE_FOLDER, null);
  await writeFileAtomic(stamp, version, 0o644);
}
