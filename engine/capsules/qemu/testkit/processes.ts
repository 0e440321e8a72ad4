import { readdirSync, readFileSync } from 'node:fs';

/** Ids of processes with this text in their command line, zombies left out. Linux. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/cmdline`).includes(text))
    .map(Number)
    .filter((pid) => isAlive(pid));
}

export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !'ZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
}

/** A field of /proc/PID/status. */
export function statusOf(pid: number, field: string): string {
  return new RegExp(`^${field}:[ \\t]*(.*)$`, 'm').exec(read(`/proc/${pid}/status`))?.[1] ?? '';
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // gone
  }
}
