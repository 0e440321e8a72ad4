import { execFileSync, fork } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sqlite from 'node-sqlite3-wasm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLogger } from '../../platform/log.ts';
import { HistoryDay } from '../../protocol/engine-api.ts';
import { ManualClock } from '../testkit/clock.ts';
import { History, HistoryError, type UnitRecord } from './index.ts';
import { MIGRATIONS } from './migrations.ts';
import { isDamage, openHistory } from './open.ts';
import { pruneUnits } from './queries/prune-units.ts';
import { readTotals } from './queries/read-totals.ts';
import { recordUnit } from './queries/record-unit.ts';

let folder = '';
let path = '';
let history: History | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-history-'));
  path = join(folder, 'history.sqlite');
});
afterEach(async () => {
  await history?.close();
  history = null;
  await rm(folder, { recursive: true });
});

function start(): History {
  history = new History(path, makeLogger('test', join(folder, 'log')));
  return history;
}

function unit(leaseId: string, change: Partial<UnitRecord> = {}): UnitRecord {
  return {
    leaseId,
    unitId: `unit-${leaseId}`,
    project: 'Demo',
    projectName: 'Demo',
    fills: null,
    campaign: 'scan',
    campaignTitle: 'A scan',
    application: 'evgen',
    events: 1000,
    seconds: 12.5,
    cpuSeconds: 12,
    eventsPerSecond: 80,
    verdict: 'pending',
    creditMicroseconds: 0,
    reason: null,
    outputHash: 'a'.repeat(64),
    capsule: 'wasm',
    accelerator: null,
    bootMs: null,
    restoreMs: null,
    firstEventMs: 40,
    finishedAt: new Date().toISOString(),
    ...change,
  };
}

const credited = { verdict: 'valid', creditMicroseconds: 5000 } as const;

describe('History', () => {
  it('begins empty', async () => {
    const history = start();
    expect(await history.totals()).toEqual({
      eventsComputed: 0,
      eventsValid: 0,
      unitsValid: 0,
      unitsPending: 0,
      unitsInvalid: 0,
      creditMicroseconds: 0,
      since: null,
    });
    expect(await history.days(30)).toEqual([]);
    expect(await history.finished(50)).toEqual([]);
  });

  it('counts a unit once, however often it is recorded', async () => {
    const history = start();
    expect(await history.record(unit('a'))).toBe(true);
    expect(await history.record(unit('a'))).toBe(false);
    expect(await history.totals()).toMatchObject({ eventsComputed: 1000, unitsPending: 1, unitsValid: 0 });
    expect(await history.record(unit('a', credited))).toBe(true);
    expect(await history.record(unit('a', credited))).toBe(false);
    expect(await history.record(unit('a', { verdict: 'invalid' }))).toBe(false);
    expect(await history.record(unit('a'))).toBe(false);
    expect(await history.totals()).toMatchObject({
      eventsComputed: 1000,
      eventsValid: 1000,
      unitsPending: 0,
      unitsValid: 1,
      unitsInvalid: 0,
      creditMicroseconds: 5000,
    });
    const days = await history.days(1);
    expect(days).toHaveLength(1);
    expect(HistoryDay.array().parse(days)[0]).toMatchObject({
      project: 'Demo',
      campaign: 'scan',
      unitsValid: 1,
      eventsValid: 1000,
      creditMicroseconds: 5000,
      cpuSeconds: 12,
    });
  });

  it('counts a unit whose verdict is the first it hears of it', async () => {
    const history = start();
    await history.record(unit('a', credited));
    expect(await history.totals()).toMatchObject({ eventsComputed: 1000, unitsValid: 1, unitsPending: 0 });
  });

  it('credits nothing for units that were not valid', async () => {
    const history = start();
    for (const verdict of ['invalid', 'late', 'lost'] as const) {
      await history.record(unit(verdict, { verdict, creditMicroseconds: 77 }));
    }
    await history.record(unit('failed', { verdict: 'failed', outputHash: null, reason: 'exit status 3' }));
    expect(await history.totals()).toMatchObject({
      eventsComputed: 3000,
      eventsValid: 0,
      unitsInvalid: 1,
      unitsPending: 0,
      creditMicroseconds: 0,
    });
  });

  it('keeps sums by day, project and campaign; a verdict counts for the day of the run', async () => {
    const history = start();
    const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    await history.record(unit('a', { finishedAt: ago(3) }));
    await history.record(unit('b', { finishedAt: ago(1), campaign: 'other' }));
    await history.record(unit('c', { finishedAt: ago(1), project: 'Elsewhere', ...credited }));
    await history.record(unit('a', { ...credited, finishedAt: ago(0) }));
    const days = await history.days(10);
    expect(days.map(({ project, campaign, unitsValid }) => [project, campaign, unitsValid])).toEqual([
      ['Demo', 'scan', 1],
      ['Demo', 'other', 0],
      ['Elsewhere', 'scan', 1],
    ]);
    expect(new Set(days.map(({ day }) => day)).size).toBe(2);
    expect(await history.days(2)).toHaveLength(2);
    expect((await history.totals()).since).toBe(days[0] && (await history.finished(9))[0]?.finishedAt);
  });

  it('gives back the last finished units as they were, the newest last, also after a restart', async () => {
    const records = ['a', 'b', 'c'].map((id, i) =>
      unit(id, { finishedAt: `2026-11-2${i}T10:00:00Z`, accelerator: 'tcg', bootMs: 900.5 }),
    );
    for (const record of records)
      await start()
        .record(record)
        .finally(() => history?.close());
    const { projectName: _p, cpuSeconds: _c, fills: _e, ...second } = records[1] ?? unit('');
    const { projectName: _q, cpuSeconds: _d, fills: _f, ...third } = records[2] ?? unit('');
    expect(await start().finished(2)).toEqual([second, third]);
  });

  it('ends its process when left alone, and starts another when asked again', async () => {
    const clock = new ManualClock();
    history = new History(path, makeLogger('test', join(folder, 'log')), clock);
    await history.record(unit('a'));
    const pid = Number(readFileSync(`${path}.pid`, 'utf8'));
    clock.advance(60_000);
    for (let i = 0; i < 200 && existsSync(`/proc/${pid}`); i++) await wait(20);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(`${path}.pid`)).toBe(false);
    expect((await history.totals()).eventsComputed).toBe(1000);
  });

  it('rejects what a killed process owed, and goes on with the next call', async () => {
    const history = start();
    await history.totals();
    const owed = history.record(unit('a'));
    process.kill(Number(readFileSync(`${path}.pid`, 'utf8')), 'SIGKILL');
    await owed.catch((error) => expect(String(error)).toMatch(/SIGKILL|EPIPE|closed/));
    await history.record(unit('a'));
    expect((await history.totals()).eventsComputed).toBe(1000);
  });

  it('puts a damaged file aside and begins a new one', async () => {
    writeFileSync(path, 'this is no database, and long enough to be told so '.repeat(100));
    expect((await start().totals()).eventsComputed).toBe(0);
    const aside = readdirSync(folder).find((name) => name.includes('damaged'));
    expect(readFileSync(join(folder, aside ?? ''), 'utf8')).toMatch(/^this is no database/);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toMatch(/put aside/);
  });

  it('refuses a file of a newer version, and leaves it as it is', async () => {
    const database = new sqlite.Database(path);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    database.close();
    const before = readFileSync(path);
    const failure = await start()
      .totals()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HistoryError);
    expect(String(failure)).toMatch(/newer Beamtime.*Update/);
    expect(readFileSync(path)).toEqual(before);
  });
});

describe('openHistory', () => {
  it('takes over from a killed process: rolls back its half-written transaction though its lock is still there', () => {
    const { database } = openHistory(path, Date.now());
    recordUnit(database, unit('a', credited), '2026-11-24');
    database.close();
    // A real process that is killed within a transaction whose pages have already reached the file.
    const script = `
      const { Database } = require('node-sqlite3-wasm');
      const db = new Database(process.argv[1]);
      db.exec('PRAGMA synchronous = EXTRA; PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE');
      db.exec("UPDATE days SET events_valid = 999999");
      for (let i = 0; i < 3000; i++) db.run("INSERT INTO units SELECT lease_id || ?, unit_id, project, campaign, campaign_title, application, events, seconds, cpu_seconds, events_per_second, verdict, credit_microseconds, reason, output_hash, capsule, accelerator, boot_ms, restore_ms, first_event_ms, finished_at, day, project_name FROM units LIMIT 1", [i]);
      process.kill(process.pid, 'SIGKILL');`;
    expect(() => execFileSync(process.execPath, ['-e', script, path], { stdio: 'ignore' })).toThrow();
    expect(existsSync(`${path}.lock`)).toBe(true);
    expect(existsSync(`${path}-journal`)).toBe(true);
    expect(readFileSync(path).length).toBeGreaterThan(200_000);
    const again = openHistory(path, Date.now());
    expect(again.movedAside).toBeNull();
    expect(readTotals(again.database)).toMatchObject({
      unitsValid: 1,
      eventsValid: 1000,
      eventsComputed: 1000,
    });
    expect(again.database.get('SELECT count(*) AS n FROM units')?.n).toBe(1);
    again.database.close();
  });

  it('removes a lock that a kill left behind', () => {
    mkdirSync(`${path}.lock`);
    const { database } = openHistory(path, Date.now());
    recordUnit(database, unit('a'), '2026-11-24');
    database.close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('notices damage in the middle of the file', () => {
    const { database } = openHistory(path, Date.now());
    for (let i = 0; i < 200; i++) recordUnit(database, unit(`lease-${i}`), '2026-11-24');
    database.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 8192, 16384);
    writeFileSync(path, bytes);
    const again = openHistory(path, Date.now());
    expect(again.movedAside).toMatch(/damaged/);
    expect(readFileSync(again.movedAside ?? '')).toEqual(bytes);
    expect(readTotals(again.database).eventsComputed).toBe(0);
    again.database.close();
    expect(isDamage(new Error('database disk image is malformed'))).toBe(true);
    expect(isDamage(new Error('database or disk is full'))).toBe(false);
  });

  it('forgets single units after their time and keeps the sums', () => {
    const { database } = openHistory(path, Date.now());
    const old = new Date(Date.now() - 200 * 86_400_000).toISOString();
    recordUnit(database, unit('old', { finishedAt: old, ...credited }), old.slice(0, 10));
    recordUnit(database, unit('new', credited), '2026-11-24');
    expect(pruneUnits(database, Date.now())).toBe(1);
    expect(readTotals(database)).toMatchObject({ unitsValid: 2, eventsValid: 2000 });
    database.close();
  });
});

describe('kill -9', () => {
  it('at random moments of writing loses nothing acknowledged and counts nothing twice', async () => {
    const acknowledged = new Set<string>();
    let next = 0;
    for (let round = 0; round < 8; round++) {
      const child = fork(fileURLToPath(new URL('./process.ts', import.meta.url)), [path], {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const sent = new Map<number, string>();
      const firstAnswer = new Promise<void>((resolve) =>
        child.on('message', (reply: { id: number; ok: boolean }) => {
          if (reply.ok) acknowledged.add(sent.get(reply.id) ?? '');
          resolve();
        }),
      );
      // Some again that were perhaps written before the last kill: as the engine does after a crash.
      const leases = [...Array.from({ length: 20 }, (_, i) => `lease-${Math.max(0, next - 10) + i}`)];
      next += 10;
      leases.forEach((lease, id) => {
        sent.set(id, lease);
        child.send({ id, call: 'record', args: [unit(lease, credited)] });
      });
      await firstAnswer;
      await wait(Math.random() * 60);
      child.kill('SIGKILL');
      await ended;
    }
    const history = start();
    const kept = new Set((await history.finished(10_000)).map(({ leaseId }) => leaseId));
    for (const lease of acknowledged) expect(kept).toContain(lease);
    expect((await history.totals()).unitsValid).toBe(kept.size);
    expect(acknowledged.size).toBeGreaterThan(8);
  });
});
