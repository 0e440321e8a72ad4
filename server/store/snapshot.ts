import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { type Database, type Queryable, StoreError } from './database.ts';
import { migrate, schemaOf } from './migrate.ts';

/**
 * The whole store as text, whatever PostgreSQL holds it: the way of backups, and from one PostgreSQL to another.
 *
 *     # {"format":1,"schema":3}                      the first line
 *     # {"table":"host","columns":["id", ...]}       before the rows of each table
 *     {"id":1,"token_sha256":"...", ...}             a row, as PostgreSQL writes it in JSON
 *     # {"sequences":[...],"rows":1234}              the last line
 */
const Head = z.strictObject({ format: z.literal(1), schema: z.number().int().positive() });
const Name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);
const Table = z.strictObject({ table: Name, columns: z.array(Name).min(1) });
const Sequence = z.strictObject({ name: Name, last: z.number().int(), called: z.boolean() });
const Foot = z.strictObject({ sequences: z.array(Sequence), rows: z.number().int().nonnegative() });
type Table = z.infer<typeof Table>;

const FETCH_ROWS = 1000;
const LOAD_BYTES = 2_000_000;

/** migration is left out: its rows are those of the migrations that are run before loading. */
const TABLES = `
  SELECT relname AS "table", array_agg(attname::text ORDER BY attnum) AS columns
  FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'migration'
    AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
  GROUP BY relname ORDER BY relname`;

const SEQUENCES = `
  SELECT relname AS name FROM pg_class
  WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace ORDER BY relname`;

/**
 * Writes the store as it is at one moment. The embedded store does nothing else meanwhile.
 * @returns the number of rows
 */
export function writeSnapshot(db: Database, file: FileHandle): Promise<number> {
  return db.transaction(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const { store } = await schemaOf(tx);
    const note = (value: object) => file.writeFile(`# ${JSON.stringify(value)}\n`);
    await note({ format: 1, schema: store });
    let rows = 0;
    for (const table of await tx.query<Table>(TABLES)) {
      await note(table);
      const columns = table.columns.map(quoted).join(', ');
      await tx.query(
        `DECLARE snapshot NO SCROLL CURSOR FOR
         SELECT row_to_json(one)::text AS line FROM (SELECT ${columns} FROM ${quoted(table.table)}) AS one`,
      );
      for (;;) {
        const fetched = await tx.query<{ line: string }>(`FETCH ${FETCH_ROWS} FROM snapshot`);
        if (fetched.length === 0) break;
        rows += fetched.length;
        await file.writeFile(fetched.map(({ line }) => `${line}\n`).join(''));
      }
      await tx.query('CLOSE snapshot');
    }
    const sequences: z.infer<typeof Sequence>[] = [];
    for (const { name } of await tx.query<{ name: string }>(SEQUENCES)) {
      const [at] = await tx.query<{ last: number; called: boolean }>(
        `SELECT last_value AS last, is_called AS called FROM ${quoted(name)}`,
      );
      if (at) sequences.push({ name, ...at });
    }
    await note({ sequences, rows });
    return rows;
  });
}

/**
 * Replaces all that a store holds, which is brought first to the snapshot's schema and then to this server's.
 * @param ahead by how much a sequence goes on after where it was
 * @throws StoreError where the snapshot is of a newer server, or not whole
 */
export async function loadSnapshot(
  db: Database,
  lines: AsyncIterable<string>,
  now: Date,
  ahead: Readonly<Record<string, number>> = {},
): Promise<void> {
  const each = lines[Symbol.asyncIterator]();
  const head = Head.safeParse(noteOf((await each.next()).value ?? ''));
  if (!head.success) throw new StoreError('the snapshot of the store has no head that this server can read');
  const { schema } = head.data;
  await db.execute('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await migrate(db, now, schema);
  const { store } = await schemaOf(db);
  if (store !== schema) {
    throw new StoreError(
      `the snapshot is of schema ${schema}, this server knows ${store}; use the newer server`,
    );
  }
  await db.transaction(async (tx) => {
    // The rows were consistent when they were read; triggers have had their say then.
    await tx.query('SET LOCAL session_replication_role = replica');
    const tables = await tx.query<Table>(TABLES);
    // What a migration has put there is in the snapshot too, as it was at last.
    await tx.query(`TRUNCATE ${tables.map(({ table }) => quoted(table)).join(', ')}`);
    const foot = await loadRows(tx, each);
    for (const { name, last, called } of foot.sequences) {
      await tx.query('SELECT setval($1::regclass, $2::bigint, $3::boolean)', [
        quoted(name),
        last + (ahead[name] ?? 0),
        called,
      ]);
    }
  });
  await migrate(db, now);
}

async function loadRows(tx: Queryable, lines: AsyncIterator<string>): Promise<z.infer<typeof Foot>> {
  let into: Table | null = null;
  let waiting: string[] = [];
  let waitingBytes = 0;
  let rows = 0;
  const flush = async () => {
    if (into && waiting.length > 0) await insert(tx, into, waiting);
    rows += waiting.length;
    waiting = [];
    waitingBytes = 0;
  };
  for (;;) {
    const { done, value: line } = await lines.next();
    if (done) throw new StoreError('the snapshot of the store is cut off');
    if (line.startsWith('# ')) {
      await flush();
      const note = noteOf(line);
      const table = Table.safeParse(note);
      if (table.success) {
        into = table.data;
        continue;
      }
      const foot = Foot.safeParse(note);
      if (!foot.success || foot.data.rows !== rows)
        throw new StoreError('the snapshot of the store is damaged');
      return foot.data;
    }
    waiting.push(line);
    waitingBytes += line.length;
    if (waitingBytes > LOAD_BYTES) await flush();
  }
}

/** The rows stay text: numbers of PostgreSQL need not be numbers here. */
async function insert(tx: Queryable, { table, columns }: Table, rows: readonly string[]): Promise<void> {
  const names = columns.map(quoted).join(', ');
  await tx.query(
    `INSERT INTO public.${quoted(table)} (${names}) OVERRIDING SYSTEM VALUE
     SELECT ${names} FROM json_populate_recordset(NULL::public.${quoted(table)}, $1::text::json)`,
    [`[${rows.join(',')}]`],
  );
}

/** Lines of a file. Node's readline would take other characters than "\n" for their ends too. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of createReadStream(file, 'utf8')) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function noteOf(line: string): unknown {
  try {
    return JSON.parse(line.replace(/^# /, ''));
  } catch {
    return null;
  }
}

/** Names are those of our own migrations; some are words of SQL, or types of it (point). */
function quoted(name: string): string {
  return `"${Name.parse(name)}"`;
}
