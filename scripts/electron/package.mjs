// Packs the desktop app:  node scripts/electron/package.mjs [electron-builder's own arguments]
// Without arguments: the installers of this system. BEAMTIME_UPDATE_URL and BEAMTIME_UPDATE_KEY (a file: Ed25519 public
// key, PEM) make a build that updates itself from there; without them it does not, and says nothing of it.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const app = join(root, 'build', 'desktop');

function run(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run([join(root, 'electron/build.ts')]);
const { BEAMTIME_UPDATE_URL: url, BEAMTIME_UPDATE_KEY: keyFile } = process.env;
const config = join(app, 'update.json');
rmSync(config, { force: true });
if (url && keyFile) {
  writeFileSync(config, JSON.stringify({ url, publicKey: readFileSync(keyFile, 'utf8') }));
} else if (url || keyFile) {
  console.error('BEAMTIME_UPDATE_URL and BEAMTIME_UPDATE_KEY belong together; give both or none');
  process.exit(2);
}
try {
  run([
    join(root, 'node_modules/electron-builder/cli.js'),
    '--config',
    'electron-builder.yml',
    ...process.argv.slice(2),
  ]);
} finally {
  // The clone's own app must not look for updates.
  rmSync(config, { force: true });
}
