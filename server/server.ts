import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { writeFileAtomic } from '../platform/files.ts';
import { FolderInUse, type FolderLock, lockFolder } from '../platform/folder-lock.ts';
import type { Logger } from '../platform/log.ts';
import { invitationTo } from '../protocol/project-api.ts';
import type { ServerEndpoint } from '../protocol/staff-api.ts';
import { projectApp } from './api/app.ts';
import { type ServerFiles, serverFiles } from './files.ts';
import { Housekeeping } from './housekeeping.ts';
import { projectKey } from './key.ts';
import { LIMITS, type RequestLimits } from './limits.ts';
import { Project } from './project.ts';
import { keptToken } from './secrets.ts';
import { Software } from './software/software.ts';
import type { Database } from './store/database.ts';
import { migrate } from './store/migrate.ts';
import { openPglite } from './store/pglite.ts';
import { prepareDataFolder } from './store/prepare.ts';
import { SpotQueue } from './validate/spot-queue.ts';
import { Withdrawals } from './validate/withdrawals.ts';

export interface ServerOptions {
  /** All the server keeps is below this folder; made where it is not there. */
  readonly dataFolder: string;
  /** Address to listen on; "127.0.0.1" for this machine only, "0.0.0.0" for all. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The project's name, as volunteers see it. */
  readonly name: string;
  /** Its address as volunteers see it, where a reverse proxy stands in front. */
  readonly publicUrl?: string;
  /** Whether an address is a reverse proxy's, whose X-Forwarded-For is believed; default: none is. */
  readonly isProxy?: (address: string) => boolean;
  /** Default: LIMITS. */
  readonly limits?: RequestLimits;
  /** How many may follow campaigns at a time; see server/live/. */
  readonly mostListeners?: number;
  /** The project's page, built by renderer/build.ts; without it there is an API alone. */
  readonly pageFolder?: string | null;
  readonly log: Logger;
}

export interface RunningServer {
  /** Where it listens. */
  readonly url: string;
  /** beamtime://join?... with the project's address, the fingerprint of its key and of its software's master key. */
  readonly invitation: string;
  readonly staffToken: string;
  /** What answers: so that a test can see that no route was forgotten. */
  readonly app: Hono;
  close(): Promise<void>;
}

/** Hosts come back within seconds while they work; Node's 5 s would make most of them connect anew each time. */
const KEEP_ALIVE_MS = 65_000;
/** A release may be pushed over a slow line; Node would cut it off after 5 minutes. Headers have a limit of their own. */
const REQUEST_MS = 60 * 60_000;

/** The server can not start; the message says what to do. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
}

/**
 * Starts a project server. Its folder is held by one server at a time; whatever a killed one left is repaired
 * here: PostgreSQL replays its log, waiting spot checks are taken up, unfinished uploads stay.
 * @throws ServerStartError, StoreError
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const files = serverFiles(options.dataFolder);
  const lock = await holdFolder(files);
  /** What has been opened, to be closed in the reverse order. */
  const opened: (() => Promise<void>)[] = [() => lock.release()];
  const close = once(async () => {
    const failures: unknown[] = [];
    for (const one of opened.reverse()) await one().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'the project server did not end cleanly');
  });
  try {
    const project = await openProject(options, files, opened);
    const app = projectApp(project, options.pageFolder ?? null);
    const server = await listen(app, options);
    opened.push(() => stopListening(server));
    opened.push(() => project.live.close());
    const url = urlOf(server, options.host);
    const endpoint: ServerEndpoint = { url, staffToken: project.staffToken, pid: process.pid };
    await writeFileAtomic(files.endpoint, `${JSON.stringify(endpoint)}\n`, 0o600);
    opened.push(() => rm(files.endpoint, { force: true }));
    options.log.info({ url, folder: files.dataFolder }, 'project server started');
    return {
      url,
      invitation: invitationTo(options.publicUrl?.replace(/\/$/, '') ?? url, project.info()),
      staffToken: project.staffToken,
      app,
      close,
    };
  } catch (error) {
    await close();
    throw words(error, files.dataFolder);
  }
}

async function holdFolder({ dataFolder, lock }: ServerFiles): Promise<FolderLock> {
  try {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 });
    return await lockFolder(lock);
  } catch (cause) {
    if (cause instanceof FolderInUse) {
      throw new ServerStartError(`the data folder ${dataFolder} is ${cause.message}`, { cause });
    }
    throw words(cause, dataFolder);
  }
}

function words(cause: unknown, dataFolder: string): unknown {
  const why = unusable(cause);
  if (why === null) return cause;
  return new ServerStartError(
    `the data folder ${dataFolder} can not be used: ${why}; mend that, or choose another folder`,
    { cause },
  );
}

/** @returns why a folder can not be written to, in words; null where the error says nothing of that kind */
function unusable(error: unknown): string | null {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there';
    case 'ENOENT': // mkdir's word for a folder that can not be made where the disk is read-only
      return 'it can not be made there';
    case 'EROFS':
      return 'its disk is read-only';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'its disk is full';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'it is not a folder';
    default:
      return null;
  }
}

async function openProject(
  { name, log, mostListeners, isProxy = () => false, limits = LIMITS }: ServerOptions,
  files: ServerFiles,
  opened: (() => Promise<void>)[],
): Promise<Project> {
  if (existsSync(files.restoring)) {
    throw new ServerStartError(
      `${files.dataFolder} is of a restore that was cut off; empty it and restore the backup again`,
    );
  }
  await rm(files.snapshots, { recursive: true, force: true });
  await Project.makeFolders(files);
  await removeUnfinished(files.objects);
  const key = await projectKey(files.key);
  const staffToken = await keptToken(files.staffToken);
  const metricsToken = await keptToken(files.metricsToken);
  // A key of RSA is searched for in another thread, while the store opens in this one.
  const [db, software] = await both(openStore(files.database), Software.open(files, key.fingerprint, log));
  opened.push(() => db.close());
  const project = new Project({
    db,
    files,
    key,
    software,
    staffToken,
    metricsToken,
    name,
    isProxy,
    limits,
    mostListeners,
    log,
    now: () => new Date(),
  });
  opened.push(() => project.idle());
  const checks = new SpotQueue(project);
  await checks.start();
  opened.push(() => checks.close());
  const withdrawals = new Withdrawals(project);
  withdrawals.start();
  opened.push(() => withdrawals.close());
  await project.forget();
  const housekeeping = new Housekeeping(project);
  opened.push(() => housekeeping.close());
  return project;
}

/** Neither is left behind when the other fails. */
async function both<T extends Database, U>(store: Promise<T>, other: Promise<U>): Promise<[T, U]> {
  const [opened, done] = await Promise.allSettled([store, other]);
  if (opened.status === 'rejected') throw opened.reason;
  if (done.status === 'fulfilled') return [opened.value, done.value];
  await opened.value.close();
  throw done.reason;
}

async function openStore(folder: string): Promise<Database> {
  await prepareDataFolder(folder);
  const db = await openPglite(folder);
  try {
    await migrate(db, new Date());
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** Objects that were being written when the server was killed. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith('.new')) await rm(join(folder, name), { force: true });
  }
}

function listen(app: Hono, { host, port, limits = LIMITS }: ServerOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createAdaptorServer({
      fetch: app.fetch,
      serverOptions: { connectionsCheckingInterval: limits.headersMs / 4 },
    }) as Server;
    server.headersTimeout = limits.headersMs;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.requestTimeout = REQUEST_MS;
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const what =
        cause.code === 'EADDRINUSE'
          ? `port ${port} is taken by another program; stop it or choose another port (0: any free one)`
          : `can not listen on ${host}, port ${port}: ${cause.message}`;
      reject(new ServerStartError(what, { cause }));
    });
    server.listen(port, host, () => resolve(server));
  });
}

/** Requests being answered get their answer; idle connections are closed. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => server.closeAllConnections(), 3_000);
    server.close((error) => {
      clearTimeout(patience);
      if (error) reject(error);
      else resolve();
    });
    server.closeIdleConnections();
  });
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const shown = host === '0.0.0.0' || host === '::' ? ownAddress() : host;
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${address.port}`;
}

/** The first address other computers may reach; this machine's own where there is none. */
function ownAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find((one) => one.family === 'IPv4' && !one.internal);
    if (found) return found.address;
  }
  return '127.0.0.1';
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => {
    done ??= work();
    return done;
  };
}
