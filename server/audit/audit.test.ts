import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { openPglite } from '../store/pglite.ts';
import { prepareDataFolder } from '../store/prepare.ts';
import { nextRow, verifyTrail } from './chain.ts';
import { appendAudit, auditAfter, auditBefore } from './trail.ts';

const ROWS = 7;
let folder = '';
let db: Database;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-audit-'));
  await prepareDataFolder(join(folder, 'database'));
  db = await openPglite(join(folder, 'database'));
  await migrate(db, new Date());
  for (let i = 0; i < ROWS; i += 2) {
    const details = { name: `n${i}`, count: i, isLast: i === 6, none: null };
    const events = [
      { event: 'one', details },
      { event: 'two', details: {} },
    ].slice(0, ROWS - i);
    await db.transaction((tx) => appendAudit(tx, new Date(1e12 + i), events));
  }
});
afterAll(async () => {
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});

/** In pages of three: the end of one is followed by the next. */
const verify = () => verifyTrail((number) => auditAfter(db, number, 3));

test('what was written is whole and comes back in both orders', async () => {
  expect(await verify()).toMatchObject({
    rows: ROWS,
    breach: null,
    head: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect((await auditBefore(db, 4, 2)).map((row) => row.number)).toEqual([3, 2]);
  expect((await auditAfter(db, 4, 2)).map((row) => row.number)).toEqual([5, 6]);
});

test('the store itself refuses to change it', async () => {
  for (const statement of ["UPDATE audit SET event = 'x'", 'DELETE FROM audit', 'TRUNCATE audit'])
    await expect(db.execute(statement)).rejects.toThrow('append-only');
  expect((await verify()).breach).toBeNull();
});

test('events of a transaction that failed are not there, and leave no gap', async () => {
  await expect(
    db.transaction(async (tx) => {
      await appendAudit(tx, new Date(), [{ event: 'lost', details: {} }]);
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  expect(await verify()).toMatchObject({ rows: ROWS, breach: null });
});

test.each([
  ["UPDATE audit SET event = 'other' WHERE number = 5", 'row 5 was changed', 4],
  [`UPDATE audit SET details = '{"name": "m4"}' WHERE number = 5`, 'row 5 was changed', 4],
  ["UPDATE audit SET at = at + interval '1 second' WHERE number = 1", 'row 1 was changed', 0],
  ['DELETE FROM audit WHERE number = 3', 'row 3 is missing', 2],
  ['DELETE FROM audit WHERE number IN (4, 5)', 'rows 4 to 5 are missing', 3],
  ['DELETE FROM audit WHERE number = 1', 'row 1 is missing', 0],
  // Made up anew with a right hash of its own.
  [forged(), 'row 5 does not follow the row before it', 4],
])('%s: %s', async (statement, breach, rows) => {
  await db.execute('ALTER TABLE audit DISABLE TRIGGER ALL; CREATE TABLE kept AS SELECT * FROM audit');
  await db.execute(statement);
  expect(await verify()).toMatchObject({ rows, breach });
  await db.execute('DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DROP TABLE kept');
  await db.execute('ALTER TABLE audit ENABLE TRIGGER ALL');
  expect((await verify()).breach).toBeNull();
});

function forged(): string {
  const { hash } = nextRow({ number: 4, hash: 'f'.repeat(64) }, new Date(1e12), {
    event: 'forged',
    details: {},
  });
  return `UPDATE audit SET at = '${new Date(1e12).toISOString()}', event = 'forged', details = '{}',
    previous = '${'f'.repeat(64)}', hash = '${hash}' WHERE number = 5`;
}
