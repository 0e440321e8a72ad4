import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChildServer, childServer } from './testkit/child.ts';
import { Staff } from './testkit/client.ts';
import { modelCampaign, modelPrograms, modelRelease } from './testkit/model.ts';
import { generator, Storm } from './testkit/storm.ts';
import { until } from './testkit/until.ts';

const KILLS = 8;
const HOSTS = 12;
const UNITS = 100;

let folder = '';
let server: ChildServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-kill-'));
  server = await childServer(folder);
});
afterAll(async () => {
  await server?.kill();
  await rm(folder, { recursive: true, force: true });
});

test(`killed ${KILLS} times amid leases, uploads and reports: all that was acknowledged is there, each unit merged once`, async () => {
  const { url, staffToken } = server;
  const port = Number(new URL(url).port);
  const staff = new Staff(url, staffToken);
  await staff.publish(modelRelease, modelPrograms);
  const both = { events: (UNITS / 2) * 100, attempts: 100 };
  // Begun with half of its events; staff extend it, and act on the others, while the server dies.
  await staff.push(modelCampaign('single', { ...both, events: both.events / 2, seed: 1 }));
  await staff.push(modelCampaign('ended', { ...both, seed: 3 }));
  await staff.push(modelCampaign('double', { ...both, seed: 2, validation: { quorum: 2 } }));

  const seed = Number(process.env.BEAMTIME_TEST_SEED ?? Date.now() % 1_000_000);
  const random = generator(seed);
  const storm = new Storm(() => [url], random);
  const running = storm.run(HOSTS);
  running.catch(() => {}); // awaited below
  for (let kill = 0; kill < KILLS; kill++) {
    // Counted in answers, not in time: on a slow machine too the server dies amid work.
    const enough = storm.answers + Math.floor(random() * 60);
    for (const until = Date.now() + 15_000; storm.answers < enough && Date.now() < until; ) await delay(1);
    await delay(random() * 20);
    const acting = staffAct(storm, staff, kill);
    await server.kill();
    server = await childServer(folder, { port });
    await acting;
  }
  expect((await staff.campaign('ended')).state).toBe('cancelled');
  const complete = async (name: string) => (await staff.campaign(name)).state === 'complete';
  await Promise.race([
    running,
    until(
      'both campaigns complete',
      async () => (await complete('single')) && (await complete('double')),
      120_000,
    ),
  ]);
  storm.end();
  await running;
  console.log(`seed ${seed}: ${storm.leased.size} leases, ${storm.verdicts.size} reports acknowledged`);
  const expected = [
    { name: 'single', seed: 1, units: UNITS / 2, quorum: 1 },
    { name: 'double', seed: 2, units: UNITS / 2, quorum: 2 },
  ];
  expect(await storm.faults(staff, expected)).toEqual([]);
  expect(storm.dropped).toBe(0);
  expect(storm.verdicts.size).toBeGreaterThanOrEqual((UNITS * 3) / 2);
  expect(await server.end()).toBe(0);
}, 240_000);

/** What staff do amid the kills: each is tried until it is answered, as what hosts do. */
async function staffAct(storm: Storm, staff: Staff, kill: number): Promise<void> {
  const acts = [
    ['double', 'pause', {}],
    ['single', 'extend', { events: (UNITS / 2) * 100 }],
    ['ended', 'cancel', {}],
    ['double', 'resume', {}],
  ] as const;
  const [name, action, body] = acts[kill] ?? [];
  if (!name) return;
  const reply = await storm.insist(() => staff.send('POST', `/staff/campaigns/${name}/${action}`, body));
  expect(reply.status).toBe(200);
}
