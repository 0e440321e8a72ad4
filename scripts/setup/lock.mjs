// One set-up at a time in a clone; a lock left by a killed set-up is taken over.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError, say } from './run.mjs';

const WAIT_MS = 30 * 60_000;

/** @returns {Promise<() => void>} lets go of the lock */
export async function setupLock(root) {
  const folder = join(root, '.cache', 'setup.lock');
  const owner = join(folder, 'pid');
  mkdirSync(join(root, '.cache'), { recursive: true });
  const started = Date.now();
  for (let told = false; ; ) {
    // The folder appears with its owner written: made beside, then renamed (rename onto a non-empty folder fails).
    const beside = `${folder}.${process.pid}`;
    mkdirSync(beside, { recursive: true });
    writeFileSync(join(beside, 'pid'), String(process.pid));
    try {
      renameSync(beside, folder);
      return () => rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      rmSync(beside, { recursive: true, force: true });
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code)) throw error;
    }
    if (!alive(readOwner(owner))) {
      rmSync(folder, { recursive: true, force: true });
      continue;
    }
    if (Date.now() - started > WAIT_MS)
      throw new SetupError(
        `another set-up (process ${readOwner(owner)}) does not end; stop it and try again`,
      );
    if (!told) say(`waiting for another set-up in this folder (process ${readOwner(owner)})`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function readOwner(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0; // being removed by its owner right now
  }
}

function alive(pid) {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
