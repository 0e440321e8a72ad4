import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLogger } from '../../platform/log.ts';
import { History, type UnitRecord } from './index.ts';
import { MIGRATIONS } from './migrations.ts';
import { inTransaction, openHistory } from './open.ts';
import { adoptProjects } from './queries/adopt-projects.ts';
import { listDays } from './queries/list-days.ts';
import { listFinished } from './queries/list-finished.ts';
import { listUnits, type UnitsFilter, unitsSql } from './queries/list-units.ts';
import { listPoints } from './queries/points.ts';
import { recordUnit } from './queries/record-unit.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-units-'));
  path = join(folder, 'history.sqlite');
});
afterEach(() => rm(folder, { recursive: true }));

const KEY = 'a'.repeat(32);

function unit(leaseId: string, change: Partial<UnitRecord> = {}): UnitRecord {
  return {
    ...{ leaseId, unitId: `u-${leaseId}`, project: KEY, projectName: 'Demo', campaign: 'scan', fills: null },
    ...{ campaignTitle: 'A scan', application: 'evgen', events: 100, seconds: 1, cpuSeconds: 1 },
    ...{ eventsPerSecond: 100, verdict: 'valid', creditMicroseconds: 5, reason: null },
    ...{ outputHash: 'f'.repeat(64), capsule: 'wasm', accelerator: null, bootMs: null, restoreMs: null },
    ...{ firstEventMs: null, finishedAt: '2026-11-24T10:00:00.000Z' },
    ...change,
  };
}

describe('a history of an older version', () => {
  /** As the first released version wrote it. */
  function old(): void {
    const database = new sqlite.Database(path);
    database.exec(MIGRATIONS[0] ?? '');
    database.exec(`PRAGMA user_version = 1;
      INSERT INTO units (lease_id, unit_id, project, campaign, campaign_title, application, events, seconds, cpu_seconds,
        events_per_second, verdict, credit_microseconds, capsule, finished_at, day)
      VALUES ('l1', 'u1', 'Demo', 'scan', 'A scan', 'evgen', 100, 1, 1, 100, 'valid', 5, 'wasm', '2026-11-24T10:00:00.000Z', '2026-11-24'),
             ('l2', 'u2', 'Gone', 'scan', 'A scan', 'evgen', 100, 1, 1, 100, 'valid', 5, 'wasm', '2026-11-24T11:00:00.000Z', '2026-11-24');
      INSERT INTO days (day, project, campaign, units_valid, events_valid, first_finished_at)
      VALUES ('2026-11-24', 'Demo', 'scan', 1, 100, '2026-11-24T10:00:00.000Z'),
             ('2026-11-24', 'Gone', 'scan', 1, 100, '2026-11-24T11:00:00.000Z');`);
    database.close();
  }

  it('keeps all it knew; projects joined now get their keys, others keep their names', () => {
    old();
    const { database, movedAside } = openHistory(path, Date.now());
    expect(movedAside).toBeNull();
    adoptProjects(database, [{ key: KEY, name: 'Demo' }]);
    expect(listFinished(database, 9).map(({ leaseId, project }) => [leaseId, project])).toEqual([
      [`l1@${KEY}`, KEY],
      ['l2', 'Gone'],
    ]);
    expect(listDays(database, '2026-01-01')).toMatchObject([
      { project: 'Gone', projectName: 'Gone', eventsValid: 100 },
      { project: KEY, projectName: 'Demo', eventsValid: 100 },
    ]);
    // And goes on where it was.
    recordUnit(database, unit('l3'), '2026-11-24');
    expect(listDays(database, '2026-01-01').at(-1)).toMatchObject({ project: KEY, eventsValid: 200 });
    database.close();
    expect(openHistory(path, Date.now()).movedAside).toBeNull();
  });
});

describe('pages of units', () => {
  const N = 12_000;
  const at = (i: number) => new Date(Date.UTC(2026, 10, 1) + Math.floor(i / 3) * 1000).toISOString();

  it('of ten thousand and more are quick, whole, and by an index', async () => {
    const { database } = openHistory(path, Date.now());
    inTransaction(database, () => {
      for (let i = 0; i < N; i++)
        database.run(
          `INSERT INTO units VALUES (?, ?, ?, ?, 'A scan', 'evgen', 100, 1, 1, 100, ?, 5, NULL, NULL, 'wasm', NULL, NULL, NULL, NULL, ?, '2026-11-24', 'Demo')`,
          [
            ...[`l${String(i).padStart(6, '0')}`, `u${i}`, i % 2 ? KEY : 'b'.repeat(32), `c${i % 5}`],
            ...[i % 100 ? 'valid' : 'invalid', at(i)],
          ],
        );
    });
    const plan = (filter: UnitsFilter) => {
      const { sql, values } = unitsSql(filter, { finishedAt: at(5000), leaseId: 'l' }, 100);
      return database
        .all(`EXPLAIN QUERY PLAN ${sql}`, values)
        .map(({ detail }) => String(detail))
        .join('; ');
    };
    for (const filter of [
      {},
      { project: KEY },
      { project: KEY, campaign: 'c1' },
      { verdict: 'invalid' as const },
    ]) {
      expect(plan(filter)).toMatch(/USING INDEX units_/);
    }
    for (const filter of [{}, { project: KEY, campaign: 'c1' }, { verdict: 'invalid' as const }])
      expect(plan(filter)).not.toContain('TEMP B-TREE');
    const startedAt = performance.now();
    for (let i = 0; i < 20; i++) listUnits(database, {}, { finishedAt: at(i * 500), leaseId: 'l' }, 100);
    expect((performance.now() - startedAt) / 20).toBeLessThan(60);
    database.close();

    const history = new History(path, makeLogger('test', join(folder, 'log')));
    try {
      const seen = new Set<string>();
      let before: string | undefined;
      let last = '~';
      for (let pages = 0; pages < 100; pages++) {
        const page = await history.units({ limit: 500, project: KEY, ...(before ? { before } : {}) });
        expect(page.total).toBe(N / 2);
        for (const { leaseId, finishedAt } of page.units) {
          expect(`${finishedAt} ${leaseId}` < last).toBe(true);
          last = `${finishedAt} ${leaseId}`;
          seen.add(leaseId);
        }
        if (page.next === null) break;
        before = page.next;
      }
      expect(seen.size).toBe(N / 2);
      await expect(history.units({ limit: 5, before: 'AAAA' })).rejects.toThrow('no cursor');
    } finally {
      await history.close();
    }
  });
});

describe('what units fill', () => {
  const fills = { parameters: '{"energy":91}', events: 100, counts: { mass: [0, 1, 2, 0] } };
  const mine = (database: ReturnType<typeof openHistory>['database']) => listPoints(database, KEY, 'scan');

  it('counts once a unit, when it is valid, however often it is recorded', () => {
    const { database } = openHistory(path, Date.now());
    recordUnit(database, unit('a', { verdict: 'pending' }), '2026-11-24');
    expect(mine(database)).toEqual([]);
    for (let i = 0; i < 3; i++) recordUnit(database, unit('a', { fills }), '2026-11-24');
    expect(mine(database)).toEqual([fills]);
    recordUnit(database, unit('b', { fills }), '2026-11-24');
    recordUnit(database, unit('c', { fills, verdict: 'invalid' }), '2026-11-24');
    recordUnit(database, unit('d', { fills: { ...fills, parameters: '{"energy":92}' } }), '2026-11-24');
    recordUnit(database, unit('e', { fills, project: 'b'.repeat(32) }), '2026-11-24');
    expect(mine(database)).toEqual([
      { ...fills, events: 200, counts: { mass: [0, 2, 4, 0] } },
      { ...fills, parameters: '{"energy":92}' },
    ]);
    database.close();
  });
});
