import { readFileSync } from 'node:fs';

/** Processor time of everything that is ours, in seconds since an arbitrary start; only differences mean anything. */
export interface OwnUse {
  read(): number;
  /** Processes the last read() counted. */
  readonly pids: ReadonlySet<number>;
}

const TICKS_PER_SECOND = 100;

/**
 * @param more processor seconds used by capsules that are processes of their own, for systems where the
 *   process tree cannot be read (all but Linux); there it is the sum of their metrics().cpuSeconds
 */
export function ownUse(more: () => number): OwnUse {
  return process.platform === 'linux' ? processTreeUse(procReader, process.pid) : selfUse(more);
}

function selfUse(more: () => number): OwnUse {
  let last = 0;
  return {
    pids: new Set([process.pid]),
    read() {
      const { user, system } = process.cpuUsage();
      last = Math.max(last, (user + system) / 1e6 + more());
      return last;
    },
  };
}

/** What is read of a process; null where it is gone. */
export interface ProcessReader {
  /** utime + stime, and cutime + cstime (those of ended and waited-for children), in seconds. */
  times(pid: number): { own: number; ended: number } | null;
  children(pid: number): readonly number[];
}

/**
 * This process and all its descendants. When one ends, the system adds its time to its parent's "ended" time at the
 * moment it vanishes, so the sum over the living never loses any and never counts any twice. A child that ends
 * between our reading its parent and itself is missing from one sum and back in the next: hence the maximum.
 */
export function processTreeUse(reader: ProcessReader, root: number): OwnUse {
  let last = 0;
  const pids = new Set<number>();
  return {
    pids,
    read() {
      let sum = 0;
      pids.clear();
      const queue = [root];
      for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
        const times = reader.times(pid);
        if (!times) continue;
        pids.add(pid);
        sum += times.own + times.ended;
        queue.push(...reader.children(pid));
      }
      last = Math.max(last, sum);
      return last;
    },
  };
}

export const procReader: ProcessReader = {
  times(pid) {
    const text = read(`/proc/${pid}/stat`);
    return text === null ? null : parseProcPidStat(text);
  },
  /** Only those that the main thread started (or inherited): Node starts children there. */
  children(pid) {
    const text = read(`/proc/${pid}/task/${pid}/children`);
    return text === null ? [] : text.split(' ').filter(Boolean).map(Number);
  },
};

/** proc_pid_stat(5): the name in parentheses may hold anything, so fields count from the last ")". */
export function parseProcPidStat(text: string): { own: number; ended: number } | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // state is field 3 and stands at 0; utime 14, stime 15, cutime 16, cstime 17.
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  if (utime === undefined || stime === undefined || cutime === undefined || cstime === undefined) return null;
  return { own: (utime + stime) / TICKS_PER_SECOND, ended: (cutime + cstime) / TICKS_PER_SECOND };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Ended meanwhile, or not ours to read.
    return null;
  }
}
