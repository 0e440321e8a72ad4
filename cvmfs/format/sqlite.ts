import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import sqlite, { type Database, type NormalQueryResult, type SQLiteValue } from 'node-sqlite3-wasm';
import { FormatError, type FormatPart } from './errors.ts';

export type { Database, SQLiteValue } from 'node-sqlite3-wasm';
export type Row = NormalQueryResult;

const MAGIC = 'SQLite format 3\0';
/** The least a row takes: what a file of a size can hold at most. */
const LEAST_ROW_BYTES = 8;

export interface OpenedDatabase {
  readonly database: Database;
  /** More rows than fit the file: a query that gives as many goes in circles. */
  readonly mostRows: number;
  close(): void;
}

/**
 * Opens a database that somebody else wrote. It may be hostile even where its hash is right, so that nothing in its
 * schema may run: only plain tables and indices of columns, no views, triggers, virtual tables or expressions.
 *
 * The path MUST be this process's own, also among its other openings: this library locks by a folder beside the file,
 * which keeps out readers as well. The lock is held for good, since taking it anew costs more than a query.
 * @throws FormatError
 */
export function openForeign(part: FormatPart, path: string, tables: readonly string[]): OpenedDatabase {
  const size = checkHeader(part, path);
  let database: Database | undefined;
  try {
    database = new sqlite.Database(path, { readOnly: true, fileMustExist: true });
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -512;',
    );
    checkSchema(part, database, tables);
    const opened = database;
    return { database, mostRows: Math.ceil(size / LEAST_ROW_BYTES), close: () => closeAll(opened, path) };
  } catch (cause) {
    if (database) closeAll(database, path);
    throw asFormatError(part, cause);
  }
}

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

/** All rows of a query, or a refusal where there are more than the file can hold. */
export function allRows(part: FormatPart, opened: OpenedDatabase, sql: string): Row[] {
  try {
    const rows = opened.database.all(`${sql} LIMIT ${opened.mostRows + 1}`) as Row[];
    if (rows.length > opened.mostRows) throw new FormatError(part, 'a table goes in circles');
    return rows;
  } catch (cause) {
    throw asFormatError(part, cause);
  }
}

/** The table `properties` that catalogs, histories and reflogs have alike. */
export function readProperties(part: FormatPart, opened: OpenedDatabase): Map<string, string> {
  const rows = allRows(part, opened, 'SELECT key, value FROM properties');
  return new Map(rows.map(({ key, value }) => [String(key), String(value ?? '')]));
}

export const PROPERTIES_TABLE =
  'CREATE TABLE properties (key TEXT, value TEXT, CONSTRAINT pk_properties PRIMARY KEY (key));';

export function writeProperties(database: Database, properties: Iterable<readonly [string, string]>): void {
  insertAll(database, 'INSERT INTO properties (key, value) VALUES (?, ?)', properties);
}

/** A schema "2.5" is compared by its whole part: the rest only adds. */
export function checkVersion(part: FormatPart, properties: ReadonlyMap<string, string>, known: number): void {
  const schema = properties.get('schema') ?? '';
  if (Math.floor(Number.parseFloat(schema)) !== known) {
    throw new FormatError(
      part,
      `its schema is ${JSON.stringify(schema.slice(0, 20))}, and ${known} is known here`,
    );
  }
}

export function wholeNumber(part: FormatPart, value: SQLiteValue | undefined): number {
  const number = Number(value);
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  if (!isNumber || !Number.isSafeInteger(number))
    throw new FormatError(part, `${String(value)} is no whole number`);
  return number;
}

export function bytesOrNull(part: FormatPart, value: SQLiteValue | undefined): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  throw new FormatError(part, 'a column is of another type');
}

export function asFormatError(part: FormatPart, cause: unknown): FormatError {
  if (cause instanceof FormatError) return cause;
  return new FormatError(part, cause instanceof Error ? cause.message : String(cause), { cause });
}

/** @returns the file's size */
function checkHeader(part: FormatPart, path: string): number {
  const header = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, header, 0, 100, 0) < 100 || header.toString('latin1', 0, 16) !== MAGIC) {
      throw new FormatError(part, 'it is no SQLite database');
    }
    // Write-ahead logging would want files beside it.
    if (header.readUInt8(18) > 1 || header.readUInt8(19) > 1)
      throw new FormatError(part, 'it has a write-ahead log');
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}

function checkSchema(part: FormatPart, database: Database, tables: readonly string[]): void {
  const things = database.all(
    'SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master LIMIT 100',
  ) as Row[];
  for (const { type, name, rootpage, sql } of things) {
    const text = String(sql ?? '').toLowerCase();
    const plain = type === 'table' ? /^create table/ : /^create (unique )?index|^$/;
    const sound = (type === 'table' || type === 'index') && Number(rootpage) > 0 && plain.test(text);
    if (!sound || /generated|\bas\b|\bwhere\b|\bcollate\b/.test(text)) {
      throw new FormatError(
        part,
        `its schema holds ${String(type)} ${JSON.stringify(String(name).slice(0, 40))}`,
      );
    }
  }
  for (const table of tables) {
    if (!things.some(({ type, name }) => type === 'table' && name === table)) {
      throw new FormatError(part, `it has no table ${table}`);
    }
  }
}
