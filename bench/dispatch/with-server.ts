import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerReady } from './server-process.ts';

const PROGRAM = fileURLToPath(new URL('./server-process.ts', import.meta.url));

export interface BenchServer extends ServerReady {
  readonly child: ChildProcess;
  /** Goes with the server. */
  readonly folder: string;
  /** All servers of the project, this one first. */
  readonly all: readonly (ServerReady & { readonly child: ChildProcess })[];
}

export interface Where {
  /** URL of an empty PostgreSQL database; else the store is embedded. */
  readonly database?: string;
  /** Server processes, on a PostgreSQL database. */
  readonly servers?: number;
}

/** Runs `use` with an empty project's server in a process (or several) and on a folder of its own, and removes all of it. */
export async function withServer<T>(
  use: (server: BenchServer) => Promise<T>,
  { database, servers = 1 }: Where = {},
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-bench-server-'));
  const args = [join(folder, 'project'), ...(database === undefined ? [] : [database])];
  const children = Array.from({ length: servers }, () => {
    const child = fork(PROGRAM, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    return { child, gone: once(child, 'exit') };
  });
  try {
    const all = await Promise.all(
      children.map(async ({ child, gone }) => {
        const [ready] = (await Promise.race([
          once(child, 'message'),
          gone.then(() => Promise.reject(new Error('the project server did not start'))),
        ])) as [ServerReady];
        return { ...ready, child };
      }),
    );
    const [first] = all;
    if (!first) throw new Error('there is to be a server at least');
    return await use({ ...first, folder, all });
  } finally {
    for (const { child, gone } of children) {
      child.kill('SIGTERM');
      await gone;
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
