import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** sysconf(_SC_CLK_TCK): 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What a process has used so far; null once it has ended. */
export function processUsage(pid: number): ProcessUsage | null {
  try {
    return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
  } catch {
    return null;
  }
}

/** 'R', 'S', 'T' and so on, of all threads together (proc(5)); null where the system does not tell or it has ended. */
export function processState(pid: number): string | null {
  if (process.platform !== 'linux') return null;
  try {
    return fields(pid)[0] ?? null;
  } catch {
    return null;
  }
}

/** The fields after the command's name, which may itself hold spaces and parentheses; the first is number 3 of proc(5). */
function fields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function fromProc(pid: number): ProcessUsage {
  const found = fields(pid);
  const [user, system] = [found[11], found[12]].map(Number);
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const residentKb = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? '0';
  return {
    cpuSeconds: ((user ?? 0) + (system ?? 0)) / TICKS_PER_SECOND,
    residentBytes: Number(residentKb) * 1024,
  };
}

function fromPs(pid: number): ProcessUsage {
  const text = execFileSync('ps', ['-o', 'rss=,time=', '-p', String(pid)], {
    encoding: 'utf8',
    timeout: 2000,
  });
  const [rss, time] = text.trim().split(/\s+/);
  return { cpuSeconds: parseCpuTime(time ?? '0'), residentBytes: Number(rss) * 1024 };
}

/** "[[dd-]hh:]mm:ss[.ff]" in seconds. */
export function parseCpuTime(text: string): number {
  const [clock, days] = text.split('-').reverse();
  const seconds = (clock ?? '0').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number(days ?? 0) * 86400 + seconds;
}
