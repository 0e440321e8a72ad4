import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EngineFiles } from '../../filenames.ts';
import { removeControlGroup } from './cgroup.ts';
import { readMarks, removeMark } from './marks.ts';
import { UNFINISHED } from './snapshots.ts';

const run = promisify(execFile);

/** How long killed processes may take to end. */
const GONE_LIMIT_MS = 5000;

/**
 * Removes what a killed engine left: its VMs (known by the random name in their command line), their control groups and
 * marks, and snapshots that were not finished. Call it before the first VM of this engine starts.
 * @returns how many processes were killed
 */
export async function sweepQemu(files: Pick<EngineFiles, 'run' | 'snapshots'>): Promise<number> {
  const marks = await readMarks(files.run);
  const killed: number[] = [];
  if (marks.length > 0) {
    const processes = await commandLines();
    for (const mark of marks) {
      for (const { pid, command } of processes) {
        if (command.includes(mark.name) && kill(pid)) killed.push(pid);
      }
    }
    await gone(killed);
    for (const mark of marks) {
      // One that is still busy dying is left for the next sweep.
      if (removeControlGroup(mark.controlGroups)) await removeMark(files.run, mark.name);
    }
  }
  for (const name of await readdir(files.snapshots).catch(() => [])) {
    if (name.includes(UNFINISHED)) await rm(join(files.snapshots, name), { recursive: true, force: true });
  }
  return killed.length;
}

/** Resolves when the processes have ended, or are taking too long to. */
async function gone(pids: readonly number[]): Promise<void> {
  for (const until = performance.now() + GONE_LIMIT_MS; pids.some(exists) && performance.now() < until; ) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false; // ended meanwhile
  }
}

async function commandLines(): Promise<{ pid: number; command: string }[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-axww', '-o', 'pid=,command='], { maxBuffer: 16e6 });
    return stdout.split('\n').flatMap((line) => {
      const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid && command ? [{ pid: Number(pid), command }] : [];
    });
  }
  const found: { pid: number; command: string }[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (command !== '') found.push({ pid: Number(name), command });
  }
  return found;
}
