/** Writing databases. What others wrote is read by database/, and readers do without all this. */
import { rmSync } from 'node:fs';
import sqlite, { type Database, type SQLiteValue } from 'node-sqlite3-wasm';

export type { Database, SQLiteValue } from 'node-sqlite3-wasm';

/** A new database at a path where nothing is, written in one go: whoever is killed meanwhile leaves a file nobody uses. */
export function createDatabase(path: string, schema: string, fill: (database: Database) => void): void {
  const database = new sqlite.Database(path);
  try {
    database.exec(
      'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN;',
    );
    database.exec(schema);
    fill(database);
    database.exec('COMMIT');
  } finally {
    closeAll(database, path);
  }
}

/** The library leaves its lock behind when a database is closed in exclusive mode. */
function closeAll(database: Database, path: string): void {
  database.close();
  rmSync(`${path}.lock`, { recursive: true, force: true });
}

/** Inserts many rows through one prepared statement. */
export function insertAll(database: Database, sql: string, rows: Iterable<readonly SQLiteValue[]>): void {
  const statement = database.prepare(sql);
  try {
    for (const row of rows) statement.run([...row]);
  } finally {
    statement.finalize();
  }
}

export const PROPERTIES_TABLE =
  'CREATE TABLE properties (key TEXT, value TEXT, CONSTRAINT pk_properties PRIMARY KEY (key));';

export function writeProperties(database: Database, properties: Iterable<readonly [string, string]>): void {
  insertAll(database, 'INSERT INTO properties (key, value) VALUES (?, ?)', properties);
}
