import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessUse } from './messages.ts';

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What a process uses, from /proc. @returns null where it is gone or there is no /proc */
export function processUse(pid: number): ProcessUse | null {
  const stat = fields(`/proc/${pid}/stat`);
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(text(`/proc/${pid}/status`) ?? '')?.[1];
  if (!stat || resident === undefined) return null;
  return {
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND,
    residentBytes: Number(resident) * 1024,
  };
}

/** Whether every thread of the process is stopped by a signal. True for a process that is gone. */
export function isStopped(pid: number): boolean {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return true;
  }
  return threads.every((thread) => {
    const state = fields(`/proc/${pid}/task/${thread}/stat`)?.[0];
    return state === undefined || 'TtZX'.includes(state);
  });
}

/** proc_pid_stat(5) from field 3 (state) on: the name before it may hold anything, so they count from the last ")". */
function fields(path: string): string[] | null {
  const line = text(path);
  return line === null ? null : line.slice(line.lastIndexOf(')') + 2).split(' ');
}

function text(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Ended meanwhile.
    return null;
  }
}
