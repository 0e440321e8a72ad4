import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Something a person can act on; shown without a stack. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

export interface Part<Endpoint> {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly pid: number;
  /** How it ended, in words, when it does. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

const CLI = dirname(dirname(fileURLToPath(import.meta.url)));
const MAIN = join(CLI, 'main.ts');
/** cli/engine-process.ts, bundled; not there where the app could not be built. */
const ENGINE = join(dirname(CLI), 'build/desktop/engine/engine-command.mjs');
/** An engine has little to do itself; it need not be fast, but it runs all day. */
const SMALL = ['--max-semi-space-size=1', '--optimize-for-size'];
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;

/**
 * Starts `beamtime ARGS` as a process of its own that ends when we do (it watches the IPC channel), and waits
 * until its endpoint file names it.
 * @throws DemoError when it ends, or is not ready in a minute
 */
export async function startPart<Endpoint extends { pid: number }>(options: {
  name: string;
  args: readonly string[];
  endpoint: string;
  parse: (text: string) => Endpoint;
  signal: AbortSignal;
}): Promise<Part<Endpoint>> {
  const isEngine = options.args[0] === 'engine' && existsSync(ENGINE);
  const child = fork(isEngine ? ENGINE : MAIN, [...options.args], {
    stdio: ['ignore', 2, 2, 'ipc'],
    ...(isEngine ? { execArgv: SMALL } : {}),
  });
  let over: string | null = null;
  const ended = new Promise<string>((done) => {
    child.on('close', (code, signal) => {
      over = signal ?? `exit ${code}`;
      done(over);
    });
  });
  const stop = async () => {
    if (over !== null) return;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(late);
  };
  const started = Date.now();
  for (;;) {
    if (over !== null) throw new DemoError(`the ${options.name} did not start (${over}); it says why above`);
    const endpoint = await readEndpoint(options.endpoint, options.parse);
    if (endpoint && endpoint.pid === child.pid)
      return { name: options.name, endpoint, pid: endpoint.pid, ended, stop };
    if (options.signal.aborted || Date.now() - started > READY_WITHIN_MS) {
      await stop();
      throw new DemoError(
        options.signal.aborted
          ? 'stopped'
          : `the ${options.name} was not ready within ${READY_WITHIN_MS / 1000} s`,
      );
    }
    await delay(30);
  }
}

/** null while the file is not there; it is replaced as a whole, so it is never half there. */
async function readEndpoint<Endpoint>(
  path: string,
  parse: (text: string) => Endpoint,
): Promise<Endpoint | null> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
