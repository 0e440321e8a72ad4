import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Spool } from './spool.ts';
import { leaseKey } from './unit.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-spool-'));
});
afterEach(() => rm(folder, { recursive: true }));

const spool = () => new Spool(folder, pino({ level: 'silent' }));
const [ONE, OTHER] = ['1'.repeat(32), '2'.repeat(32)];
const leased = (project: string, order: number) => ({
  ...{ project, order, receivedAt: '2026-11-24T12:00:00Z' },
  lease: {
    ...{ id: 'l1', unitId: 'u1', campaign: 'c', campaignTitle: 'C', application: 'a', version: '1' },
    ...{ card: { seed: 1, firstEvent: 0, events: 1, blockEvents: 1, parameters: {} } },
    deadline: '2100-01-01T00:00:00Z',
  },
});

test('two projects may give leases of the same id', async () => {
  await spool().add(leased(ONE, 0));
  await spool().add(leased(OTHER, 1));
  await spool().saveFills(leaseKey(OTHER, 'l1'), { parameters: '{}', events: 1, counts: { a: [1] } });
  expect((await spool().load()).map(({ spooled }) => spooled.project)).toEqual([ONE, OTHER]);
  await spool().remove(leaseKey(ONE, 'l1'));
  expect((await spool().load()).map(({ spooled }) => spooled.project)).toEqual([OTHER]);
  expect(await spool().loadFills(leaseKey(OTHER, 'l1'))).toMatchObject({ counts: { a: [1] } });
  expect(await spool().loadFills(leaseKey(ONE, 'l1'))).toBeNull();
});

test('a folder of an older version, named by the id alone, is taken up', async () => {
  await spool().add(leased(ONE, 0));
  const [name = ''] = await readdir(folder);
  const old = createHash('sha256').update('l1').digest('hex').slice(0, 24);
  await rename(join(folder, name), join(folder, old));
  expect(await spool().load()).toHaveLength(1);
  expect(await readdir(folder)).toEqual([name]);
});
