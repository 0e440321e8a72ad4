// npm packages from the lock file. A stamp, written last, says which lock file is installed: an interrupted
// installation has no stamp and is done again from the start.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmInstall } from './npm.mjs';
import { say } from './run.mjs';

/** @param {string} node the executable npm runs on: packages are chosen for it */
export async function dependencies(root, node) {
  const stamp = join(root, 'node_modules', '.beamtime-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing npm packages');
  rmSync(stamp, { force: true });
  await npmInstall(root, { what: 'installing npm packages', folder: root, node });
  writeFileSync(stamp, wanted);
}
