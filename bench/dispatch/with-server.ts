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
}

/** Runs `use` with an empty project server in a process and on a folder of its own, and removes all of it. */
export async function withServer<T>(use: (server: BenchServer) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-bench-server-'));
  const child = fork(PROGRAM, [join(folder, 'project')], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const gone = once(child, 'exit');
  try {
    const [ready] = (await Promise.race([
      once(child, 'message'),
      gone.then(() => Promise.reject(new Error('the project server did not start'))),
    ])) as [ServerReady];
    return await use({ ...ready, child, folder });
  } finally {
    child.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
