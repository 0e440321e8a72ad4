import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustBeRecent } from '../api/session-cookie.ts';
import { ApiFailure } from '../errors.ts';
import type { Database } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { openPglite } from '../store/pglite.ts';
import { prepareDataFolder } from '../store/prepare.ts';
import { Accounts, type Identity } from './accounts.ts';
import { ApiTokens } from './api-tokens.ts';
import { Attempts } from './attempts.ts';
import { InstituteLinks } from './institute-links.ts';
import { Recovery } from './recovery.ts';
import { Sessions } from './sessions.ts';

const START = Date.UTC(2026, 10, 28, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let folder = '';
let db: Database;
let nowMs = START;
const now = () => new Date(nowMs);
let one: Identity;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-accounts-'));
  await prepareDataFolder(join(folder, 'database'));
  db = await openPglite(join(folder, 'database'));
  await migrate(db, now());
  one = await new Accounts(db, now).create({ login: 'one', password: 'a fine long password' });
});
afterAll(async () => {
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});

test('a volunteer’s session ends 30 days after its last use, and in half a year', async () => {
  nowMs = START;
  const sessions = new Sessions(db, now);
  const token = await sessions.begin(one, 'password', 'a browser');
  for (let day = 0; day < 170; day += 29) {
    nowMs = START + day * DAY;
    expect(await sessions.identify(token), `day ${day}`).toMatchObject({ login: 'one', role: 'volunteer' });
  }
  nowMs = START + 181 * DAY;
  expect(await sessions.identify(token)).toBeNull();

  const idle = await sessions.begin(one, 'password', 'a browser');
  nowMs += 31 * DAY;
  expect(await sessions.identify(idle)).toBeNull();
  await sessions.forget();
  expect(await db.query('SELECT FROM session')).toHaveLength(0);
});

test('that of staff ends after half a day without use', async () => {
  const sessions = new Sessions(db, now);
  const token = await sessions.begin({ ...one, role: 'staff' }, 'password', 'a browser');
  nowMs += 11 * HOUR;
  expect(await sessions.identify(token)).not.toBeNull();
  const idle = await sessions.begin({ ...one, role: 'staff' }, 'password', 'a browser');
  nowMs += 13 * HOUR;
  expect(await sessions.identify(idle)).toBeNull();
});

test('what takes an account over wants a sign-in of just now', async () => {
  const sessions = new Sessions(db, now);
  const token = await sessions.begin(one, 'password', 'a browser');
  nowMs += 14 * 60_000;
  const person = await sessions.identify(token);
  if (!person) throw new Error('nobody signed in');
  expect(() => mustBeRecent(person, now())).not.toThrow();
  nowMs += 2 * 60_000;
  expect(() => mustBeRecent(person, now())).toThrow(ApiFailure);
});

test('a token for programs ends when it says', async () => {
  const tokens = new ApiTokens(db, now);
  const { token } = await tokens.create(one.id, 'owner', { name: 'x', scopes: ['results:read'], days: 2 });
  nowMs += 2 * DAY - 1000;
  expect(await tokens.identify(token)).toMatchObject({ scopes: ['results:read'], role: 'volunteer' });
  nowMs += 2000;
  expect(await tokens.identify(token)).toBeNull();
});

test('what was tried at one server counts at all, refills, and is forgotten when it says nothing more', async () => {
  const secret = Buffer.alloc(32, 1);
  const servers = [new Attempts(db, secret), new Attempts(db, secret)] as const;
  const limit = { atOnce: 5, perSecond: 1 / 64 };
  const waits = async (n: number) => {
    const taken: number[] = [];
    for (let i = 0; i < n; i++)
      taken.push(await servers[i % 2 === 0 ? 0 : 1].take([['guess', 'x', limit]], now()));
    return taken;
  };
  expect(await waits(6)).toEqual([0, 0, 0, 0, 0, 64]);
  expect(await servers[0].take([['guess', 'y', limit]], now())).toBe(0);
  nowMs += 80_000;
  expect(await waits(2)).toEqual([0, 48]);
  await servers[0].forgive([['guess', 'x']]);
  expect(await waits(1)).toEqual([0]);
  expect(JSON.stringify(await db.query('SELECT key FROM attempt'))).not.toContain('"x"');
  nowMs += 3 * DAY;
  await servers[0].forget(now());
  expect(await db.query('SELECT FROM attempt')).toHaveLength(0);
});

test('a link that resets a password ends after an hour', async () => {
  const recovery = new Recovery(db, now);
  const early = await recovery.newLink('one', 'a test');
  nowMs += HOUR - 1;
  expect(
    await recovery.byLink({ token: early?.token ?? '', password: 'a fine long password' }),
  ).toMatchObject({
    id: one.id,
  });
  const late = await recovery.newLink('one', 'a test');
  nowMs += HOUR;
  expect(await recovery.byLink({ token: late?.token ?? '', password: 'a fine long password' })).toBeNull();
  await recovery.forget();
  expect(await db.query('SELECT FROM reset_link')).toHaveLength(0);
});

test('who stays at an institute for ten minutes begins again', async () => {
  const links = new InstituteLinks(db, now);
  const visit = { state: 's', nonce: 'n', verifier: 'v' };
  const early = await links.keepVisit(visit, one.id);
  nowMs += HOUR / 6 - 1;
  expect(await links.takeVisit(early)).toEqual({ ...visit, accountId: one.id });
  const late = await links.keepVisit(visit, null);
  nowMs += HOUR / 6;
  expect(await links.takeVisit(late)).toBeNull();
  await links.forget();
  expect(await db.query('SELECT FROM institute_visit')).toHaveLength(0);
});
