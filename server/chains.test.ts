import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../platform/files.ts';
import { ProvenancePage } from '../protocol/catalogue.ts';
import type { Lease } from '../protocol/project-api.ts';
import type { Card } from '../protocol/work-unit.ts';
import { Client, type Files, Host, refusal, Staff } from './testkit/client.ts';
import { modelBlocks, modelCampaign, modelOutput, modelPrograms, modelRelease } from './testkit/model.ts';
import { type TestServer, testServer } from './testkit/server.ts';

/** The rules of chains; that programs compute along one is test/chains.test.ts. */
let server: TestServer;
let staff: Staff;
let hosts: Host[];
beforeAll(async () => {
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  await staff.publish({ ...modelRelease, samples: ['events.txt', 'kept/log'] }, modelPrograms);
  hosts = [await Host.register(server.url), await Host.register(server.url)];
});
afterAll(() => server?.remove());

const made = (card: Card): Files => ({
  ...modelOutput(card),
  'events.txt': `events from ${card.firstEvent} of seed ${card.seed}\n`,
});
/** As a program that has generated nothing. */
const analysed = (card: Card): Files => ({
  'blocks.jsonl': modelBlocks(card)
    .map((block) => `${JSON.stringify({ ...block, crossSection: null })}\n`)
    .join(''),
});

/** Two points of 250 events, in units of 100, 100 and 50. */
const source = (name: string, change = {}) =>
  modelCampaign(name, { events: 250, sweep: { x: [1, 2] }, validation: { quorum: 2 }, ...change });
const taking = (name: string, from: string, change = {}) =>
  modelCampaign(name, {
    inputs: { from, output: 'events.txt' },
    ...{ events: 140, eventsPerUnit: 50, blockEvents: 25, validation: { quorum: 1 } },
    ...change,
  });
const refused = async (spec: object) =>
  refusal(await staff.send('POST', '/staff/campaigns', JSON.stringify(spec)), 422);

async function leasesOf(host: Host | undefined, campaign: string): Promise<Lease[]> {
  const { leases } = (await host?.leases(50)) ?? { leases: [] };
  return leases.filter((lease) => lease.campaign === campaign);
}

test('each unit takes the file of one that is valid, with the events it has, as soon as it is', async () => {
  await staff.push(source('made'));
  expect(await refused(taking('taken', 'made'))).toMatchObject({
    place: expect.stringContaining('events'),
    message: expect.stringContaining('give 150 events for each point'),
  });
  await staff.push(taking('taken', 'made', { events: 150 }));
  const [first, second] = hosts;
  const [one, ...others] = await leasesOf(first, 'made');
  if (!one || !first || !second) throw new Error('no lease');
  for (const lease of [one, ...others]) await first.finish(lease, made(lease.card));
  // One host alone is nobody's confirmation.
  expect(await leasesOf(first, 'taken')).toEqual([]);
  const theirs = await leasesOf(second, 'made');
  const same = theirs.find(({ unitId }) => unitId === one.unitId);
  if (!same) throw new Error('no lease of it');
  await second.finish(same, made(same.card));
  const [analysis, ...more] = await leasesOf(first, 'taken');
  if (!analysis) throw new Error('no lease of it');
  expect(more).toEqual([]);
  const text = String(made(one.card)['events.txt']);
  const file = { path: 'in/events.txt', sha256: sha256(text), bytes: text.length };
  expect(analysis.card).toMatchObject({ firstEvent: one.card.firstEvent, events: 50, inputs: [file] });
  expect((await new Client(server.url).send('GET', `/objects/${file.sha256}`)).bytes.toString()).toBe(text);
  expect(await first.finish(analysis, analysed(analysis.card))).toMatchObject({ state: 'valid' });
  for (const lease of theirs) if (lease !== same) await second.finish(lease, made(lease.card));
  for (const lease of await leasesOf(second, 'taken')) await second.finish(lease, analysed(lease.card));

  const detail = await staff.campaign('taken');
  expect(detail).toMatchObject({ state: 'complete', units: 6, unitsValid: 6, eventsValid: 300 });
  expect(detail.points.map(({ crossSection }) => crossSection)).toEqual([null, null]);
  const { inputs, units } = await staff.ask(ProvenancePage, 'GET', '/campaigns/taken/provenance');
  const before = await staff.ask(ProvenancePage, 'GET', '/campaigns/made/provenance');
  expect(inputs).toEqual({ from: 'made', output: 'events.txt' });
  expect(before.inputs).toBeNull();
  // The edges of the graph: each to the unit before it, by the file that unit's results have.
  expect(units.map(({ input }) => input?.unit)).toEqual(before.units.map(({ unit }) => unit));
  for (const [i, { input }] of units.entries())
    for (const { files } of before.units[i]?.results ?? [])
      expect(files.find(({ path }) => path === 'events.txt')?.sha256).toBe(input?.sha256);
  expect(units.map(({ firstEvent, events }) => [firstEvent, events])).toEqual(
    [0, 1].flatMap(() => [0, 100, 200].map((from) => [from, 50])),
  );
  // What others build on stays as it is.
  expect(
    refusal(await staff.send('POST', '/staff/campaigns/made/extend', { events: 500 }), 422).message,
  ).toContain('"taken" takes its events from');
  expect(
    refusal(await staff.send('POST', '/staff/campaigns/taken/extend', { events: 500 }), 422).message,
  ).toContain('takes its events from "made"');
});

test('a file that the results lack stops it with a reason', async () => {
  await staff.push(source('forgot', { events: 100 }));
  await staff.push(taking('waits', 'forgot', { events: 50 }));
  for (const host of hosts)
    for (const lease of await leasesOf(host, 'forgot')) await host.finish(lease, modelOutput(lease.card));
  expect(await leasesOf(hosts[0], 'waits')).toEqual([]);
  expect(await staff.campaign('waits')).toMatchObject({
    state: 'paused',
    reason: expect.stringMatching(/^work unit u\d+ of campaign "forgot" has no file "events.txt"$/),
  });
});

test('what does not fit together is refused at its place', async () => {
  await staff.push(source('whole'));
  await staff.push(source('unchecked', { validation: { quorum: 1 } }));
  await staff.push(source('sized', { unitMinutes: 1 }));
  const good = { events: 150 };
  const wrong: [object, string, string][] = [
    [taking('a', 'nowhere', good), 'inputs.from', 'push it first'],
    [taking('a', 'a', good), 'inputs.from', 'take from itself: a <- a'],
    [taking('a', 'unchecked', good), 'inputs.from', 'nobody has checked'],
    [taking('a', 'sized', good), 'inputs.from', 'not known beforehand'],
    [
      taking('a', 'whole', { inputs: { from: 'whole', output: 'nothing' } }),
      'inputs.output',
      'it has: events.txt, kept/log',
    ],
    [taking('a', 'whole', { ...good, sweep: { x: [1, 2] } }), 'sweep', 'leave it out'],
    [taking('a', 'whole', { events: 750, eventsPerUnit: 150 }), 'eventsPerUnit', 'has 100 events'],
  ];
  for (const [spec, place, words] of wrong) {
    const error = await refused(spec);
    expect(error.message).toContain(words);
    expect(error.place).toContain(place);
  }
});

test('a circle is refused with its path', async () => {
  await staff.push(source('ring'));
  await staff.push(taking('ring-2', 'ring', { events: 150, validation: { quorum: 2 } }));
  await staff.push(taking('ring-3', 'ring-2', { events: 150, validation: { quorum: 2 } }));
  expect((await refused(taking('ring', 'ring-3', { events: 150 }))).message).toContain(
    'ring <- ring-3 <- ring-2 <- ring',
  );
});
