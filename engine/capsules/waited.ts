import { readdirSync, readFileSync } from 'node:fs';

/**
 * Milliseconds a process was ready to run but had no core (its longest waiting thread). At the lowest priority that can
 * be most of the time. 0 where the system does not tell (all but Linux) or the process is gone.
 */
export function waitedMs(pid: number): number {
  if (process.platform !== 'linux') return 0;
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return Math.max(0, ...threads.map((thread) => waitedNs(`/proc/${pid}/task/${thread}/schedstat`))) / 1e6;
  } catch {
    return 0;
  }
}

/** "RUNNING WAITING SLICES", the first two in nanoseconds (kernel: scheduler/sched-stats). */
function waitedNs(path: string): number {
  return Number(readFileSync(path, 'latin1').split(' ')[1] ?? 0);
}
