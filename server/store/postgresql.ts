import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg, { type ClientConfig, type Pool, type PoolClient } from 'pg';
import {
  type Database,
  exactInteger,
  inside,
  mustBeOutside,
  type Queryable,
  StoreError,
  StoreUnreachable,
  type Topic,
} from './database.ts';
import { mayDoAgain, told } from './postgresql-faults.ts';
import { Session } from './postgresql-session.ts';

export interface PostgresqlOptions {
  /** postgres://USER@HOST:PORT/DATABASE, as libpq takes it. What it leaves out, PGHOST, PGPASSWORD and the like may say. */
  readonly url: string;
  readonly password?: string;
  /** Connections of this process, but for the one of its session. */
  readonly connections?: number;
  /** How long a request waits for a server that is away, before it is told so; a restart takes less. */
  readonly patienceMs?: number;
  /** How long an answer may take before the connection is held to be cut. */
  readonly answerMs?: number;
}

/**
 * The batchers (dispatch/batcher.ts) keep a few busy whatever comes; the others are for looks. On two cores more made
 * nothing faster.
 */
const CONNECTIONS = 8;
const PATIENCE_MS = 5_000;
const AT_START_MS = 30_000;
const AGAIN_MS = 100;
const ANSWER_MS = 30_000;
/** A server that is cut off amid a transaction must not keep its locks for longer. */
const IDLE_IN_TRANSACTION_MS = 15_000;
const LOCK_MS = 10_000;
/** A deadlock undoes one of two; the other one goes on. */
const ATTEMPTS = 8;
const OLDEST = 15;
/** Statements of ours are constants, some hundred; beyond this something builds them, and a connection would keep all. */
const PREPARED = 400;

/** OID of bigint[], of which PostgreSQL writes "{1,2}". */
const INT8_ARRAY = 1016;
const parseInt8Array = (text: string) =>
  text === '{}' ? [] : text.slice(1, -1).split(',').map(exactInteger);

const types: ClientConfig['types'] = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === pg.types.builtins.INT8) return exactInteger;
    if (oid === INT8_ARRAY) return parseInt8Array;
    return pg.types.getTypeParser(oid, format);
  },
} as ClientConfig['types'];

/**
 * Opens the database of a PostgreSQL server, which any number of server processes may use.
 * @throws StoreUnreachable, StoreError where it can not be used
 */
export async function openPostgresql(options: PostgresqlOptions): Promise<Database> {
  const { url, password, answerMs = ANSWER_MS } = options;
  const config: ClientConfig = {
    connectionString: url,
    ...(password === undefined ? {} : { password }),
    types,
    application_name: 'beamtime',
    keepAlive: true,
    connectionTimeoutMillis: answerMs,
    // jit costs more than any of our statements takes. The keepalives free the locks of a server that is cut off.
    options: '-c jit=off -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3',
  };
  const where = addressOf(config);
  const pool = new pg.Pool({
    ...config,
    max: options.connections ?? CONNECTIONS,
    statement_timeout: answerMs,
    query_timeout: answerMs + 1000,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  });
  // Of a connection that ends while nobody uses it; who asks next gets another.
  pool.on('error', () => {});
  // While one is in use its query is told.
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new PostgresqlDatabase(pool, config, where, options.patienceMs ?? PATIENCE_MS);
  try {
    await db.open();
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

class PostgresqlDatabase implements Database {
  readonly isShared = true;
  readonly #pool: Pool;
  readonly #config: ClientConfig;
  readonly #where: string;
  readonly #patienceMs: number;
  readonly #session: Session;

  constructor(pool: Pool, config: ClientConfig, where: string, patienceMs: number) {
    this.#pool = pool;
    this.#config = config;
    this.#where = where;
    this.#patienceMs = patienceMs;
    this.#session = new Session(config, where);
  }

  async open(): Promise<void> {
    const [about] = await this.#patiently(AT_START_MS, (client) =>
      client.query<{ version: number; commit: string; encoding: string }>(
        `SELECT current_setting('server_version_num')::integer AS version, current_setting('synchronous_commit') AS commit,
           current_setting('server_encoding') AS encoding`,
      ),
    );
    const wrong =
      !about || about.version < OLDEST * 10_000
        ? `is older than version ${OLDEST}; use a newer one`
        : about.commit === 'off'
          ? 'has synchronous_commit off, with which a power cut takes acknowledged results; set it on'
          : about.encoding !== 'UTF8'
            ? `keeps this database as ${about.encoding}; make one with ENCODING 'UTF8'`
            : null;
    if (wrong) throw new StoreError(`the PostgreSQL server ${this.#where} ${wrong}`);
    await this.#session.open();
  }

  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    mustBeOutside(this);
    return this.#patiently(this.#patienceMs, (client) => client.query<Row>(sql, parameters));
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    mustBeOutside(this);
    for (let attempt = 1; ; attempt++) {
      const ended = await this.#patiently(this.#patienceMs, (client) => this.#attempt(client, work));
      if ('value' in ended) return ended.value;
      if (!mayDoAgain(ended.error) || attempt === ATTEMPTS) throw ended.error;
      await delay(randomInt(10 * attempt));
    }
  }

  /**
   * What is thrown has been before COMMIT was sent, and the connection is gone: the server undoes it, all may be done
   * again. Where the connection breaks after that, nobody knows until somebody looks: that is for whoever asked.
   */
  async #attempt<T>(
    client: Connection,
    work: (tx: Queryable) => Promise<T>,
  ): Promise<{ readonly value: T } | { readonly error: unknown }> {
    await client.query('BEGIN');
    let value: T;
    try {
      value = await inside(this, () => work(client));
    } catch (error) {
      if (client.isBroken) throw client.isBroken;
      await client.query('ROLLBACK');
      return { error };
    }
    try {
      if ((await client.command('COMMIT')) === 'COMMIT') return { value };
      return { error: new Error('a failed statement was ignored, and so its transaction was undone') };
    } catch (error) {
      return { error };
    }
  }

  async execute(sql: string): Promise<void> {
    mustBeOutside(this);
    // Migrations may take long, and what they lock they wait for.
    const client = new pg.Client(this.#config);
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query(sql);
    } catch (error) {
      throw told(error, this.#where);
    } finally {
      await client.end().catch(() => {}); // it is gone then
    }
  }

  alone(name: string, work: () => Promise<void>): Promise<boolean> {
    return this.#session.alone(name, work);
  }

  announce(topic: Topic): void {
    this.#session.announce(topic);
  }

  onNews(hear: (topic: Topic) => void): () => void {
    return this.#session.onNews(hear);
  }

  /** A server has processes of its own for that. */
  async maintain(): Promise<void> {}

  async close(): Promise<void> {
    await this.#session.close();
    await this.#pool.end();
  }

  /** Does `work` on a connection; where that breaks, on another, for as long as patience lasts. */
  async #patiently<T>(patienceMs: number, work: (client: Connection) => Promise<T>): Promise<T> {
    for (const end = Date.now() + patienceMs; ; await delay(AGAIN_MS)) {
      try {
        return await this.#on(work);
      } catch (error) {
        if (!(error instanceof StoreUnreachable) || Date.now() >= end) throw error;
      }
    }
  }

  async #on<T>(work: (client: Connection) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw told(error, this.#where);
    });
    const connection = new Connection(client, this.#where);
    try {
      return await work(connection);
    } finally {
      // One that does not answer, or that was amid something, is no longer of use.
      client.release(connection.isBroken ?? undefined);
    }
  }
}

/** Names of prepared statements: the same on all connections. */
const names = new Map<string, string>();

function nameOf(sql: string): string | undefined {
  const known = names.get(sql);
  if (known !== undefined || names.size >= PREPARED) return known;
  const name = `s${names.size}`;
  names.set(sql, name);
  return name;
}

class Connection implements Queryable {
  readonly #client: PoolClient;
  readonly #where: string;
  /** Why it is of no more use. */
  isBroken: StoreUnreachable | null = null;

  constructor(client: PoolClient, where: string) {
    this.#client = client;
    this.#where = where;
  }

  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#ask<Row>(sql, parameters)).rows;
  }

  /** @returns what the server says it did */
  async command(sql: string): Promise<string> {
    return (await this.#ask(sql, [])).command;
  }

  async #ask<Row extends object>(text: string, parameters: readonly unknown[]): Promise<pg.QueryResult<Row>> {
    const name = parameters.length > 0 ? nameOf(text) : undefined;
    try {
      return await this.#client.query<Row>(
        name === undefined ? { text, values: [...parameters] } : { name, text, values: [...parameters] },
      );
    } catch (error) {
      const said = told(error, this.#where);
      if (said instanceof StoreUnreachable) this.isBroken = said;
      throw said;
    }
  }
}

/** "HOST:PORT", for people: without the password that the URL may have. */
function addressOf(config: ClientConfig): string {
  const { host, port } = new pg.Client(config);
  return host.startsWith('/') ? host : `${host}:${port}`;
}
