import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { openPglite } from '../store/pglite.ts';
import { prepareDataFolder } from '../store/prepare.ts';
import { badgesOf } from './badges.ts';
import { ProjectStatistics } from './statistics.ts';

const START = Date.UTC(2026, 10, 1);
const DAY = 86_400_000;

let folder = '';
let db: Database;
let nowMs = START;
const now = () => new Date(nowMs);
const key = { derive: (purpose: string) => Buffer.from(purpose) };
const credit = (host: number, seconds: number) =>
  db.execute(
    `UPDATE host SET credit_microseconds = credit_microseconds + ${seconds * 1e6}, events_valid = 1 WHERE id = ${host}`,
  );

/** Anew, as a server that has just started. */
const statistics = () => new ProjectStatistics(db, key, now);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-statistics-'));
  await prepareDataFolder(join(folder, 'database'));
  db = await openPglite(join(folder, 'database'));
  await migrate(db, now());
  const at = `'${now().toISOString()}'`;
  await db.execute(`
    INSERT INTO team (name, created_at) VALUES ('Ærøskøbing & <Co>', ${at});
    INSERT INTO account (login, name, country, published, public_id, team_id, created_at) VALUES
      ('open', 'Zoë "Z" <b>', 'DK', true, 'aa', 1, ${at}), ('shy', 'Secret Name', 'NO', false, 'bb', 1, ${at});
    INSERT INTO host (token_sha256, cores, os, engine_version, registered_at, account_id) VALUES
      ('1', 4, 'linux', '0', ${at}, 1), ('2', 8, 'windows', '0', ${at}, 2), ('3', 2, 'mac', '0', ${at}, null);
    UPDATE team SET founder_id = 2`);
  await credit(1, 700);
  await credit(2, 3000);
  await credit(3, 1000);
});
afterAll(async () => {
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});

test('credit a day is averaged as BOINC’s update_average() does', async () => {
  const aDay = async () => (await statistics().page()).people[0]?.creditADay;
  nowMs = START + 7 * DAY;
  // 700 in 7 days: 100 a day, at half weight after one half-life from nothing.
  expect(await aDay()).toBeCloseTo(50, 9);
  nowMs += 7 * DAY;
  expect(await aDay()).toBeCloseTo(25, 9);
  await credit(1, 1400);
  // Since the average of 50 a week ago 1400 in 7 days: 200 a day, at half weight.
  expect(await aDay()).toBeCloseTo(25 + 100, 9);
  // Looked at twice, nothing is counted twice; what is withdrawn is taken off, to nothing at least.
  expect(await aDay()).toBeCloseTo(125, 9);
  await credit(1, -2000);
  nowMs += DAY;
  expect(await aDay()).toBe(0);
  await credit(1, 600);
});

test('nobody is named who did not agree, and everything counts in the totals', async () => {
  const page = await statistics().page();
  expect(page.people.map(({ name }) => name)).toEqual(['Zoë "Z" <b>']);
  expect(page.countries).toMatchObject([{ country: 'DK', people: 1, creditMicroseconds: 700e6 }]);
  expect(page.hosts.map(({ person, os }) => [person, os])).toEqual([
    [null, 'windows'],
    [null, 'mac'],
    ['Zoë "Z" <b>', 'linux'],
  ]);
  expect(page.teams).toMatchObject([{ members: 2, creditMicroseconds: 3700e6 }]);
  expect(page.totals).toMatchObject({ accounts: 2, hosts: 3, creditMicroseconds: 4700e6 });
  expect(JSON.stringify(page)).not.toContain('Secret');
});

test('the files for statistics sites have BOINC’s elements, in ASCII', async () => {
  const made = statistics();
  const text = async (name: 'user.gz' | 'team.gz' | 'host.gz') =>
    gunzipSync(await made.file(name)).toString('latin1');
  expect(await text('user.gz')).toMatch(
    new RegExp(
      [
        '^<\\?xml version="1.0" encoding="iso-8859-1"\\?>',
        '<users>',
        '<user>',
        ' <id>1</id>',
        ' <name>Zo&#235; &#34;Z&#34; &#60;b&#62;</name>',
        ` <create_time>${START / 1000}</create_time>`,
        ' <total_credit>700.000000</total_credit>',
        ' <expavg_credit>[\\d.]+</expavg_credit>',
        ` <expavg_time>${nowMs / 1000}</expavg_time>`,
        ' <cpid>aa</cpid>',
        ' <country>DK</country>',
        ' <teamid>1</teamid>',
        '</user>',
        '</users>\n$',
      ].join('\n'),
    ),
  );
  expect(await text('team.gz')).toContain(
    ' <name>&#198;r&#248;sk&#248;bing &#38; &#60;Co&#62;</name>\n <userid>0</userid>\n <total_credit>3700.000000</total_credit>',
  );
  const hosts = await text('host.gz');
  expect(hosts).toMatch(
    /<host>\n <id>1<\/id>\n <userid>1<\/userid>\n <total_credit>700\.000000<\/total_credit>/,
  );
  expect(hosts.match(/<host>/g)).toHaveLength(1);
  const tables = new TextDecoder().decode(await made.file('tables.xml'));
  expect(tables).toContain(`<update_time>${nowMs / 1000}</update_time>\n <nusers_total>2</nusers_total>`);
  expect(tables).toContain('<nhosts_total>3</nhosts_total>\n <total_credit>4700.000000</total_credit>');
  for (const file of [tables, hosts]) expect(file).toMatch(/^[\n\x20-\x7e]*$/);
});

test.each([
  [0, 0, null, []],
  [1, 1, null, ['first-event']],
  [86_400e6, 9, 10, ['first-event', 'day', 'top-10']],
  [366 * 86_400e6, 9, 11, ['first-event', 'day', 'month', 'year', 'top-100']],
] as const)('badges of %d with %d events at place %s', (microseconds, events, place, badges) => {
  expect(badgesOf(microseconds, events, place)).toEqual(badges);
});
