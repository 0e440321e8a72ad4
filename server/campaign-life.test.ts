import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CampaignSpec, CampaignSummary } from '../protocol/campaign.ts';
import { CampaignList, type Lease } from '../protocol/project-api.ts';
import { failedReport, Host, refusal, Staff } from './testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease, modelSums } from './testkit/model.ts';
import { type TestServer, testServer } from './testkit/server.ts';
import { until } from './testkit/until.ts';

let server: TestServer;
let staff: Staff;
beforeAll(async () => {
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
});
afterAll(() => server?.remove());

const send = (name: string, action: string, body: object = {}) =>
  staff.send('POST', `/staff/campaigns/${name}/${action}`, body);
const act = (name: string, action: string, body: object = {}) =>
  staff.ask(CampaignSummary, 'POST', `/staff/campaigns/${name}/${action}`, body);
const push = (name: string, change: Partial<CampaignSpec> = {}) => staff.push(modelCampaign(name, change));
const register = () => Host.register(server.url);
const finish = (host: Host, lease: Lease) => host.finish(lease, modelOutput(lease.card));

/** Leases of a test are of its own campaigns: others' are cancelled. */
beforeEach(async () => {
  const { campaigns } = await staff.ask(CampaignList, 'GET', '/campaigns');
  for (const { name, state } of campaigns)
    if (state === 'running' || state === 'paused') await act(name, 'cancel');
});

test('paused, a campaign gives no leases and takes results in hand; resumed, it goes on', async () => {
  await push('paused', { events: 300 });
  const host = await register();
  const lease = await host.lease();
  const reason = 'the tune is looked at again';
  expect(await act('paused', 'pause', { reason })).toMatchObject({ state: 'paused', reason });
  // Again, and again by a server that was started anew.
  expect(await act('paused', 'pause')).toMatchObject({ state: 'paused', reason });
  await server.restart();
  const none = await host.leases(1, [lease.id]);
  expect(none).toMatchObject({
    leases: [],
    unknown: [],
    reason: expect.stringContaining('has paused its campaigns'),
  });
  expect(await finish(host, lease)).toMatchObject({ state: 'valid', creditMicroseconds: 250 });
  expect((await staff.campaign('paused')).points[0]).toMatchObject(modelSums([lease.card]));

  expect(await act('paused', 'resume')).toMatchObject({ state: 'running', reason: null });
  expect(await act('paused', 'resume')).toMatchObject({ state: 'running' });
  const rest = (await host.leases(9)).leases;
  expect(rest).toHaveLength(2);
  await act('paused', 'pause');
  for (const one of rest) await finish(host, one);
  // Nothing is left to wait for.
  expect(await staff.campaign('paused')).toMatchObject({ state: 'complete', reason: null, unitsValid: 3 });
});

describe('cancelled', () => {
  test('a campaign keeps what is merged and takes what was leased before, for credit', async () => {
    await push('cancelled', { events: 300 });
    const host = await register();
    const [one, two] = (await host.leases(2)).leases;
    if (!one || !two) throw new Error('no leases');
    await finish(host, one);
    expect(await act('cancelled', 'cancel', { reason: 'wrong beam' })).toMatchObject({ state: 'cancelled' });
    expect((await host.leases(5, [two.id])).leases).toEqual([]);
    expect(await finish(host, two)).toMatchObject({ state: 'valid', creditMicroseconds: 250 });
    expect(await act('cancelled', 'cancel')).toMatchObject({
      state: 'cancelled',
      reason: 'wrong beam',
      unitsValid: 2,
    });
    expect((await staff.campaign('cancelled')).points[0]).toMatchObject(modelSums([one.card, two.card]));
    for (const action of ['pause', 'resume']) {
      const { message } = refusal(await send('cancelled', action), 409);
      expect(message).toBe(
        'campaign "cancelled" is cancelled, and that is for good; clone it under another name',
      );
    }
    refusal(await send('cancelled', 'extend', { events: 500 }), 409);
  });

  test('results that nobody can confirm any more are dismissed, those that somebody may are not', async () => {
    await push('unconfirmed', { events: 200, validation: { quorum: 2 } });
    const [first, second] = [await register(), await register()];
    const [alone, both] = (await first.leases(2)).leases;
    const partner = (await second.leases(2)).leases.find(({ unitId }) => unitId === both?.unitId);
    const other = (await second.leases(0, [partner?.id ?? ''])).leases;
    if (!alone || !both || !partner) throw new Error('no leases');
    // The second has lost its lease of the first unit, which is taken back: want is 0.
    expect(other).toEqual([]);
    for (const lease of [alone, both]) expect(await finish(first, lease)).toMatchObject({ state: 'pending' });
    await act('unconfirmed', 'cancel');
    expect(await first.verdict(alone)).toMatchObject({
      state: 'late',
      reason: expect.stringContaining('cancelled before another computer confirmed'),
    });
    expect(await first.verdict(both)).toMatchObject({ state: 'pending' });
    expect(await finish(second, partner)).toMatchObject({ state: 'valid', creditMicroseconds: 250 });
    expect(await first.verdict(both)).toMatchObject({ state: 'valid', creditMicroseconds: 250 });
    expect((await first.standing()).results).toMatchObject({ invalid: 0, pending: 0 });
  });
});

describe('extended', () => {
  test('a complete campaign runs again, with each event once', async () => {
    await push('extended', { events: 250, sweep: { x: [1, 2] } });
    const host = await register();
    const cards: Lease['card'][] = [];
    const finishAll = async () => {
      for (const lease of (await host.leases(100)).leases) {
        cards.push(lease.card);
        await finish(host, lease);
      }
    };
    await finishAll();
    expect(await staff.campaign('extended')).toMatchObject({
      state: 'complete',
      units: 6,
      eventsWanted: 500,
    });
    for (let again = 0; again < 2; again++) {
      expect(await act('extended', 'extend', { events: 400 })).toMatchObject({
        state: 'running',
        units: 10,
        unitsValid: 6,
        eventsWanted: 800,
        eventsValid: 500,
      });
    }
    await finishAll();
    const { points, ...detail } = await staff.campaign('extended');
    expect(detail).toMatchObject({ state: 'complete', unitsValid: 10, eventsValid: 800 });
    points.forEach(({ units, parameters, ...point }) => {
      const mine = cards.filter((card) => card.parameters.x === parameters.x);
      expect(units).toBe(5);
      expect(point).toMatchObject(modelSums(mine));
      const ranges = mine
        .map(({ firstEvent, events }) => [firstEvent, events])
        .sort(([a = 0], [b = 0]) => a - b);
      expect(ranges).toEqual([
        [0, 100],
        [100, 100],
        [200, 50],
        [250, 100],
        [350, 50],
      ]);
    });
    // The document as it was pushed is the very same still.
    await push('extended', { events: 250, sweep: { x: [1, 2] } });
  });

  test('it says what is wrong', async () => {
    await push('short', { events: 200 });
    const refused = async (body: object, status = 422) =>
      refusal(await send('short', 'extend', body), status);
    expect(await refused({})).toMatchObject({ place: 'events' });
    expect((await refused({ events: 100 })).message).toMatch(/has 200 events .* ask for more/);
    expect(await refused({ events: 2 ** 53 })).toMatchObject({ place: 'events' });
    expect(await refused({ deadline: '2020-01-01T00:00:00Z' })).toMatchObject({ place: 'deadline' });
    expect(await refused({ deadline: 'soon' })).toMatchObject({ place: 'deadline' });
    expect(refusal(await send('nothing', 'extend', { events: 1 }), 404).message).toContain('"nothing"');
    await act('short', 'pause');
    expect(await act('short', 'extend', { events: 300 })).toMatchObject({ state: 'paused', units: 3 });
  });
});

test('a campaign past its deadline gives no leases and says why, until it is given more time', async () => {
  const in2s = new Date(Date.now() + 2000).toISOString();
  await push('hasty', { events: 300, deadline: in2s });
  const host = await register();
  const lease = await host.lease();
  const shown = await until('the deadline', async () => {
    const detail = await staff.campaign('hasty');
    return detail.state === 'paused' && detail;
  });
  expect(shown).toMatchObject({ deadline: in2s, reason: expect.stringContaining('has passed') });
  const { reason } = await host.leases(1, [lease.id]);
  expect(reason).toMatch(/deadline .* has passed/);
  expect(await finish(host, lease)).toMatchObject({ state: 'valid' });
  expect(refusal(await send('hasty', 'resume'), 409).message).toMatch(/has passed; extend it to a later one/);
  refusal(await send('hasty', 'extend', { events: 500 }), 409);
  // The very same document is no news; another one is too late.
  await push('hasty', { events: 300, deadline: in2s });
  const late = await staff.send(
    'POST',
    '/staff/campaigns',
    JSON.stringify(modelCampaign('late', { deadline: in2s })),
  );
  expect(refusal(late, 422)).toMatchObject({ place: expect.stringContaining('(deadline)') });

  expect(await act('hasty', 'extend', { deadline: null })).toMatchObject({
    state: 'running',
    deadline: null,
  });
  expect((await host.leases(1)).leases).toHaveLength(1);
});

test('cloned, a campaign is a new one with what was changed', async () => {
  await push('original', { events: 300, parameters: { x: 1, y: 2 }, owner: 'atlas', priority: 3 });
  const clone = { name: 'copy', changes: { seed: 9, 'parameters.x': 5, events: 100 } };
  expect(await act('original', 'clone', clone)).toMatchObject({
    name: 'copy',
    state: 'running',
    owner: 'atlas',
    priority: 3,
    eventsWanted: 100,
  });
  expect((await staff.campaign('copy')).points.map(({ parameters }) => parameters)).toEqual([{ x: 5, y: 2 }]);
  expect((await send('original', 'clone', clone)).status).toBe(200);
  const refused = async (body: object, status = 422) =>
    refusal(await send('original', 'clone', body), status);
  expect((await refused({ ...clone, changes: {} }, 409)).message).toContain('choose another name');
  expect(await refused({ name: 'bad', changes: { events: 'many' } })).toMatchObject({ place: 'events' });
  expect(await refused({ name: 'bad', changes: { event: 5 } })).toMatchObject({ place: 'event' });
  expect(await refused({ name: 'bad', changes: { 'sweep.x': [1] } })).toMatchObject({ place: 'sweep.x' });
  expect(await refused({ name: 'BAD' })).toMatchObject({ place: 'name' });
});

test('owners share the hosts, and among an owner’s campaigns the priority decides', async () => {
  await push('low', { owner: 'one' });
  await push('high', { owner: 'one', priority: 1 });
  await push('theirs', { owner: 'two' });
  const counts: Record<string, number> = {};
  for (let i = 0; i < 8; i++) {
    const host = await register();
    for (const { campaign } of (await host.leases(2)).leases) counts[campaign] = (counts[campaign] ?? 0) + 1;
  }
  expect(counts).toEqual({ high: 8, theirs: 8 });
});

describe('a canary', () => {
  const canary = { hosts: 2, units: 3 };
  let version = 1;
  /** A release of its own for each. */
  async function release(): Promise<string> {
    version++;
    await staff.publish({ ...modelRelease, version: String(version) }, modelPrograms);
    return String(version);
  }

  test('is for few hosts until enough units are valid, then for all', async () => {
    await push('tried', { version: await release(), canary, seed: 50 });
    const [first, second, third] = [await register(), await register(), await register()];
    const leases = [...(await first.leases(2)).leases, ...(await second.leases(1)).leases];
    expect(leases).toHaveLength(3);
    expect((await staff.campaign('tried')).reason).toContain('goes to 2 computers only');
    const told = await third.leases(1);
    expect(told).toMatchObject({ leases: [], reason: expect.stringContaining('a few computers first') });
    await server.restart();
    // Nor is there work of another campaign of that release.
    await push('waiting', { version: String(version), seed: 55 });
    expect((await third.leases(1)).leases).toEqual([]);
    await act('waiting', 'cancel');
    for (const [i, lease] of leases.entries()) await finish(i < 2 ? first : second, lease);
    await until('work for all', async () => (await third.leases(1)).leases.length === 1);
    // Of a release that was tried already there is no trial.
    await act('tried', 'clone', { name: 'tried-again', changes: { seed: 60 } });
    await act('tried', 'cancel');
    for (let i = 0; i < 3; i++) expect((await (await register()).leases(1)).leases).toHaveLength(1);
  });

  test('stops its campaign where it fails more than the release before', async () => {
    await push('failing', { version: await release(), canary, seed: 70 });
    await push('failing-too', { version: String(version), seed: 75 });
    const host = await register();
    for (const lease of (await host.leases(3)).leases) await host.report(failedReport(lease));
    const stopped = await until('the stop', async () => {
      const detail = await staff.campaign('failing');
      return detail.state === 'paused' && detail;
    });
    expect(stopped.reason).toMatch(
      /^the canary stopped it: 3 of the first 3 results of this release failed .*the release before had 0 of 3/,
    );
    expect((await staff.campaign('failing-too')).reason).toBe(stopped.reason);
    // Staff have looked: it goes to all.
    await act('failing', 'resume');
    await delay(1500);
    for (let i = 0; i < 4; i++) expect((await (await register()).leases(1)).leases).toHaveLength(1);
  });

  test('needs as many hosts as must agree', async () => {
    const spec = modelCampaign('few', {
      version: await release(),
      canary: { hosts: 1, units: 5 },
      validation: { quorum: 2 },
    });
    const reply = await staff.send('POST', '/staff/campaigns', JSON.stringify(spec));
    expect(refusal(reply, 422)).toMatchObject({ place: expect.stringContaining('(canary.hosts)') });
  });
});
