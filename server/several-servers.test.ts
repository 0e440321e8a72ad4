import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Disaster } from './testkit/disaster.ts';
import { noPostgresql } from './testkit/postgresql.ts';

const isHere = noPostgresql === null;
const named = (name: string) => (isHere ? name : `${name} (skipped: ${noPostgresql})`);

let folder = '';
let disaster: Disaster;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-several-'));
  if (isHere) disaster = await Disaster.prepare(folder, { units: 40 });
});
afterAll(async () => {
  await disaster?.remove();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

test.skipIf(!isHere)(
  named(
    'two servers on one PostgreSQL, any of the three killed and the network cut amid work: nothing acknowledged is lost, nothing counts twice',
  ),
  async () => {
    const seed = Number(process.env.BEAMTIME_TEST_SEED ?? Date.now() % 1_000_000);
    await disaster.run({
      seed,
      strokes: ['server', 'postgresql', 'network', 'server', 'immediate'],
    });
    console.log(`seed ${seed}: ${disaster.summary}`);
    expect(await disaster.faults()).toEqual([]);
  },
  240_000,
);
