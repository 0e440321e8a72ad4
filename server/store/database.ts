/**
 * What the server needs of PostgreSQL. PGlite implements it in this process; a pool of connections to a real
 * server can, with the same SQL: statements take $1-style parameters, and every change runs in transaction().
 */
export interface Queryable {
  /** One statement. Rows are trusted to have the shape the caller's SQL gives them. */
  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

export interface Database extends Queryable {
  /**
   * All of `work` or nothing. When it resolves, the change is on disk (fsync), not only with the system.
   * @throws whatever `work` throws, after rolling back; StoreError when the store itself fails
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /** Several statements without parameters in one message, which PostgreSQL runs as one transaction (migrations). */
  execute(sql: string): Promise<void>;
  /** What an embedded PostgreSQL has no background process for: checkpoint, vacuum, statistics. */
  maintain(): Promise<void>;
  close(): Promise<void>;
}

/** The store can not be opened, is damaged, or refused a statement that should work. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** Rows for jsonb_to_recordset($n): one parameter carries a whole batch. */
export function batch(rows: readonly object[]): string {
  return JSON.stringify(rows);
}
