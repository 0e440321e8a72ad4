import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { writeFileAtomic } from '../platform/files.ts';
import type { Logger } from '../platform/log.ts';
import { S3Fault } from '../platform/s3.ts';
import { invitationTo } from '../protocol/project-api.ts';
import type { ServerEndpoint } from '../protocol/staff-api.ts';
import type { InstituteSettings } from './accounts/institute.ts';
import { projectApp } from './api/app.ts';
import { limitConnections, mostConnections } from './connections/limit.ts';
import { ServerStartError } from './errors.ts';
import { type ServerFiles, serverFiles } from './files.ts';
import { holdFolder, mustBeOurs, removeUnfinished, words } from './folder.ts';
import { Housekeeping } from './housekeeping.ts';
import { type ProjectKey, projectKey } from './key.ts';
import { LIMITS, type RequestLimits } from './limits.ts';
import { type BucketSettings, openBucket } from './objects/open-bucket.ts';
import { Project } from './project.ts';
import { keptToken } from './secrets.ts';
import { Software } from './software/software.ts';
import { type Database, inTurn } from './store/database.ts';
import { migrate } from './store/migrate.ts';
import { openPglite } from './store/pglite.ts';
import { openPostgresql, type PostgresqlOptions } from './store/postgresql.ts';
import { prepareDataFolder } from './store/prepare.ts';
import { SpotQueue } from './validate/spot-queue.ts';
import { Withdrawals } from './validate/withdrawals.ts';

export interface ServerOptions {
  /** All the server keeps is below this folder; made where it is not there. */
  readonly dataFolder: string;
  /** Where the store is in a PostgreSQL server; any number of servers may use it, and share the data folder. */
  readonly database?: PostgresqlOptions;
  /** Of the embedded store, for its tables; default: pglite.ts. */
  readonly storeBuffersMb?: number;
  /** A bucket of an S3-compatible store for objects that come alone: programs and large outputs; default: the folder. */
  readonly objects?: BucketSettings;
  /** Address to listen on; "127.0.0.1" for this machine only, "0.0.0.0" for all. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The project's name, as volunteers see it. */
  readonly name: string;
  /** Its address as volunteers see it, where a reverse proxy stands in front. */
  readonly publicUrl?: string;
  /** Where people may sign in with an account they have there. */
  readonly institute?: InstituteSettings;
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

/** With the defaults that both what answers and what listens need. */
type SettledOptions = ServerOptions & Required<Pick<ServerOptions, 'isProxy' | 'limits'>>;

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

/**
 * Starts a project server. With an embedded store its folder is held by one server at a time. Whatever a killed one left
 * is repaired here: PostgreSQL replays its log, waiting spot checks are taken up, unfinished uploads stay.
 * @throws ServerStartError, StoreError
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const files = serverFiles(options.dataFolder);
  const lock = await holdFolder(files, options.database !== undefined);
  /** What has been opened, to be closed in the reverse order. */
  const opened: (() => Promise<void>)[] = [() => lock.release()];
  const close = once(async () => {
    const failures: unknown[] = [];
    for (const one of opened.reverse()) await one().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'the project server did not end cleanly');
  });
  try {
    const settled: SettledOptions = { isProxy: () => false, limits: LIMITS, ...options };
    const project = await openProject(settled, files, opened);
    const app = projectApp(project, options.pageFolder ?? null);
    const server = await listen(app, settled);
    opened.push(() => stopListening(server));
    opened.push(() => project.live.close());
    const url = urlOf(server, options.host);
    const endpoint: ServerEndpoint = { url, staffToken: project.staffToken, pid: process.pid };
    await writeFileAtomic(files.endpoint, `${JSON.stringify(endpoint)}\n`, 0o600);
    opened.push(() => removeEndpoint(files.endpoint));
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

/** That of another server that shares the folder stays. */
async function removeEndpoint(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.includes(`"pid":${process.pid}`)) await rm(path, { force: true });
}

async function openProject(
  {
    name,
    log,
    publicUrl,
    institute,
    mostListeners,
    database,
    objects,
    isProxy,
    limits,
    storeBuffersMb,
  }: SettledOptions,
  files: ServerFiles,
  opened: (() => Promise<void>)[],
): Promise<Project> {
  if (existsSync(files.restoring)) {
    throw new ServerStartError(
      `${files.dataFolder} is of a restore that was cut off; empty it and restore the backup again`,
    );
  }
  await Project.makeFolders(files);
  await removeUnfinished(files, database !== undefined);
  const { db, key, software, staffToken, metricsToken } = database
    ? await openShared(database, files, log, opened)
    : await openAlone(files, storeBuffersMb, log, opened);
  const ending = new AbortController();
  opened.push(async () => ending.abort(new S3Fault('the server ends', true, null)));
  const project = new Project({
    bucket: await openBucket(files, objects, key.fingerprint, log, ending.signal),
    db,
    files,
    key,
    software,
    staffToken,
    metricsToken,
    name,
    publicUrl,
    institute,
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

interface Opened {
  readonly db: Database;
  readonly key: ProjectKey;
  readonly software: Software;
  readonly staffToken: string;
  readonly metricsToken: string;
}

async function openAlone(
  files: ServerFiles,
  storeBuffersMb: number | undefined,
  log: Logger,
  opened: (() => Promise<void>)[],
): Promise<Opened> {
  const key = await projectKey(files.key);
  // A key of RSA is searched for in another thread, while the store opens in this one.
  const [db, software] = await both(
    openStore(files.database, storeBuffersMb),
    Software.open(files, key.fingerprint, log),
  );
  opened.push(() => db.close());
  return { db, key, software, ...(await tokens(files)) };
}

/** Keys and tokens are made by the first of several servers, the others find them. */
async function openShared(
  options: PostgresqlOptions,
  files: ServerFiles,
  log: Logger,
  opened: (() => Promise<void>)[],
): Promise<Opened> {
  const db = await openPostgresql(options);
  opened.push(() => db.close());
  return inTurn(db, 'start', async () => {
    const key = await projectKey(files.key);
    await migrate(db, new Date());
    await mustBeOurs(db, key.fingerprint, files.dataFolder);
    const software = await Software.open(files, key.fingerprint, log);
    return { db, key, software, ...(await tokens(files)) };
  });
}

async function tokens(files: ServerFiles): Promise<Pick<Opened, 'staffToken' | 'metricsToken'>> {
  return {
    staffToken: await keptToken(files.staffToken),
    metricsToken: await keptToken(files.metricsToken),
  };
}

/** Neither is left behind when the other fails. */
async function both<T extends Database, U>(store: Promise<T>, other: Promise<U>): Promise<[T, U]> {
  const [opened, done] = await Promise.allSettled([store, other]);
  if (opened.status === 'rejected') throw opened.reason;
  if (done.status === 'fulfilled') return [opened.value, done.value];
  await opened.value.close();
  throw done.reason;
}

async function openStore(folder: string, buffersMb?: number): Promise<Database> {
  await prepareDataFolder(folder);
  const db = await openPglite(folder, buffersMb);
  try {
    await migrate(db, new Date());
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

function listen(app: Hono, { host, port, limits, isProxy }: SettledOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createAdaptorServer({
      fetch: app.fetch,
      serverOptions: { connectionsCheckingInterval: limits.headersMs / 4 },
    }) as Server;
    server.headersTimeout = limits.headersMs;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.requestTimeout = REQUEST_MS;
    limitConnections(server, mostConnections(), isProxy);
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
