// The Node that everything after set-up runs on: from npm, so that it is the same on every machine.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './run.mjs';

/** First version that runs TypeScript by stripping types without a flag and has what the server uses. */
const OLDEST = [22, 18];

/** @returns {string} path of the Node executable for all later steps */
export function node24(root) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const pinned = join(root, 'node_modules', name, 'bin', file);
  if (existsSync(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return process.execPath;
  throw new SetupError(
    `there is no ready-made Node 24 for ${process.platform}-${process.arch}, and this is Node ${process.versions.node}. ` +
      `Install Node 24 and run the same command again.`,
  );
}
