import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Host, Staff } from '../server/testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../server/testkit/model.ts';
import { type TestServer, testServer } from '../server/testkit/server.ts';
import { samples as command } from './commands/samples.ts';
import { runHere } from './testkit/here.ts';

const HEAD = 'HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\nT model\\|1\\|\n';
const END = 'HepMC::Asciiv3-END_EVENT_LISTING\n\n';
const event = (first: number) => `E ${first} 0 1\nU GEV MM\nP 1 0 11 0 0 1 1 0 4\n`;

let server: TestServer;
let folder: string;
let unit = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-samples-'));
  server = await testServer();
  const staff = new Staff(server.url, server.staffToken);
  await staff.publish({ ...modelRelease, samples: ['e.hepmc', 'log'] }, modelPrograms);
  await staff.push(modelCampaign('kept', { title: 'Many leptons', sweep: { x: [1, 2, 3] }, events: 200 }));
  const host = await Host.register(server.url);
  for (const lease of (await host.leases(6)).leases) {
    const { firstEvent, parameters } = lease.card;
    // At the last point the second file ends too early.
    const isCut = parameters.x === 3 && firstEvent > 0;
    const text = HEAD + event(firstEvent) + (isCut ? '' : END);
    await host.finish(lease, { ...modelOutput(lease.card), 'e.hepmc': text, log: 'nothing' });
    if (parameters.x === 2 && firstEvent > 0) unit = lease.unitId;
  }
});
afterAll(async () => {
  await server?.remove();
  await rm(folder, { recursive: true, force: true });
});
const samples = (...args: string[]) => runHere(command, {}, ...args, '--url', server.url);
const at = (name: string) => join(folder, name);

it('lists points by campaign, words and parameters, as text and as a document', async () => {
  const all = await samples();
  expect(all).toMatchObject({ code: 0, err: '' });
  const [head, ...lines] = all.out.trimEnd().split('\n');
  expect(head).toMatch(/^campaign +point +parameters +units +each has +compared +licence$/);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^kept +0 +x 1.* 2 +(e\.hepmc \d+ B, log 7 B|log 7 B, e\.hepmc \d+ B) +no/);
  const { samples: found, more } = JSON.parse((await samples('kept', '--where', 'x:2..3', '--json')).out);
  expect([found.map(({ point }: { point: number }) => point), more]).toEqual([[1, 2], false]);
  expect((await samples('--text', 'nobody')).out).toContain('no work unit has kept files');
  const some = await samples('--text', 'LEPTONS', '--limit', '2');
  expect(some.out.trimEnd().split('\n')).toHaveLength(3);
  expect(some.err).toContain('there are more');
});

it('takes the events of a point or a work unit, compressed where the name says so', async () => {
  const taken = await samples('kept', '--point', '1', '-o', at('one.hepmc3'));
  expect(taken).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringContaining('wrote e.hepmc of kept, point 1'),
  });
  const whole = HEAD + event(0) + event(100) + END;
  expect(await readFile(at('one.hepmc3'), 'utf8')).toBe(whole);
  const zipped = await samples('kept', '--point', '1', '-o', at('one.hepmc3.gz'), '--json');
  const bytes = await readFile(at('one.hepmc3.gz'));
  expect(gunzipSync(bytes).toString()).toBe(whole);
  expect(JSON.parse(zipped.out)).toEqual({
    ...{ output: at('one.hepmc3.gz'), bytes: bytes.length, of: 'kept, point 1', file: 'e.hepmc' },
  });
  expect(await samples('--unit', unit, '--file', 'e.hepmc', '-o', at('unit'))).toMatchObject({ code: 0 });
  expect(await readFile(at('unit'), 'utf8')).toBe(HEAD + event(100) + END);
});

it('an answer that breaks off leaves no file, and an old one as it was', async () => {
  const before = await readdir(folder);
  const cut = await samples('kept', '--point', '2', '-o', at('cut'));
  expect(cut).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/broke off after \d+ bytes, so nothing was kept/),
  });
  expect((await samples('kept', '--point', '2', '-o', at('one.hepmc3'))).code).toBe(1);
  expect(await readdir(folder)).toEqual(before);
  expect(await readFile(at('one.hepmc3'), 'utf8')).toContain(event(100));
});

it.each([
  [['kept', '--point', '1'], 2, '--point goes with --output'],
  [['kept', '-o', 'x'], 2, 'needs CAMPAIGN and --point N, or --unit ID'],
  [['kept', '--unit', 'u1', '-o', 'x'], 2, 'of one campaign and point already'],
  [['--unit', 'u1', '-o', 'x'], 2, 'needs --file'],
  [['kept', '--point', '1', '--text', 'a', '-o', 'x'], 2, '--text is for the list'],
  [['--where', 'x'], 2, '--where: write name:value'],
  [['Not a name'], 2, 'CAMPAIGN: '],
  [['kept', '--point', '7', '-o', 'x'], 4, 'point 7 of "kept" has kept no files'],
  [['kept', '--point', '1', '--file', 'log', '-o', 'x'], 4, 'not in HepMC3'],
  [['--unit', 'u999', '--file', 'e.hepmc', '-o', 'x'], 4, 'there is no merged work unit or result "u999"'],
  [['kept', '--point', '1', '-o', '/no/such/folder/x'], 1, 'cannot write /no/such/folder/x'],
])('%j ends with %d and says why', async (args, code, words) => {
  expect(await samples(...args)).toMatchObject({ code, err: expect.stringContaining(words), out: '' });
});
