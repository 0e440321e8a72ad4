import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CampaignDetail } from '../protocol/campaign.ts';
import type { Card } from '../protocol/work-unit.ts';
import { precisionAxes, relativeError } from './campaigns/precision.ts';
import { type Files, failedReport, Host, refusal, Staff } from './testkit/client.ts';
import { modelBlocks, modelCampaign, modelPrograms, modelRelease } from './testkit/model.ts';
import { type TestServer, testServer } from './testkit/server.ts';

let server: TestServer;
let staff: Staff;
let hosts: Host[];
beforeAll(async () => {
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
  hosts = [await Host.register(server.url), await Host.register(server.url)];
});
afterAll(() => server?.remove());

/** Of so many attempted events one is accepted: the point's parameter. */
function output(card: Card): Files {
  const attempts = Number(card.parameters.attempts);
  const lines = modelBlocks(card).map((block) =>
    JSON.stringify({ ...block, crossSection: { ...block.crossSection, attempted: attempts * block.events } }),
  );
  return { 'blocks.jsonl': lines.map((line) => `${line}\n`).join('') };
}

/** Until there is nothing more to do. @returns the cards, in the order in which they were given */
async function computeAll(atOnce: number): Promise<Card[]> {
  const cards: Card[] = [];
  for (;;) {
    const given = await Promise.all(
      hosts.map(async (host) => ({ host, leases: (await host.leases(atOnce)).leases })),
    );
    if (given.every(({ leases }) => leases.length === 0)) return cards;
    await Promise.all(
      given.flatMap(({ host, leases }) =>
        leases.map(async (lease) => {
          cards.push(lease.card);
          expect(await host.finish(lease, output(lease.card))).toMatchObject({ state: 'valid' });
        }),
      ),
    );
  }
}

const eventsOf = ({ points }: CampaignDetail) => points.map((point) => point.eventsValid);

test('events go where the error is largest, and it ends where all points are precise enough', async () => {
  const attempts = [1.28, 2, 10];
  await staff.push(
    modelCampaign('precise', {
      sweep: { attempts },
      events: 2000,
      adaptive: { precision: 0.04 },
    }),
  );
  expect(await staff.campaign('precise')).toMatchObject({ units: 6, eventsWanted: 600, state: 'running' });
  // A unit that fails for good is no part of any error.
  const [host] = hosts;
  const lease = await host?.lease();
  if (!host || !lease) throw new Error('no host');
  await host.report(failedReport(lease));
  const cards = await computeAll(3);

  const detail = await staff.campaign('precise');
  expect(detail).toMatchObject({ state: 'complete', adaptive: { precision: 0.04 } });
  for (const [i, point] of detail.points.entries()) {
    const one = 1 / (attempts[i] ?? 0);
    // Needed: (1 - 1/n) / precision^2 events, in units of 100.
    expect(point.eventsValid).toBe(100 * (Math.floor((1 - one) / 0.04 ** 2 / 100) + 1));
    expect(point.relativeError).toBeCloseTo(Math.sqrt((1 - one) / point.eventsValid), 12);
    expect(point.relativeError).toBeLessThanOrEqual(0.04);
    expect(point.units).toBe(point.unitsValid);
  }
  expect(eventsOf(detail)).toEqual([200, 400, 600]);
  // All of it would be 60 units.
  expect(detail).toMatchObject({ units: 12, unitsValid: 12, eventsWanted: 1200, eventsValid: 1200 });
  const firstEvents = cards.filter((card) => card.parameters.attempts === 10).map((card) => card.firstEvent);
  expect(firstEvents.sort((a, b) => a - b)).toEqual(Array.from({ length: 6 }, (_, i) => 100 * i));
});

test('it ends as well where a point has all the events that it may have', async () => {
  await staff.push(
    modelCampaign('used-up', {
      sweep: { attempts: [1.28, 10] },
      events: 350,
      adaptive: { precision: 0.04 },
    }),
  );
  await computeAll(2);
  const detail = await staff.campaign('used-up');
  expect(detail).toMatchObject({ state: 'complete', units: 6, unitsValid: 6, eventsWanted: 550 });
  expect(eventsOf(detail)).toEqual([200, 350]);
  expect(detail.points[1]?.relativeError).toBeGreaterThan(0.04);
});

test('what is set aside is replaced', async () => {
  await staff.push(
    modelCampaign('aside', { parameters: { attempts: 2 }, attempts: 1, adaptive: { precision: 0.045 } }),
  );
  const [host] = hosts;
  if (!host) throw new Error('no host');
  await host.report(failedReport(await host.lease()));
  await computeAll(1);
  expect(await staff.campaign('aside')).toMatchObject({
    ...{ state: 'complete', unitsSetAside: 1, unitsValid: 3, units: 4 },
    points: [{ eventsValid: 300, relativeError: expect.closeTo(Math.sqrt(0.5 / 300), 12) }],
  });
});

test('the error of a histogram is that of what is merged', async () => {
  const adaptive = { histogram: 'b', precision: 0.03 };
  await staff.push(modelCampaign('histogram', { parameters: { attempts: 2 }, adaptive }));
  await computeAll(1);
  const { points, axes, state, unitsValid } = await staff.campaign('histogram');
  expect(state).toBe('complete');
  expect(unitsValid).toBeLessThan(10);
  const [point] = points;
  const merged = { attempted: 0, accepted: 0, histograms: point?.histograms ?? {} };
  expect(point?.relativeError).toBe(relativeError(adaptive, precisionAxes(adaptive, axes), merged));
  expect(point?.relativeError).toBeLessThanOrEqual(0.03);
});

test('a restart changes nothing, and a histogram that is not there is refused at its line', async () => {
  await server.restart();
  expect(await staff.campaign('precise')).toMatchObject({ state: 'complete', units: 12 });
  const text = JSON.stringify(
    modelCampaign('none', { adaptive: { histogram: 'c', precision: 0.1 } }),
    null,
    1,
  );
  const refused = refusal(await staff.send('POST', '/staff/campaigns', text), 422);
  expect(refused.message).toBe('the release has no histogram "c"');
  expect(refused.place).toMatch(/^line \d+, column \d+ \(adaptive\.histogram\)$/);
});
