import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

/** A PostgreSQL server of Debian's package, in a folder of its own, on this machine's loopback only. */
export interface PostgresqlServer {
  readonly url: string;
  readonly port: number;
  /** The socket is here too. */
  readonly folder: string;
  /** What was there before stays. */
  start(): Promise<void>;
  /** kill -9 of the postmaster: its children notice and go. */
  kill(): Promise<void>;
  /** "immediate": as a crash. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
  /** @returns what psql says */
  sql(statements: string, database?: string): string;
  remove(): Promise<void>;
}

const DEBIAN = '/usr/lib/postgresql';
const programs = (existsSync(DEBIAN) ? readdirSync(DEBIAN) : [])
  .map((version) => join(DEBIAN, version, 'bin'))
  .find((path) => existsSync(join(path, 'initdb')));
const user = programs ? userId('postgres') : null;

/** Why there can be none here; null: there can. PostgreSQL does not run as root, so it is run as its own user by root. */
export const noPostgresql =
  programs === undefined
    ? "no Debian package of PostgreSQL's server here"
    : user === null || process.getuid?.() !== 0
      ? 'not root, or no user postgres'
      : null;

/** @param settings of postgresql.conf */
export async function postgresqlServer(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresqlServer> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-postgresql-'));
  await chown(folder, user?.uid ?? 0, user?.gid ?? 0);
  const port = await freePort();
  const data = join(folder, 'data');
  const options = { ...user, cwd: folder };
  const run = async (program: string, ...args: string[]) => {
    await promisify(execFile)(join(programs ?? '', program), args, options);
  };
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    ...settings,
  };
  const given = Object.entries(all)
    .map(([name, value]) => `-c ${name}='${value}'`)
    .join(' ');
  const ctl = (...args: string[]) => run('pg_ctl', '-D', data, '-s', '-w', ...args);
  const start = () => ctl('-l', join(folder, 'log'), '-o', given, 'start');
  let running = false;
  try {
    await run('initdb', '-D', data, '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C');
    await start();
    running = true;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    folder,
    async start() {
      await start();
      running = true;
    },
    async kill() {
      running = false;
      const [pid = ''] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
      process.kill(Number(pid), 'SIGKILL');
      // A new one refuses to start while a child of the old one lives.
      await gone(Number(pid));
    },
    async stop(how) {
      running = false;
      await ctl('-m', how, 'stop');
    },
    sql: (statements, database = 'postgres') =>
      execFileSync(
        'psql',
        ['-h', folder, '-p', String(port), '-d', database, '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'],
        {
          ...options,
          input: statements,
          encoding: 'utf8',
          stdio: ['pipe', 'pipe', 'pipe'],
        },
      ).trim(),
    async remove() {
      if (running) await ctl('-m', 'immediate', 'stop');
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return; // ESRCH
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function userId(name: string): { uid: number; gid: number } | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}
