import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What the server needs of PostgreSQL. PGlite implements it in this process (pglite.ts), a pool of connections to a
 * server of its own does for any number of processes (postgresql.ts). The SQL is the same: statements take $1-style
 * parameters, and every change runs in transaction().
 */
export interface Queryable {
  /** One statement. Rows are trusted to have the shape the caller's SQL gives them. */
  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

export interface Database extends Queryable {
  /** Other server processes may use it at the same time. */
  readonly isShared: boolean;
  /**
   * All of `work` or nothing. When it resolves, the change is on disk (fsync), not only with the system. Where servers
   * got into each other's way, `work` is called again: it must not have changed anything but through its `tx`.
   * @throws whatever `work` throws, after rolling back; StoreError when the store itself fails
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /** Several statements without parameters in one message, which PostgreSQL runs as one transaction (migrations). */
  execute(sql: string): Promise<void>;
  /**
   * Does `work` unless another server of this store, or this one, does work of that name just now.
   * @returns whether it did
   */
  alone(name: string, work: () => Promise<void>): Promise<boolean>;
  /** Tells all servers of this store that there is news, soon and once for many: they look, and believe only the store. */
  announce(topic: Topic): void;
  /** @param hear also called where news may have been missed. @returns takes it back */
  onNews(hear: (topic: Topic) => void): () => void;
  /** What an embedded PostgreSQL has no background process for: checkpoint, vacuum, statistics. */
  maintain(): Promise<void>;
  close(): Promise<void>;
}

/** What servers tell each other: spot checks are due, hosts were caught, something that is shown of campaigns has changed. */
export const TOPICS = ['checks', 'caught', 'campaigns'] as const;
export type Topic = (typeof TOPICS)[number];

/** The store can not be opened, is damaged, or refused a statement that should work. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/**
 * The store can not be reached just now. Nothing acknowledged is lost, and whoever asked may ask the same again: whether
 * a change was still kept is found out then.
 */
export class StoreUnreachable extends StoreError {}

/** What a transaction has read was changed before it wrote: it is undone, and done again with what is there now. */
export class DoAgain extends Error {
  override readonly name = 'DoAgain';
}

/** int8 beyond 2^53 can not be a JavaScript number; none of ours may get there, so it is an error, not a BigInt. */
export function exactInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new StoreError(`the store holds ${text}, beyond exact numbers`);
  return value;
}

/** SQLSTATE classes that mean the store, not the statement: XX internal and corruption, 53 resources, 58 I/O. */
export function isStoreFault(code: unknown): boolean {
  return typeof code === 'string' && /^(XX|53|58)/.test(code);
}

/** True within the work of a transaction: whoever asks past its `tx` there may wait for it to end, for ever. */
const inTransaction = new AsyncLocalStorage<Database>();

export function mustBeOutside(db: Database): void {
  if (inTransaction.getStore() === db) {
    throw new Error('asked the store past the transaction it is in; ask its tx');
  }
}

export function inside<T>(db: Database, work: () => Promise<T>): Promise<T> {
  return inTransaction.run(db, work);
}

const TURN_MS = 50;

/** Does `work` when no server of this store does work of that name any more. */
export async function inTurn<T>(db: Database, name: string, work: () => Promise<T>): Promise<T> {
  let done: { readonly value: T } | null = null;
  for (;;) {
    await db.alone(name, async () => {
      done = { value: await work() };
    });
    if (done) return (done as { readonly value: T }).value;
    await delay(TURN_MS);
  }
}

/** Rows for jsonb_to_recordset($n): one parameter carries a whole batch. */
export function batch(rows: readonly object[]): string {
  return JSON.stringify(rows);
}
