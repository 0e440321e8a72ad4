import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CampaignSpec } from '../../protocol/campaign.ts';
import { MergedPoint, ProvenancePage, SamplePage, UnitRecord } from '../../protocol/catalogue.ts';
import type { Lease } from '../../protocol/project-api.ts';
import { serverFiles } from '../files.ts';
import { projectKey } from '../key.ts';
import { Client, Host, refusal, Staff } from '../testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease, modelSums } from '../testkit/model.ts';
import { type TestServer, testServer } from '../testkit/server.ts';
import { pseudonyms } from './pseudonyms.ts';

let server: TestServer;
let anybody: Client;
let staff: Staff;
let hosts: Host[];
beforeAll(async () => {
  server = await testServer();
  anybody = new Client(server.url);
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
  hosts = [await Host.register(server.url), await Host.register(server.url)];
});
afterAll(() => server?.remove());

const [X, Y] = [0, 1] as const;
const host = (i: number) => {
  const one = hosts[i];
  if (!one) throw new Error(`no host ${i}`);
  return one;
};
const merged = (campaign: string, point: number) =>
  anybody.ask(MergedPoint, 'GET', `/campaigns/${campaign}/merged?point=${point}`);
const page = (campaign: string, query: string) =>
  anybody.ask(ProvenancePage, 'GET', `/campaigns/${campaign}/provenance?${query}`);

describe('what is merged', () => {
  const done: Lease[] = [];
  beforeAll(async () => {
    // Two points of five units each; the third of the ten and the last are never done.
    await staff.push(modelCampaign('gaps', { events: 500, sweep: { x: [1, 2] } }));
    const { leases } = await host(X).leases(10);
    for (const [i, lease] of leases.entries()) {
      if (i === 2 || i === 9) continue;
      await host(X).finish(lease, modelOutput(lease.card));
      done.push(lease);
    }
    await host(X).send('POST', '/leases/release', { leases: leases.map(({ id }) => id) });
  });

  test('is told with the ranges of events that it is the sum of', async () => {
    const first = await merged('gaps', 0);
    expect(first.ranges).toEqual([
      [0, 100],
      [200, 500],
    ]);
    expect((await merged('gaps', 1)).ranges).toEqual([[0, 400]]);
    const cards = done.map(({ card }) => card).filter(({ seed }) => seed === first.seed);
    expect(first.point).toMatchObject({ unitsValid: 4, eventsValid: 400, parameters: { x: 1 } });
    expect(first.point).toMatchObject(modelSums(cards));
  });

  test('is told of a point where nothing is, and refused of one that there is not', async () => {
    await staff.push(modelCampaign('nothing-yet'));
    expect(await merged('nothing-yet', 0)).toMatchObject({ ranges: [], point: { eventsValid: 0 } });
    refusal(await anybody.send('GET', '/campaigns/gaps/merged?point=2'), 404);
    refusal(await anybody.send('GET', '/campaigns/none/merged?point=0'), 404);
    refusal(await anybody.send('GET', '/campaigns/gaps/merged'), 422);
  });

  test('comes from units, page after page, each once and in their order', async () => {
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const one: ProvenancePage = await page('gaps', `limit=3${after === '' ? '' : `&after=${after}`}`);
      seen.push(...one.units.map(({ point, firstEvent }) => `${point}.${firstEvent}`));
      after = one.next;
    }
    expect(seen).toEqual(['0.0', '0.200', '0.300', '0.400', '1.0', '1.100', '1.200', '1.300']);
    const { units, next } = await page('gaps', 'point=1');
    expect(units.map(({ firstEvent }) => firstEvent)).toEqual([0, 100, 200, 300]);
    expect(next).toBeNull();
    expect((await page('gaps', 'point=0&after=0.400')).units).toEqual([]);
    expect((await page('gaps', 'point=1&after=0.400')).units).toHaveLength(4);
  });

  test('names the release by its document and where it lies', async () => {
    const { release } = await page('gaps', '');
    expect(release).toMatchObject({ application: 'model', version: '1', place: { tag: 'model-1' } });
  });

  test('a unit is told with its card and what was given for it, by lease too', async () => {
    const [lease] = done;
    const record = await anybody.ask(UnitRecord, 'GET', `/results/${lease?.unitId}`);
    expect(record).toMatchObject({ unit: lease?.unitId, campaign: 'gaps', card: lease?.card });
    expect(record.results).toMatchObject([
      { lease: lease?.id, state: 'valid', files: [{ path: 'blocks.jsonl' }] },
    ]);
    expect(await anybody.ask(UnitRecord, 'GET', `/results/${lease?.id}`)).toEqual(record);
  });

  test.each(['u999', 'l999', 'h1', 'c1', 'x', "'"])('%s is no result', async (id) => {
    refusal(await anybody.send('GET', `/results/${encodeURIComponent(id)}`), 404);
  });

  test('the campaign is told as it was pushed', async () => {
    const document = await anybody.ask(CampaignSpec, 'GET', '/campaigns/gaps/document');
    expect(document).toEqual(
      CampaignSpec.parse(modelCampaign('gaps', { events: 500, sweep: { x: [1, 2] } })),
    );
    refusal(await anybody.send('GET', '/campaigns/none/document'), 404);
    refusal(await anybody.send('GET', '/campaigns/none/provenance'), 404);
  });
});

describe('hosts', () => {
  test('have names that stay, and that only the key of the project leads back from', async () => {
    await staff.push(modelCampaign('both', { events: 200, validation: { quorum: 2 } }));
    for (const i of [X, Y]) {
      const { leases } = await host(i).leases(20);
      for (const lease of leases.filter(({ campaign }) => campaign === 'both'))
        await host(i).finish(lease, modelOutput(lease.card));
      await host(i).send('POST', '/leases/release', { leases: leases.map(({ id }) => id) });
    }
    const { units } = await page('both', '');
    const before = units.map(({ results }) => results.map((result) => result.host));
    expect(before).toHaveLength(2);
    for (const pair of before) expect(new Set(pair).size).toBe(2);
    expect(new Set(before.flat()).size).toBe(2);
    expect((await page('gaps', '')).units.map(({ results }) => results[0]?.host)).toContain(before[0]?.[0]);
    // By the key alone, so the same after a restart and on every server of the project.
    const again = pseudonyms(await projectKey(serverFiles(server.folder).key));
    const ids = hosts.map(({ id }) => Number(id.slice(1)));
    expect(new Set(before.flat())).toEqual(new Set(ids.map(again)));
  });

  test('what one gave is not shown before it is decided: another could copy it', async () => {
    await staff.push(modelCampaign('undecided', { events: 100, validation: { quorum: 2 } }));
    const { leases } = await host(X).leases(20);
    const lease = leases.find(({ campaign }) => campaign === 'undecided');
    if (!lease) throw new Error('no lease of it');
    expect(await host(X).finish(lease, modelOutput(lease.card))).toMatchObject({ state: 'pending' });
    for (const id of [lease.id, lease.unitId])
      expect(refusal(await anybody.send('GET', `/results/${id}`), 409).message).toContain('not decided yet');
    expect((await page('undecided', '')).units).toEqual([]);
    expect((await merged('undecided', 0)).ranges).toEqual([]);
  });
});

describe('samples', () => {
  const HEAD = 'HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\nT model\\|1\\|\n';
  const END = 'HepMC::Asciiv3-END_EVENT_LISTING\n\n';
  const event = (first: number) => `E ${first} 0 1\nU GEV MM\nP 1 0 11 0 0 1 1 0 4\n`;
  const leases: Lease[] = [];
  beforeAll(async () => {
    await staff.publish(
      { ...modelRelease, application: 'keeper', samples: ['e.hepmc', 'log'] },
      modelPrograms,
    );
    const kept = { application: 'keeper', sweep: { x: [1, 2.5], mode: ['a', 'b'] }, events: 200 };
    await staff.push(modelCampaign('kept', { ...kept, title: 'Many Leptons' }));
    await staff.push(modelCampaign('kept-2', { ...kept, events: 100, validation: { quorum: 2 } }));
    for (const i of [X, Y]) {
      const got = (await host(i).leases(50)).leases;
      const mine = got.filter(({ application }) => application === 'keeper');
      leases.push(...mine.filter(({ campaign }) => campaign === 'kept'));
      // Units of a point come back in another order than that of their events.
      for (const lease of mine.reverse()) {
        const text = HEAD + event(lease.card.firstEvent) + END;
        await host(i).finish(lease, {
          ...modelOutput(lease.card),
          'e.hepmc': text,
          log: 'nothing',
          other: 'x',
        });
      }
      await host(i).send('POST', '/leases/release', { leases: got.map(({ id }) => id) });
    }
  });
  const find = (query: string) => anybody.ask(SamplePage, 'GET', `/samples?${query}`);
  const found = async (query: string) =>
    (await find(query)).samples.map(({ campaign, point }) => `${campaign} ${point}`);

  test('are found by application, words and parameters, page after page', async () => {
    const all = ['kept-2', 'kept'].flatMap((name) => [0, 1, 2, 3].map((point) => `${name} ${point}`));
    expect(await found('')).toEqual(all);
    expect(await found('application=model')).toEqual([]);
    expect(await found('text=LEPTONS')).toEqual(all.slice(4));
    expect(await found('text=%25')).toEqual([]);
    expect(await found('campaign=kept&where=x:2..3')).toEqual(['kept 2', 'kept 3']);
    expect(await found('campaign=kept&where=x:1,mode:b')).toEqual(['kept 1']);
    expect(await found('where=mode:1..2')).toEqual([]);
    expect(await found('where=nothing:1')).toEqual([]);
    const paged: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page: SamplePage = await find(`limit=3${after === '' ? '' : `&after=${after}`}`);
      paged.push(...page.samples.map(({ campaign, point }) => `${campaign} ${point}`));
      after = page.next;
    }
    expect(paged).toEqual(all);
    refusal(await anybody.send('GET', '/samples?where=x'), 422);
  });

  test('say what they are, and whether anybody has compared them', async () => {
    const [two, one] = [(await find('campaign=kept-2')).samples[0], (await find('campaign=kept')).samples[0]];
    expect(one).toMatchObject({ title: 'Many Leptons', parameters: { x: 1, mode: 'a' }, unitsValid: 2 });
    expect(one?.files.map(({ path }) => path).sort()).toEqual(['e.hepmc', 'log']);
    expect([one?.compared, two?.compared]).toEqual([false, true]);
  });

  test('come as one file of a point or a unit, compressed where that is wished', async () => {
    const get = async (path: string) => anybody.send('GET', path);
    const whole = await get('/campaigns/kept/sample?point=1&file=e.hepmc');
    expect(whole.bytes.toString()).toBe(HEAD + event(0) + event(100) + END);
    const zipped = await get('/campaigns/kept/sample?point=1&file=e.hepmc&gzip=true');
    expect(zipped.headers.get('content-disposition')).toBe('attachment; filename="kept-1.hepmc3.gz"');
    expect(gunzipSync(zipped.bytes).toString()).toBe(whole.bytes.toString());
    const lease = leases.find(({ card }) => card.firstEvent === 100);
    for (const id of [lease?.id, lease?.unitId])
      expect((await get(`/results/${id}/sample?file=e.hepmc`)).bytes.toString()).toBe(
        HEAD + event(100) + END,
      );
  });

  test.each([
    ['/campaigns/none/sample?point=0&file=e.hepmc', 404],
    ['/campaigns/kept/sample?point=4&file=e.hepmc', 404],
    ['/campaigns/kept/sample?point=0&file=none', 404],
    ['/campaigns/kept/sample?point=0&file=../x', 422],
    ['/campaigns/kept/sample?point=0&file=log', 409],
    ['/results/u9999/sample?file=e.hepmc', 404],
    ['/results/x/sample?file=e.hepmc', 404],
  ])('%s is refused with %d', async (path, status) => {
    refusal(await anybody.send('GET', path), status);
  });
});
