import { readFileSync } from 'node:fs';

/** Whether a process with this id runs, of whichever user. One that ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return processState(pid) !== 'Z';
}

/** proc_pid_stat(5), field 3. null where it is gone or there is no /proc */
function processState(pid: number): string | null {
  return statFields(pid)?.[0] ?? null;
}

/**
 * What tells a process from a later one with the same number. Linux: the boot's identity and the process's start in
 * clock ticks; elsewhere "".
 */
export function startedAt(pid: number): string {
  const ticks = statFields(pid)?.[19];
  if (ticks === undefined) return '';
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${ticks}`;
}

/** proc_pid_stat(5) from field 3 on: the name before it may hold anything, so they count from the last ")". */
function statFields(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
