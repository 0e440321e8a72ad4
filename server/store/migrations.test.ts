import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeSnapshot } from '../backup/take-snapshot.ts';
import { serverFiles } from '../files.ts';
import { Client, Host, Staff } from '../testkit/client.ts';
import { modelOutput } from '../testkit/model.ts';
import { testServer } from '../testkit/server.ts';
import type { Database } from './database.ts';
import { schemaOf } from './migrate.ts';
import { openPglite } from './pglite.ts';
import { makeDataFolder } from './prepare.ts';
import { linesOf, loadSnapshot } from './snapshot.ts';

/** Stores as earlier releases left them (testkit/filled-store.ts). */
const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url));
const fixtures = (await readdir(FIXTURES)).filter((name) => /^schema-\d{4}\.jsonl$/.test(name));

let folder = '';
let db: Database;
let isOpen = true;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-migrations-'));
  await makeDataFolder(serverFiles(folder).database);
  db = await openPglite(serverFiles(folder).database);
});
afterAll(async () => {
  if (isOpen) await db?.close();
  await rm(folder, { recursive: true, force: true });
});

const load = (name: string) => loadSnapshot(db, linesOf(join(FIXTURES, name)), new Date());

type Row = Readonly<Record<string, unknown>>;

/** Rows by table, as a snapshot has them. */
function tablesIn(snapshot: string): Map<string, Row[]> {
  const tables = new Map<string, Row[]>();
  let rows: Row[] = [];
  for (const line of snapshot.trimEnd().split('\n')) {
    if (!line.startsWith('# ')) {
      rows.push(JSON.parse(line));
      continue;
    }
    const { table } = JSON.parse(line.slice(2));
    rows = [];
    if (typeof table === 'string') tables.set(table, rows);
  }
  return tables;
}

/** Those of their columns that were there before, in an order that does not depend on the store's. */
function comparable(rows: readonly Row[], like: readonly Row[]): string[] {
  const columns = Object.keys(like[0] ?? {});
  return rows.map((row) => JSON.stringify(columns.map((column) => row[column]))).sort();
}

test.each(fixtures)('a filled store of %s comes to today’s schema with all it held', async (name) => {
  const before = tablesIn(await readFile(join(FIXTURES, name), 'utf8'));
  for (const [table, rows] of before) expect([table, rows.length > 0]).toEqual([table, true]);
  await load(name);
  const { store, server } = await schemaOf(db);
  expect(store).toBe(server);
  const after = tablesIn(await readFile(await takeSnapshot(db, serverFiles(folder)), 'utf8'));
  for (const [table, rows] of before)
    expect([table, comparable(after.get(table) ?? [], rows)]).toEqual([table, comparable(rows, rows)]);
});

test('a snapshot that is cut, lacks a row, or is of a newer server is refused', async () => {
  const [name = ''] = fixtures;
  const lines = (await readFile(join(FIXTURES, name), 'utf8')).trimEnd().split('\n');
  const loading = async (text: readonly string[]) => {
    async function* each() {
      yield* text;
    }
    await loadSnapshot(db, each(), new Date());
  };
  await expect(loading(lines.slice(0, -1))).rejects.toThrow('cut off');
  await expect(loading(lines.filter((line) => !line.startsWith('{"id":1,')))).rejects.toThrow('damaged');
  await expect(loading(['# {"format":1,"schema":9999}'])).rejects.toThrow(
    /schema 9999.*use the newer server/,
  );
  await expect(loading(['# {"format":2,"schema":3}'])).rejects.toThrow('no head that this server can read');
  await expect(loading([])).rejects.toThrow('no head');
});

test('today’s server reads what the earliest kept, and finishes what was open', async () => {
  const [earliest = ''] = fixtures.sort();
  const before = tablesIn(await readFile(join(FIXTURES, earliest), 'utf8'));
  await load(earliest);
  await db.close();
  isOpen = false;
  const server = await testServer({ dataFolder: folder });
  try {
    const staff = new Staff(server.url, server.staffToken);
    expect((await staff.campaign('single')).eventsValid).toBe(100);
    expect(await staff.results()).toHaveLength(before.get('result')?.length ?? 0);
    expect((await new Client(server.url).send('GET', '/releases/model/1')).status).toBe(200);
    const host = await Host.register(server.url);
    for (const lease of (await host.leases(16)).leases) await host.finish(lease, modelOutput(lease.card));
    expect(await staff.campaign('open')).toMatchObject({ state: 'complete', eventsValid: 100 });
  } finally {
    await server.stop();
  }
});
