import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { cpus } from 'node:os';

/** Seconds since boot that one core spent, by kind. `niced` is also part of `busy`. */
export interface CoreTimes {
  readonly index: number;
  readonly busy: number;
  readonly niced: number;
  /** Busy, idle, waiting for disks and taken away by a hypervisor. */
  readonly total: number;
}

/** Reads the counters of every core; made once, used several times a second. */
export interface CpuTimesReader {
  read(): CoreTimes[];
  close(): void;
}

/** USER_HZ: fixed at 100 in every Linux ABI that we meet (x86, ARM), whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;

export function cpuTimesReader(): CpuTimesReader {
  return process.platform === 'linux' ? procStatReader() : osReader();
}

/** /proc/stat kept open: one read of the lines of the cores, which come first. */
function procStatReader(): CpuTimesReader {
  const file = openSync('/proc/stat', 'r');
  const allowed = allowedCores();
  const buffer = Buffer.alloc(64 + cpus().length * 160);
  return {
    read() {
      const length = readSync(file, buffer, 0, buffer.length, 0);
      return parseProcStat(buffer.toString('latin1', 0, length)).filter(
        ({ index }) => !allowed || allowed.has(index),
      );
    },
    close: () => closeSync(file),
  };
}

/**
 * Lines "cpuN user nice system idle iowait irq softirq steal guest guest_nice", in ticks (proc(5)). Guest time is
 * in user and nice already: adding it would count a virtual machine twice. Waiting for a disk is idle. Stolen time
 * is neither: nobody here had it.
 */
export function parseProcStat(text: string): CoreTimes[] {
  const cores: CoreTimes[] = [];
  for (const line of text.split('\n')) {
    const match = /^cpu(\d+) (.*)$/.exec(line);
    if (!match) continue;
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = (
      match[2] ?? ''
    )
      .trim()
      .split(/ +/)
      .map(Number);
    const busy = user + nice + system + irq + softirq;
    cores.push({
      index: Number(match[1]),
      busy: busy / TICKS_PER_SECOND,
      niced: nice / TICKS_PER_SECOND,
      total: (busy + idle + iowait + steal) / TICKS_PER_SECOND,
    });
  }
  return cores;
}

function osReader(): CpuTimesReader {
  return {
    read: () =>
      cpus().map(({ times }, index) => {
        const busy = times.user + times.nice + times.sys + times.irq;
        return { index, busy: busy / 1000, niced: times.nice / 1000, total: (busy + times.idle) / 1000 };
      }),
    close: () => {},
  };
}

/** The cores this process may run on (taskset, cpuset cgroup); null: cannot tell, so all. */
function allowedCores(): Set<number> | null {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    return list ? parseCpuList(list) : null;
  } catch {
    return null;
  }
}

/** "0-3,8" -> 0, 1, 2, 3, 8 */
export function parseCpuList(list: string): Set<number> {
  const found = new Set<number>();
  for (const part of list.split(',')) {
    const [from, to = from] = part.split('-').map(Number);
    if (from === undefined || to === undefined) continue;
    for (let index = from; index <= to; index++) found.add(index);
  }
  return found;
}
