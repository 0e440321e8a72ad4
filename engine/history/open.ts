import fs, { existsSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import sqlite, { type Database as DatabaseType } from 'node-sqlite3-wasm';
import { MIGRATIONS } from './migrations.ts';
import { HistoryError } from './records.ts';

export type Database = DatabaseType;

export interface Opened {
  readonly database: Database;
  /** Where the damaged file was put, when there was one. */
  readonly movedAside: string | null;
}

/**
 * Opens the history of this host, creating it or bringing it up to date.
 *
 * The caller MUST be the only one that uses the file (the engine holds its folder's lock): a lock found here was
 * left by a process that was killed. A damaged file is kept beside, never deleted, and a new one is begun.
 *
 * @throws HistoryError when the file was written by a newer version
 */
export function openHistory(path: string, nowMs: number): Opened {
  rmSync(`${path}.lock`, { recursive: true, force: true });
  try {
    return { database: openSound(path), movedAside: null };
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  const aside = `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`;
  renameSync(path, aside);
  // The journal belongs to the damaged file: beside a new one it would be played into it.
  if (existsSync(`${path}-journal`)) renameSync(`${path}-journal`, `${aside}-journal`);
  return { database: openSound(path), movedAside: aside };
}

/** Damage that shows only later: while a query runs. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && /malformed|not a database|failed its check/.test(error.message);
}

/**
 * Has SQLite undo the transaction that a killed process left half-written.
 *
 * By itself this build (0.8.60) never does: it asks whether somebody else is writing by looking for the lock, finds
 * the folder it has just made itself, and leaves the journal to its supposed owner. The folder is ours alone, so for
 * the one read in which SQLite looks for a journal, that question is answered with no.
 */
function rollBack(path: string): void {
  const { accessSync } = fs;
  const database = new sqlite.Database(path);
  fs.accessSync = (asked, mode) => {
    if (asked === `${resolve(path)}.lock`) throw new Error('nobody else is writing');
    accessSync(asked, mode);
  };
  try {
    database.get('PRAGMA user_version');
  } finally {
    fs.accessSync = accessSync;
    database.close();
  }
}

function openSound(path: string): Database {
  if (existsSync(`${path}-journal`)) rollBack(path);
  const database = new sqlite.Database(path);
  try {
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA busy_timeout = 2000;');
    const check = database.get('PRAGMA quick_check(1)');
    if (check?.quick_check !== 'ok')
      throw new Error(`history failed its check: ${String(check?.quick_check)}`);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: Database): void {
  const version = Number(database.get('PRAGMA user_version')?.user_version ?? 0);
  if (version > MIGRATIONS.length) {
    throw new HistoryError(
      `The history of this computer was written by a newer Beamtime (format ${version}, this one knows ${MIGRATIONS.length}). Update Beamtime, or choose another data folder.`,
    );
  }
  MIGRATIONS.slice(version).forEach((step, i) => {
    inTransaction(database, () => {
      database.exec(step);
      // A pragma takes no parameters; the value is ours.
      database.exec(`PRAGMA user_version = ${version + i + 1}`);
    });
  });
}

/** All of it or nothing, also over a power cut. */
export function inTransaction<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const value = work();
    database.exec('COMMIT');
    return value;
  } catch (error) {
    // A full disk may have ended the transaction already.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
