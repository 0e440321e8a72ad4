import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresqlServer } from '../../server/testkit/postgresql.ts';

/** Linux's USER_HZ: proc(5) counts in it. */
const TICKS_PER_SECOND = 100;

/** Processor seconds of PostgreSQL's postmaster and of all its processes, those that have ended included. */
export function postgresqlCpuSeconds({ folder }: PostgresqlServer): number {
  const [pid = ''] = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const { parent, own, children } = statOf(name);
    if (name === pid) ticks += own + children;
    else if (parent === pid) ticks += own;
  }
  return ticks / TICKS_PER_SECOND;
}

function statOf(pid: string): { parent: string; own: number; children: number } {
  try {
    // The name, in brackets, may have spaces in it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const ticks = (index: number) => Number(fields[index] ?? 0);
    return { parent: fields[1] ?? '', own: ticks(11) + ticks(12), children: ticks(13) + ticks(14) };
  } catch {
    return { parent: '', own: 0, children: 0 }; // it has ended
  }
}
