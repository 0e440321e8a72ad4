import { afterAll, beforeAll, expect, test } from 'vitest';
import { noPostgresql, type PostgresqlServer, postgresqlServer } from '../testkit/postgresql.ts';
import { until } from '../testkit/until.ts';
import { type Database, StoreError, StoreUnreachable, type Topic } from './database.ts';
import { migrate } from './migrate.ts';
import { openPostgresql } from './postgresql.ts';

let server: PostgresqlServer;
let db: Database;
let other: Database;
const options = () => ({ url: server.url, patienceMs: 300, answerMs: 5000 });
beforeAll(async () => {
  if (noPostgresql !== null) return;
  server = await postgresqlServer();
  [db, other] = await Promise.all([openPostgresql(options()), openPostgresql(options())]);
});
afterAll(async () => {
  await db?.close();
  await other?.close();
  await server?.remove();
});
const isHere = noPostgresql === null;
const named = (name: string) => (isHere ? name : `${name} (skipped: ${noPostgresql})`);

test.skipIf(!isHere)(named('two servers that start at once bring the store to one schema'), async () => {
  const start = (one: Database) => one.transaction((tx) => tx.query('SELECT 1'));
  await Promise.all([start(db), start(other)]);
  await Promise.all([migrate(db, new Date()), migrate(other, new Date())]);
  const [row] = await db.query<{ n: number }>('SELECT count(*) AS n FROM migration');
  expect(row?.n).toBeGreaterThanOrEqual(6);
});

test.skipIf(!isHere)(named('numbers are numbers where they are exact, and refused where not'), async () => {
  await db.execute('CREATE TABLE number (i bigint, list bigint[])');
  await db.transaction((tx) => tx.query('INSERT INTO number VALUES ($1, $2)', [2 ** 53 - 1, [1, 2]]));
  expect(await db.query('SELECT i, list, now() AS at, $1::jsonb AS json FROM number', ['{"a":1}'])).toEqual([
    { i: 2 ** 53 - 1, list: [1, 2], at: expect.any(Date), json: { a: 1 } },
  ]);
  await expect(db.query('SELECT 9007199254740992::bigint AS i')).rejects.toThrow(StoreError);
});

test.skipIf(!isHere)(named('two transactions in a deadlock are both done, one of them twice'), async () => {
  await db.execute(
    'CREATE TABLE knot (id integer PRIMARY KEY, n integer); INSERT INTO knot VALUES (1, 0), (2, 0)',
  );
  let calls = 0;
  const met = Promise.withResolvers<void>();
  const add = (one: Database, first: number, second: number) =>
    one.transaction(async (tx) => {
      await tx.query('UPDATE knot SET n = n + 1 WHERE id = $1', [first]);
      calls++;
      if (calls === 2) met.resolve();
      await met.promise;
      await tx.query('UPDATE knot SET n = n + 1 WHERE id = $1', [second]);
    });
  await Promise.all([add(db, 1, 2), add(other, 2, 1)]);
  expect(calls).toBe(3);
  expect(await db.query('SELECT n FROM knot')).toEqual([{ n: 2 }, { n: 2 }]);
});

test.skipIf(!isHere)(
  named('all or nothing: what throws leaves no trace, nor does a failed statement that was ignored'),
  async () => {
    const fault = new Error('no');
    await expect(
      db.transaction(async (tx) => {
        await tx.query('UPDATE knot SET n = 9');
        throw fault;
      }),
    ).rejects.toBe(fault);
    await expect(
      db.transaction(async (tx) => {
        await tx.query('UPDATE knot SET n = 9');
        await tx.query('SELECT nonsense').catch(() => {});
      }),
    ).rejects.toThrow(/undone/);
    await expect(db.transaction(() => db.query('SELECT 1'))).rejects.toThrow(/ask its tx/);
    expect(await db.query('SELECT n FROM knot')).toEqual([{ n: 2 }, { n: 2 }]);
  },
);

test.skipIf(!isHere)(
  named('what one does alone no other does meanwhile, not even its own process'),
  async () => {
    const inside = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const first = db.alone('one', () => {
      begun.resolve();
      return inside.promise;
    });
    await begun.promise;
    expect(await other.alone('one', async () => {})).toBe(false);
    expect(await db.alone('one', async () => {})).toBe(false);
    expect(await other.alone('another', async () => {})).toBe(true);
    inside.resolve();
    expect(await first).toBe(true);
    expect(await other.alone('one', async () => {})).toBe(true);
  },
);

test.skipIf(!isHere)(named('news reaches all servers, once for each that tells it'), async () => {
  const heard: Record<string, Topic[]> = { db: [], other: [] };
  const forget = [
    db.onNews((topic) => heard.db?.push(topic)),
    other.onNews((topic) => heard.other?.push(topic)),
  ];
  db.announce('checks');
  db.announce('campaigns');
  await until('news', async () => heard.other?.length === 2);
  expect(heard).toEqual({ db: ['checks', 'campaigns'], other: ['checks', 'campaigns'] });
  for (const one of forget) one();
});

test.skipIf(!isHere)(
  named('while the server is away it is said so at once, and its return is noticed'),
  async () => {
    const heard: Topic[] = [];
    const forget = db.onNews((topic) => heard.push(topic));
    await server.kill();
    const lost = await db.transaction((tx) => tx.query('SELECT 1')).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(StoreUnreachable);
    expect((lost as Error).message).toMatch(
      /^the PostgreSQL server 127\.0\.0\.1:\d+ can not be reached .*Nothing is lost/,
    );
    const back = server.start();
    // One that asks while it starts waits for it.
    const waiting = openPostgresql(options());
    await back;
    await (await waiting).close();
    expect(await db.query('SELECT n FROM knot')).toEqual([{ n: 2 }, { n: 2 }]);
    await until('its session is back', async () => heard.includes('checks'));
    expect(await db.alone('one', async () => {})).toBe(true);
    forget();
  },
);

test.skipIf(!isHere)(named('what can not be used is refused with what to do'), async () => {
  const open = (url: string) => openPostgresql({ url, patienceMs: 0 });
  await expect(open(server.url.replace(/postgres$/, 'nothing'))).rejects.toThrow(
    /lets this server not in .*"nothing" does not exist.*correct the setting database/,
  );
  server.sql(
    "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0; ALTER DATABASE latin SET synchronous_commit = off",
  );
  await expect(open(server.url.replace(/postgres$/, 'latin'))).rejects.toThrow(/synchronous_commit off/);
});
