import { setFlagsFromString } from 'node:v8';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import {
  type Database,
  exactInteger,
  inside,
  isStoreFault,
  mustBeOutside,
  type Queryable,
  StoreError,
  type Topic,
} from './database.ts';
import { DurableFiles } from './durable-files.ts';

/** PostgreSQL's shared buffers: these hold the hot tables, and halve the size of the process. */
const BUFFERS_MB = 32;

/** See durable-files.ts for fsync. */
const startParameters = (buffersMb: number) => [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  ...['wal_sync_method=fsync', `shared_buffers=${buffersMb}MB`, 'jit=off'].flatMap((setting) => [
    '-c',
    setting,
  ]),
];

/**
 * How much of a function of WebAssembly runs before V8 optimises it, in bytes; 13 million by default. PostgreSQL has functions of
 * 100 kB that reach that while it starts, and one takes 2.4 s and 600 MB to optimise (--trace-wasm-compilation-times). With this it
 * is done when the server answers already; with twice as much a busy one is slower for longer.
 */
const TIERING_BUDGET = 1_000_000_000;

const INT8 = 20;

/**
 * Opens a prepared PostgreSQL data folder (prepare.ts). After a crash PostgreSQL replays its log here.
 * @param buffersMb are cleared byte by byte first: 5 ms each
 * @throws StoreError when the folder is damaged
 */
export async function openPglite(folder: string, buffersMb = BUFFERS_MB): Promise<Database> {
  setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`);
  const complaints: string[] = [];
  let pglite: PGlite;
  try {
    pglite = await PGlite.create({
      fs: new DurableFiles(folder),
      startParams: startParameters(buffersMb),
      parsers: { [INT8]: exactInteger },
      onStderr: (line) => {
        complaints.push(line);
        return false;
      },
    });
  } catch (cause) {
    const said = complaints.filter((line) => /FATAL|PANIC|ERROR/.test(line)).at(-1) ?? String(cause);
    throw new StoreError(`the store in ${folder} can not be opened (${said}); restore it from a backup`, {
      cause,
    });
  }
  return new PgliteDatabase(pglite);
}

class PgliteDatabase implements Database {
  readonly #pglite: PGlite;
  /** The folder has one server (files.ts: lock). */
  readonly isShared = false;
  readonly #busy = new Set<string>();
  readonly #listeners = new Set<(topic: Topic) => void>();
  /** Where the log ended after the last upkeep. */
  #keptUpTo = '';

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    mustBeOutside(this);
    return told(async () => (await this.#pglite.query<Row>(sql, [...parameters])).rows);
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    mustBeOutside(this);
    return told(() => this.#pglite.transaction((tx) => inside(this, () => work(new PgliteTransaction(tx)))));
  }

  async alone(name: string, work: () => Promise<void>): Promise<boolean> {
    if (this.#busy.has(name)) return false;
    this.#busy.add(name);
    try {
      await work();
    } finally {
      this.#busy.delete(name);
    }
    return true;
  }

  announce(topic: Topic): void {
    for (const hear of this.#listeners) hear(topic);
  }

  onNews(hear: (topic: Topic) => void): () => void {
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  async execute(sql: string): Promise<void> {
    await told(() => this.#pglite.exec(sql));
  }

  /**
   * A standalone PostgreSQL backend has no checkpointer and no autovacuum: without this its log grows for
   * ever and the dispatch index fills with dead entries. Where nothing was written there is nothing to do.
   */
  async maintain(): Promise<void> {
    if ((await this.#logEnd()) === this.#keptUpTo) return;
    // Table by table, so that requests get their turn in between; the system's own tables hardly change.
    const tables = await this.query<{ name: string }>(
      "SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    );
    for (const { name } of tables) await told(() => this.#pglite.exec(`VACUUM (ANALYZE) ${name}`));
    await told(() => this.#pglite.exec('CHECKPOINT'));
    this.#keptUpTo = await this.#logEnd();
  }

  async #logEnd(): Promise<string> {
    const [row] = await this.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
    return row?.lsn ?? '';
  }

  async close(): Promise<void> {
    await this.#pglite.close();
  }
}

class PgliteTransaction implements Queryable {
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#transaction.query<Row>(sql, [...parameters])).rows;
  }
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (isStoreFault(code)) {
      throw new StoreError(
        `the store is damaged or its disk is full (${(error as Error).message}); stop the server and look before going on`,
        { cause: error },
      );
    }
    // PGlite's errors carry the parameters, a whole batch; logs must not.
    if (typeof error === 'object' && error !== null && 'params' in error) error.params = undefined;
    throw error;
  }
}
