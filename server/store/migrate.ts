import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Database, inTurn, type Queryable, StoreError } from './database.ts';

/** Numbered SQL files. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('./sql/', import.meta.url));

/** Names of the files, in their order. */
async function migrations(): Promise<string[]> {
  return (await readdir(MIGRATIONS_FOLDER)).filter((name) => /^\d{4}_.+\.sql$/.test(name)).sort();
}

function newestOf(files: readonly string[]): number {
  return Number(files.at(-1)?.slice(0, 4) ?? 0);
}

/** @returns the number of the newest migration the store has had, and that of the newest this server knows */
export async function schemaOf(db: Queryable): Promise<{ readonly store: number; readonly server: number }> {
  const [row] = await db.query<{ number: number | null }>('SELECT max(number) AS number FROM migration');
  return { store: row?.number ?? 0, server: newestOf(await migrations()) };
}

/**
 * Brings the store to this server's schema: numbered files, forward only, each in a transaction that also writes its own
 * row. Of servers that start at once one does it, the others wait and find it done.
 * @param upTo the last to apply, where it is to be as an earlier server left it
 * @throws StoreError when the store is of a newer server
 */
export async function migrate(db: Database, now: Date, upTo = Number.POSITIVE_INFINITY): Promise<void> {
  await inTurn(db, 'migrate', () => migrateAlone(db, now, upTo));
}

async function migrateAlone(db: Database, now: Date, upTo: number): Promise<void> {
  await db.execute(
    'CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)',
  );
  const files = await migrations();
  const applied = new Set(
    (await db.query<{ number: number }>('SELECT number FROM migration')).map((row) => row.number),
  );
  const newest = Math.max(0, ...applied);
  const known = newestOf(files);
  if (newest > known) {
    throw new StoreError(
      `the store is at schema ${newest}, this server knows ${known}; use the newer server`,
    );
  }
  for (const name of files) {
    const number = Number(name.slice(0, 4));
    if (applied.has(number) || number > upTo) continue;
    const sql = await readFile(join(MIGRATIONS_FOLDER, name), 'utf8');
    const row = `INSERT INTO migration VALUES (${number}, '${name}', '${now.toISOString()}')`;
    await db.execute(`${row};\n${sql}`);
  }
}
