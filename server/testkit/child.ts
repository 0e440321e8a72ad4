import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { COMPILING } from './compiling.ts';

const SCRIPT = fileURLToPath(new URL('./server-process.ts', import.meta.url));

export interface ChildServer {
  readonly url: string;
  readonly staffToken: string;
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit status. */
  end(): Promise<number | null>;
}

/** A server did not start; what it said. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
  readonly status: number | null;
  constructor(status: number | null, said: string) {
    super(said);
    this.status = status;
  }
}

export interface ChildOptions {
  readonly port?: number;
  /** URL of a PostgreSQL database. */
  readonly database?: string;
  /** URL of a bucket for objects, with BUCKET_KEYS. */
  readonly bucket?: string;
  /** In front of the command, for example ["unshare", "-m", ...]. */
  readonly through?: readonly string[];
  readonly spawn?: SpawnOptions;
}

/**
 * Starts a server as a process.
 * @throws NotStarted
 */
export async function childServer(
  dataFolder: string,
  { port = 0, database = '', bucket = '', through = [], spawn: more = {} }: ChildOptions = {},
): Promise<ChildServer> {
  const program = [process.execPath, ...COMPILING, SCRIPT, dataFolder, String(port), database, bucket];
  const [command = '', ...args] = [...through, ...program];
  const child = spawn(command, args, { ...more, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    // What it logs, where it was asked to.
    if (process.env.BEAMTIME_LOG) process.stderr.write(text);
  });
  const gone = new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
  const ready = await Promise.race([
    gone.then((status) => new NotStarted(status, said)),
    new Promise<Error>((resolve) => child.once('error', resolve)),
    new Promise<{ url: string; staffToken: string }>((resolve) => child.once('message', resolve)),
  ]);
  if (ready instanceof Error) throw ready;
  return {
    ...ready,
    async kill() {
      signal(child, 'SIGKILL');
      await gone;
    },
    end() {
      signal(child, 'SIGTERM');
      return gone;
    },
  };
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(name);
}
