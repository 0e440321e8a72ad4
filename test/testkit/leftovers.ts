import { readdirSync, readFileSync } from 'node:fs';

/** A process that mentions a folder in its command line or environment: started by, or for, a run in that folder. */
export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

/** Processes (not ourselves, not zombies) that belong to runs in `folder`. */
export function processesOf(folder: string): Leftover[] {
  const found: Leftover[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    const environment = read(`/proc/${pid}/environ`);
    if (command && (command.includes(folder) || environment.includes(folder))) found.push({ pid, command });
  }
  return found;
}

/** Waits until no process of `folder` is left, at most `withinMs`. @returns those that are still there */
export async function settle(folder: string, withinMs = 10_000): Promise<Leftover[]> {
  const until = Date.now() + withinMs;
  for (;;) {
    const left = processesOf(folder);
    if (left.length === 0 || Date.now() > until) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** "" for a process that ended while we looked, or that is not ours to read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
