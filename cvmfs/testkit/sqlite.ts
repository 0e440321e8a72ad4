import { rmSync } from 'node:fs';
import sqlite from 'node-sqlite3-wasm';

/** A database by SQLite, at a path where nothing is: what others may write, also such as we would not. */
export function createDatabase(path: string, sql: string): void {
  const database = new sqlite.Database(path);
  try {
    database.exec(
      `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN; ${sql}; COMMIT;`,
    );
  } finally {
    database.close();
    // In exclusive mode the library leaves it behind.
    rmSync(`${path}.lock`, { recursive: true, force: true });
  }
}
