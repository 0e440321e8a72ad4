import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * How to start a process so that it runs only when nothing else wants the core: in Linux's SCHED_IDLE class where
 * `chrt` (util-linux) can do that, which replaces itself by the command and so keeps the process id. Spawn it with
 * `detached: true` and then call runInBackground(pid).
 */
export async function backgroundCommand(
  command: string,
  args: readonly string[],
): Promise<{ command: string; args: string[] }> {
  if (await hasIdleClass()) return { command: 'chrt', args: ['--idle', '0', command, ...args] };
  return { command, args: [...args] };
}

/**
 * The rest of the lowest priority, for a process just started; what a system refuses or lacks is left as it is.
 *
 * Linux schedules sessions against each other before it looks at the processes in them (autogroup, sched(7)): an
 * idle-class process alone in its session would still get that session's whole share. So a capsule has a session of
 * its own (detached), and that session the lowest share. Why: docs/decisions/0005-a-wasm-capsule-is-a-process.md.
 */
export function runInBackground(pid: number): void {
  attempt(() => setPriority(pid, constants.priority.PRIORITY_LOW));
  if (process.platform !== 'linux') return;
  attempt(() => lowerSession(pid));
  // Where memory runs out, a work unit is what to give up: it can be computed again.
  attempt(() => writeFileSync(`/proc/${pid}/oom_score_adj`, '1000'));
}

/** The kernel takes one such change in 100 ms from users who are not root, and EAGAIN tells the others (kernel/sched/autogroup.c). */
const SESSION_AGAIN_MS = 150;
/** As many as there may be capsules that start together. */
const SESSION_TURNS = 64;

function lowerSession(pid: number, turns = SESSION_TURNS): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, '19');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || turns === 0) throw error;
    setTimeout(() => attempt(() => lowerSession(pid, turns - 1)), SESSION_AGAIN_MS).unref();
  }
}

let idleClass: Promise<boolean> | null = null;

function hasIdleClass(): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(false);
  idleClass ??= new Promise((resolve) =>
    execFile('chrt', ['--idle', '0', 'true'], (error) => resolve(!error)),
  );
  return idleClass;
}

/** Priority is a courtesy: where the system does not allow it, or the process has just ended, work goes on. */
function attempt(change: () => void): void {
  try {
    change();
  } catch {
    // Said above.
  }
}
