import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lease } from '../protocol/project-api.ts';
import { failedReport, finished, Host, refusal, Staff } from './testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease, modelSums } from './testkit/model.ts';
import { type TestServer, testServer } from './testkit/server.ts';

let server: TestServer;
let staff: Staff;
beforeAll(async () => {
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
});
afterAll(() => server?.remove());

/** A host that does so many events a second, and says so. */
class Machine {
  eventsPerSecond: number;
  readonly host: Host;
  readonly sizes: number[] = [];
  private constructor(host: Host, eventsPerSecond: number) {
    this.host = host;
    this.eventsPerSecond = eventsPerSecond;
  }

  static async of(eventsPerSecond: number): Promise<Machine> {
    return new Machine(await Host.register(server.url), eventsPerSecond);
  }

  async take(want: number, held: readonly string[] = []): Promise<Lease[]> {
    const { leases } = await this.host.leases(want, held);
    this.sizes.push(...leases.map(({ card }) => card.events));
    return leases;
  }

  async report(lease: Lease): Promise<void> {
    const output = modelOutput(lease.card);
    const { outcome, ...report } = finished(lease, output);
    if (outcome.state !== 'finished') throw new Error(outcome.reason);
    const files = outcome.files.map((file) => ({
      ...file,
      data: Buffer.from(output[file.path] ?? '').toString('base64'),
    }));
    const seconds = lease.card.events / this.eventsPerSecond;
    await this.host.report({ ...report, seconds, outcome: { ...outcome, files } });
  }
}

/** A minute a unit. */
const campaign = (name: string, change = {}) =>
  modelCampaign(name, { eventsPerUnit: 50, unitMinutes: 1, leaseMinutes: 2, ...change });

/** What a point of so many events must be the sum of: all blocks once. */
const whole = (seed: number, events: number) =>
  modelSums([{ seed, firstEvent: 0, events, blockEvents: 50, parameters: {} }]);

test('a fast host gets large units, a slow one small ones, the first one always; each event counts once', async () => {
  const events = 4006;
  await staff.push(campaign('paced', { events, sweep: { x: [1, 2] }, validation: { quorum: 2 } }));
  expect(await staff.campaign('paced')).toMatchObject({ units: 162, eventsWanted: 8012 });
  const machines = [await Machine.of(50), await Machine.of(40), await Machine.of(1), await Machine.of(25)];
  const [fast, second, slow, erratic] = machines;
  if (!fast || !second || !slow || !erratic) throw new Error('no hosts');
  const ranges = new Map<string, Set<number>>();
  for (let round = 0; ; round++) {
    const taken = await Promise.all(
      machines.map(async (machine) => ({ machine, leases: await machine.take(1) })),
    );
    if (taken.every(({ leases }) => leases.length === 0)) break;
    for (const { machine, leases } of taken) {
      for (const [i, { card }] of leases.entries()) {
        const lease = leases[i];
        if (!lease) continue;
        expect(card.firstEvent % 50).toBe(0);
        ranges.set(lease.unitId, (ranges.get(lease.unitId) ?? new Set()).add(card.events));
        // One of three loses what it has, breaks off, or gives it back.
        const what = machine === erratic ? round % 4 : 0;
        if (what === 1) continue;
        if (what === 2) await machine.host.send('POST', '/leases/release', { leases: [lease.id] });
        else if (what === 3 && i === 0 && round < 12) await machine.host.report(failedReport(lease));
        else await machine.report(lease);
      }
    }
  }
  const detail = await staff.campaign('paced');
  expect(detail).toMatchObject({ state: 'complete', units: 162, unitsValid: 162, eventsValid: 8012 });
  for (const [i, point] of detail.points.entries()) {
    expect(point).toMatchObject({ unitsValid: 81, eventsValid: events, ...whole(1 + i, events) });
  }
  for (const { sizes } of machines) expect(sizes[0]).toBe(50);
  // A minute of the fast ones is 3000 events, one of the slow one 60.
  expect(Math.max(...fast.sizes)).toBeGreaterThan(1000);
  expect(Math.max(...fast.sizes)).toBeLessThanOrEqual(6000);
  expect(slow.sizes.slice(0, 6).every((size) => size <= 120)).toBe(true);
  expect(ranges.size).toBeLessThan(80);
  // A unit whose first host had computed it is the same for the second; no other than that is given twice.
  const units = (await staff.results('&campaign=paced')).filter(({ state }) => state === 'valid');
  expect(units).toHaveLength(2 * new Set(units.map(({ unitId }) => unitId)).size);
});

test('what a fast host lost is split for a slow one, and the old lease is known no more', async () => {
  const [fast, slow] = [await Machine.of(5000), await Machine.of(100)];
  await staff.push(campaign('split', { events: 16_000, unitMinutes: 0.02, leaseMinutes: 0.05 }));
  for (const machine of [slow, fast, fast, fast, fast])
    for (const lease of await machine.take(1)) await machine.report(lease);
  const [large] = await fast.take(1);
  if (!large) throw new Error('no lease');
  expect(large.card.events).toBeGreaterThan(2000);
  const piece = () =>
    slow.take(1).then(async ([lease]) => {
      if (lease) await slow.report(lease);
      return lease?.card;
    });
  await expect
    .poll(piece, { timeout: 9000, interval: 300 })
    .toMatchObject({ firstEvent: large.card.firstEvent, events: 100 });
  const output = modelOutput(large.card);
  for (const content of Object.values(output)) await fast.host.upload(Buffer.from(content)).catch(() => null);
  expect(refusal(await fast.host.send('POST', '/results', finished(large, output)), 404).code).toBe(
    'unknown-lease',
  );
  // It let a lease run out: it begins small again.
  expect((await fast.take(1))[0]?.card.events).toBe(50);
  for (let leases = await fast.take(1); leases.length > 0; leases = await fast.take(2))
    for (const lease of leases) await fast.report(lease);
  const detail = await staff.campaign('split');
  expect(detail).toMatchObject({ state: 'complete', units: 320, unitsValid: 320, eventsValid: 16_000 });
  expect(detail.points[0]).toMatchObject(whole(1, 16_000));
});

test('a host that is suddenly slow gets small units after the first of its slow results', async () => {
  const machine = await Machine.of(100);
  await staff.push(campaign('sudden', { events: 20_000 }));
  for (let i = 0; i < 5; i++) for (const lease of await machine.take(1)) await machine.report(lease);
  machine.eventsPerSecond = 1;
  for (let i = 0; i < 4; i++) for (const lease of await machine.take(1)) await machine.report(lease);
  expect(machine.sizes.slice(0, 3)).toEqual([50, 200, 800]);
  expect(machine.sizes.at(5)).toBeGreaterThan(3000);
  expect(machine.sizes.slice(6).every((size) => size <= 100)).toBe(true);
  // Longer: what is there stays, the rest is cut the same way.
  refusal(await staff.send('POST', '/staff/campaigns/sudden/extend', { events: 10_000 }), 422);
  const extended = await staff.send('POST', '/staff/campaigns/sudden/extend', { events: 30_020 });
  expect(extended.status).toBe(200);
  machine.eventsPerSecond = 1000;
  for (;;) {
    const leases = await machine.take(3);
    if (leases.length === 0) break;
    for (const lease of leases) await machine.report(lease);
  }
  const detail = await staff.campaign('sudden');
  expect(detail).toMatchObject({ state: 'complete', units: 601, unitsValid: 601, eventsValid: 30_020 });
  expect(detail.points[0]).toMatchObject(whole(1, 30_020));
});

test.each([
  [{ unitMinutes: 90 }, 'leaseMinutes'],
  [{ unitMinutes: 2, leaseMinutes: 4 }, 'stops its program after 120 s'],
])('%j is refused', async (change, words) => {
  const reply = await staff.send('POST', '/staff/campaigns', JSON.stringify(campaign('wrong', change)));
  expect(refusal(reply, 422)).toMatchObject({
    place: expect.stringContaining('unitMinutes'),
    message: expect.stringContaining(words),
  });
});
