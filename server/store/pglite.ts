import { AsyncLocalStorage } from 'node:async_hooks';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { type Database, type Queryable, StoreError } from './database.ts';
import { DurableFiles } from './durable-files.ts';

/** See durable-files.ts for fsync. 32 MB of shared buffers hold the hot tables and halve the process's size. */
const START_PARAMETERS = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  ...['wal_sync_method=fsync', 'shared_buffers=32MB', 'jit=off'].flatMap((setting) => ['-c', setting]),
];

/** int8 beyond 2^53 can not be a JavaScript number; none of ours may get there, so it is an error, not a BigInt. */
const INT8 = 20;
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new StoreError(`the store holds ${text}, beyond exact numbers`);
  return value;
}

/**
 * Opens a prepared PostgreSQL data folder (prepare.ts). After a crash PostgreSQL replays its log here.
 * @throws StoreError when the folder is damaged
 */
export async function openPglite(folder: string): Promise<Database> {
  const complaints: string[] = [];
  let pglite: PGlite;
  try {
    pglite = await PGlite.create({
      fs: new DurableFiles(folder),
      startParams: START_PARAMETERS,
      parsers: { [INT8]: parseInt8 },
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
  /** True within the work of a transaction: whoever asks past its `tx` there would wait for it to end, for ever. */
  readonly #inTransaction = new AsyncLocalStorage<true>();
  /** Where the log ended after the last upkeep. */
  #keptUpTo = '';

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    this.#mustBeOutside();
    return told(async () => (await this.#pglite.query<Row>(sql, [...parameters])).rows);
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    this.#mustBeOutside();
    return told(() =>
      this.#pglite.transaction((tx) => this.#inTransaction.run(true, () => work(new PgliteTransaction(tx)))),
    );
  }

  #mustBeOutside(): void {
    if (this.#inTransaction.getStore()) {
      throw new Error('asked the store past the transaction it is in; ask its tx');
    }
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

/** SQLSTATE classes that mean the store, not the statement: XX internal and corruption, 53 resources, 58 I/O. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && /^(XX|53|58)/.test(code)) {
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
