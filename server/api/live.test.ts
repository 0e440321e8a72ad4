import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CampaignOutline, CampaignPoint } from '../../protocol/campaign.ts';
import { Client, Host, refusal, Staff } from '../testkit/client.ts';
import { Listener } from '../testkit/listener.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease, modelSums } from '../testkit/model.ts';
import { type TestServer, testServer } from '../testkit/server.ts';
import { until } from '../testkit/until.ts';

const MOST = 20;
let server: TestServer;
let host: Host;
let staff: Staff;
beforeAll(async () => {
  server = await testServer({ mostListeners: MOST });
  host = await Host.register(server.url);
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
  await staff.push(modelCampaign('filling', { sweep: { x: [1, 2] }, events: 2000 }));
});
afterAll(() => server?.remove());
const opened: Listener[] = [];
async function listen(campaign: string, query = '?points=0,1'): Promise<Listener> {
  const one = await Listener.open(server.url, campaign, query);
  opened.push(one);
  return one;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.leave()));
});

const path = (campaign: string) => `/campaigns/${campaign}/events`;

test('a server that ends lets its followers go at once', async () => {
  const one = await listen('filling');
  await until('a snapshot', async () => one.detail);
  const before = Date.now();
  await server.stop();
  await one.ended;
  expect(Date.now() - before).toBeLessThan(2500);
  await server.restart();
});

test('followers see results merge: the same to all of them, and no more than one message a second', async () => {
  const listeners = await Promise.all(Array.from({ length: 12 }, () => listen('filling')));
  await until('snapshots', async () => listeners.every(({ detail }) => detail !== null));
  const [first] = listeners;
  expect(first?.detail).toEqual(await staff.campaign('filling'));

  const begun = Date.now();
  const { leases } = await host.leases(40);
  expect(leases).toHaveLength(40);
  for (const lease of leases.slice(0, 30)) await host.finish(lease, modelOutput(lease.card));
  const allSeen = (valid: number) => async () =>
    listeners.every(({ detail }) => detail?.unitsValid === valid);
  await until('thirty units', allSeen(30));
  const seconds = (Date.now() - begun) / 1000;

  const now = await staff.campaign('filling');
  for (const { detail, deltas } of listeners) {
    expect(detail).toEqual(now);
    expect(deltas.length).toBeGreaterThan(0);
    expect(deltas.length).toBeLessThanOrEqual(seconds + 1);
  }
  const texts = listeners.map(({ messages }) => messages.map(({ data }) => data).join('\n'));
  expect(new Set(texts).size).toBe(1);

  // Only the point that has changed is told again.
  const one = leases[30];
  if (!one) throw new Error('no lease');
  await host.finish(one, modelOutput(one.card));
  await until('one more', allSeen(31));
  expect(first?.deltas.at(-1)?.points).toHaveLength(1);
  expect(first?.messages.slice(-2).map(({ event }) => event)).toEqual(['delta', 'point']);
  for (const lease of leases.slice(31)) await host.finish(lease, modelOutput(lease.card));
  await until('all', allSeen(40));
  const points = first?.detail?.points ?? [];
  for (const { index, histograms } of points) {
    const cards = leases.map(({ card }) => card).filter((card) => card.parameters.x === index + 1);
    expect(cards).toHaveLength(20);
    expect(histograms).toEqual(modelSums(cards).histograms);
  }
  expect(first?.detail?.state).toBe('complete');
});

test('histograms come of the points that are asked for, and others on demand', async () => {
  await staff.push(modelCampaign('picked', { sweep: { x: [1, 2, 3] } }));
  const one = await listen('picked', '?points=1,99');
  await until('its point', async () => one.points.size === 1);
  expect(one.outline?.points.map((point) => Object.hasOwn(point, 'histograms'))).toEqual(
    Array(3).fill(false),
  );
  const whole = await staff.campaign('picked');
  expect([...one.points.values()]).toEqual([whole.points[1]]);
  const asked = await staff.ask(CampaignOutline, 'GET', '/campaigns/picked/outline');
  expect(asked).toEqual(one.outline);
  expect(await staff.ask(CampaignPoint, 'GET', '/campaigns/picked/points/2')).toEqual(whole.points[2]);
  expect(refusal(await staff.send('GET', '/campaigns/picked/points/3'), 404).code).toBe('no-such-point');
  expect(refusal(await staff.send('GET', '/campaigns/none/outline'), 404).code).toBe('no-such-campaign');

  // Another point, without all that is known by now.
  const other = await listen('picked', `?points=2&since=${one.messages[0]?.id}`);
  await until('the other point', async () => other.points.size === 1);
  expect(other.messages.map(({ event }) => event)).toEqual(['point']);
  expect(refusal(await staff.send('GET', `${path('picked')}?points=x`), 422).place).toBe('query points');
});

test('beyond the limit the answer says to come again later; who leaves makes room', async () => {
  await staff.push(modelCampaign('crowded'));
  const listeners = await Promise.all(Array.from({ length: MOST }, () => listen('crowded')));
  expect(listeners.map(({ status }) => status)).toEqual(Array(MOST).fill(200));
  const reply = await new Client(server.url).send('GET', path('crowded'));
  expect(refusal(reply, 503)).toMatchObject({ code: 'too-many-listeners' });
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);

  await listeners.pop()?.leave();
  await until('room', async () => (await listen('crowded')).status === 200);
});

test('asking for the head alone, or for a campaign that is not there, holds no place', async () => {
  await staff.push(modelCampaign('asked'));
  for (let i = 0; i < MOST + 1; i += 1) {
    const head = await new Client(server.url).send('HEAD', path('asked'));
    expect(head.headers.get('content-type')).toBe('text/event-stream');
    expect(refusal(await new Client(server.url).send('GET', path('none')), 404).message).toMatch(/"none"/);
  }
  const one = await listen('asked');
  expect(one.status).toBe(200);
});
