import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, StoreError } from './database.ts';
import { migrate } from './migrate.ts';
import { openPglite } from './pglite.ts';
import { makeDataFolder, prepareDataFolder } from './prepare.ts';

let folder = '';
let db: Database;
/** How often the real fdatasync was called, by descriptor. */
let syncs = 0;
const real = fs.fdatasyncSync;
beforeAll(async () => {
  fs.fdatasyncSync = (descriptor) => {
    syncs++;
    real(descriptor);
  };
  syncBuiltinESMExports();
  folder = await mkdtemp(join(tmpdir(), 'beamtime-store-'));
  await prepareDataFolder(join(folder, 'database'));
  db = await openPglite(join(folder, 'database'));
  await migrate(db, new Date());
});
afterAll(async () => {
  fs.fdatasyncSync = real;
  syncBuiltinESMExports();
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});

test('it is set to lose nothing', async () => {
  const settings = await db.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings
     WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'data_checksums') ORDER BY name`,
  );
  expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
    data_checksums: 'on',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    wal_sync_method: 'fsync',
  });
});

test('a transaction that writes is on disk when it resolves; one that reads costs no fsync', async () => {
  await db.execute('CREATE TABLE durable (i integer)');
  for (let i = 0; i < 5; i++) {
    const before = syncs;
    await db.transaction((tx) => tx.query('INSERT INTO durable VALUES ($1)', [i]));
    expect(syncs).toBeGreaterThan(before);
  }
  const before = syncs;
  await db.query('SELECT * FROM durable');
  await db.transaction((tx) => tx.query('SELECT * FROM durable'));
  expect(syncs).toBe(before);
});

test('new segments of the log, and the folder they are in, are synced too', async () => {
  const before = syncs;
  await db.query('SELECT pg_switch_wal()');
  await db.transaction((tx) => tx.query('INSERT INTO durable VALUES (9)'));
  // The end of the old segment, the new one's file before and after it got its name, its folder, the row.
  expect(syncs - before).toBeGreaterThanOrEqual(5);
});

test('all or nothing: what throws leaves no trace', async () => {
  await db.execute('CREATE TABLE whole (i integer PRIMARY KEY)');
  const failing = db.transaction(async (tx) => {
    await tx.query('INSERT INTO whole VALUES (1)');
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  const refused = db.transaction(async (tx) => {
    await tx.query('INSERT INTO whole VALUES (2)');
    await tx.query('INSERT INTO whole VALUES (2)');
  });
  await expect(refused).rejects.toThrow('duplicate key');
  expect(await db.query('SELECT * FROM whole')).toEqual([]);
});

test('asking past the transaction one is in fails, where it would wait for ever', async () => {
  await expect(db.transaction(() => db.query('SELECT 1'))).rejects.toThrow('ask its tx');
  await expect(db.transaction(() => db.transaction(async () => 1))).rejects.toThrow('ask its tx');
  expect(await Promise.all([db.transaction(async () => 1), db.query('SELECT 1 AS one')])).toEqual([
    1,
    [{ one: 1 }],
  ]);
});

test('upkeep does nothing where nothing was written', async () => {
  await db.maintain();
  const before = syncs;
  await db.maintain();
  await db.query('SELECT 1');
  await db.maintain();
  expect(syncs).toBe(before);
  await db.transaction((tx) => tx.query('INSERT INTO durable VALUES (10)'));
  const after = syncs;
  await db.maintain();
  expect(syncs).toBeGreaterThan(after);
});

test('numbers beyond the exact ones are an error, never another number', async () => {
  expect(await db.query('SELECT 9007199254740991::bigint AS n')).toEqual([{ n: 9007199254740991 }]);
  await expect(db.query('SELECT 9007199254740993::bigint AS n')).rejects.toThrow(StoreError);
});

test('migrating again changes nothing; a store of a newer server is refused', async () => {
  const applied = () => db.query('SELECT * FROM migration ORDER BY number');
  const before = await applied();
  expect(before.length).toBeGreaterThanOrEqual(2);
  await migrate(db, new Date());
  expect(await applied()).toEqual(before);
  await db.transaction((tx) => tx.query("INSERT INTO migration VALUES (9999, 'future', now())"));
  await expect(migrate(db, new Date())).rejects.toThrow(/schema 9999.*use the newer server/);
  await db.transaction((tx) => tx.query('DELETE FROM migration WHERE number = 9999'));
});

/** What a server of schema 3 kept of a campaign that had one of its ten units merged. */
const FILLED_AT_3 = `
  INSERT INTO release (application, version, body, signature, added_at)
    VALUES ('model', '1', '{"application": "model", "referenceMicrosecondsPerEvent": 2.5}', '', now());
  INSERT INTO host (token_sha256, cores, os, engine_version, registered_at) VALUES ('', 1, 'x', '0', now());
  INSERT INTO campaign (name, spec, spec_text, release_id, platforms, created_at, points, units, units_made, units_valid,
                        events_valid)
    VALUES ('old', '{"name": "old", "events": 1000, "eventsPerUnit": 100}', '', 1, '{wasm32-wasi}', now(), 1, 10, 2, 1, 100);
  INSERT INTO point (campaign_id, index, parameters, units_valid, events_valid, counts)
    VALUES (1, 0, '{}', 1, 100, '{1,2}');
  INSERT INTO unit (campaign_id, point_index, first_event, events, state, quorum)
    VALUES (1, 0, 0, 100, 'valid', 1), (1, 0, 100, 100, 'open', 1);
  INSERT INTO lease (unit_id, host_id, deadline) VALUES (2, 1, now());`;

test('a data folder made without the template, filled under an older schema, becomes the same', async () => {
  const path = join(folder, 'fresh');
  await makeDataFolder(path, null);
  const fresh = await openPglite(path);
  try {
    await migrate(fresh, new Date(), 3);
    await fresh.execute(FILLED_AT_3);
    await migrate(fresh, new Date());
    expect(
      await fresh.query(
        'SELECT state, reason, owner, priority, deadline, extended_from, event_cost_us, canary, units_valid FROM campaign',
      ),
    ).toEqual([
      {
        state: 'running',
        reason: null,
        owner: 'staff',
        priority: 0,
        deadline: null,
        extended_from: [],
        event_cost_us: 2.5,
        canary: null,
        units_valid: 1,
      },
    ]);
    const pause = (state: string) => fresh.query('UPDATE campaign SET state = $1', [state]);
    await pause('cancelled');
    await expect(pause('asleep')).rejects.toThrow('campaign_state_check');
    const tables = (of: Database) =>
      of.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT IN ('durable', 'whole') ORDER BY 1",
      );
    expect(await tables(fresh)).toEqual(await tables(db));
  } finally {
    await fresh.close();
  }
});
