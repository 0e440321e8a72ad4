import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../../platform/files.ts';
import { Notes } from '../../protocol/notes.ts';
import { Operations } from '../../protocol/operations.ts';
import { API_PREFIX, type Lease, type ResultReport } from '../../protocol/project-api.ts';
import { projectApp } from '../api/app.ts';
import { pushCampaign } from '../campaigns/push.ts';
import { readId } from '../ids.ts';
import { type BareProject, bareProject } from '../testkit/bare-project.ts';
import { failedReport, finished } from '../testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../testkit/model.ts';

let now = Date.parse('2026-01-01T00:00:00Z');
let bare: BareProject;
let app: ReturnType<typeof projectApp>;
beforeAll(async () => {
  bare = await bareProject({
    now: () => new Date(now),
    regenerate: () => Promise.reject(new Error('nothing here is checked')),
  });
  app = projectApp(bare.project);
  const { db, objects, releases } = bare.project;
  const program = modelPrograms['x86_64-linux'];
  await objects.put(sha256(program), chunks(program), 1000);
  const blob = { sha256: sha256(program), bytes: program.length };
  await releases.put({ ...modelRelease, programs: { 'x86_64-linux': blob } }, new Date(now));
  for (const name of ['first', 'second'])
    await pushCampaign(db, releases, JSON.stringify(modelCampaign(name, { events: 4000 })), new Date(now));
});
afterAll(() => bare?.remove());

async function* chunks(bytes: Buffer) {
  yield bytes;
}

async function join(engineVersion: string, os = 'linux'): Promise<number> {
  const { hostId } = await bare.project.hosts.register({ cores: 4, os, engineVersion }, new Date(now), null);
  return readId('h', hostId) ?? 0;
}

async function leases(host: number, want: number): Promise<readonly Lease[]> {
  return (await bare.project.lease(host, { want, platforms: ['x86_64-linux'], held: [] })).leases;
}

function inline(lease: Lease, capsule: string): ResultReport {
  const output = modelOutput(lease.card);
  const report = finished(lease, output);
  if (report.outcome.state !== 'finished') throw new Error('not finished');
  const files = report.outcome.files.map((file) => ({
    ...file,
    data: Buffer.from(output[file.path] ?? '').toString('base64'),
  }));
  return { ...report, capsule, seconds: 10, outcome: { ...report.outcome, files } };
}

const ask = (method: string, path: string, body?: object) =>
  app.request(API_PREFIX + path, {
    method,
    headers: { authorization: `Bearer ${bare.project.staffToken}` },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
const shown = async () => Operations.parse(await (await ask('GET', '/staff/operations')).json());

test('of an empty project there is nothing to say, and that is said', async () => {
  expect(await shown()).toMatchObject({
    hosts: { joined: 0, working: 0, quarantined: 0, byVersion: [], byCapsule: [] },
    lately: { seconds: 0, results: 0, events: 0 },
    failures: [],
    quarantined: [],
    campaigns: [
      { name: 'second', eventsPerSecond: 0, secondsLeft: null },
      { name: 'first', eventsPerSecond: 0, secondsLeft: null },
    ],
  });
});

test('hosts by what they are, pace and time left of each campaign, what waits', async () => {
  const [one, two] = [await join('1.0'), await join('1.1', 'windows')];
  await join('1.1');
  const { accounts, ownHosts } = bare.project;
  const { id } = await accounts.create({ login: 'ada', password: 'correct horse battery staple' });
  await accounts.change(id, { country: 'CH' });
  await ownHosts.attach(two, (await ownHosts.newCode(id)).code);
  const [work, more] = [await leases(one, 3), await leases(two, 2)];
  now += 100_000;
  for (const lease of work) await bare.project.report(one, inline(lease, 'qemu'));
  now += 100_000;
  const { hosts, lately, campaigns, queues, bytes } = await shown();
  expect(hosts).toMatchObject({ joined: 3, working: 1, quarantined: 0 });
  expect(hosts.byVersion).toEqual([
    { name: '1.1', hosts: 2, working: 1 },
    { name: '1.0', hosts: 1, working: 0 },
  ]);
  expect(hosts.bySystem.map(({ name }) => name)).toEqual(['linux', 'windows']);
  expect(hosts.byCountry).toEqual([
    { name: '', hosts: 2, working: 0 },
    { name: 'CH', hosts: 1, working: 1 },
  ]);
  expect(hosts.byCapsule).toEqual([{ name: 'qemu', hosts: 1, results: 3, eventsPerSecond: 10 }]);
  // From when the first was begun, ten seconds before it was told.
  expect(lately).toEqual({ seconds: 110, results: 3, events: 300 });
  const merged = campaigns.reduce((sum, { eventsPerSecond }) => sum + eventsPerSecond, 0);
  expect(merged).toBeCloseTo(300 / 110);
  for (const { eventsValid, eventsPerSecond, secondsLeft } of campaigns)
    expect(secondsLeft).toBe(eventsPerSecond > 0 ? (4000 - eventsValid) / eventsPerSecond : null);
  expect(queues.find(({ name }) => name === 'leases-overdue')).toMatchObject({ length: 0 });
  expect(bytes.database).toBeGreaterThan(1e6);
  expect(bytes.packs + bytes.objects).toBeGreaterThan(0);

  now += 3 * 3_600_000;
  const later = await shown();
  expect(later.lately).toEqual({ seconds: 0, results: 0, events: 0 });
  const overdue = later.queues.find(({ name }) => name === 'leases-overdue');
  expect(overdue).toEqual({ name: 'leases-overdue', length: more.length, oldestSeconds: expect.any(Number) });
});

test('failures are together that say the same but for their numbers, with what the last of them printed', async () => {
  const host = await join('1.2');
  const work = await leases(host, 5);
  const reports = [
    { reason: 'killed after 912 s', exitStatus: 137, consoleTail: 'event 10' },
    { reason: 'killed after 1013 s', exitStatus: 137, consoleTail: 'event 20' },
    { reason: 'exit status 3', exitStatus: 3, consoleTail: '<b>no\u202e memory</b>' },
    { reason: 'exit status 4', exitStatus: 4 },
  ];
  for (const [i, parts] of reports.entries()) {
    const lease = work[i];
    if (lease) await bare.project.report(host, failedReport(lease, parts));
  }
  const { failures } = await shown();
  expect(failures.map(({ cause, exitStatus, results }) => [cause, exitStatus, results])).toEqual([
    ['the program failed: killed after 1013 s', 137, 2],
    ['the program failed: exit status 4', 4, 1],
    ['the program failed: exit status 3', 3, 1],
  ]);
  expect(failures[0]?.sample).toMatchObject({ hostId: `h${host}`, capsule: 'wasm', console: 'event 20' });
  expect(failures[2]?.sample.console).toBe('<b>no\u202e memory</b>');
});

test('who is in quarantine is told until pardoned, or until it is over', async () => {
  const host = await join('1.3');
  const until = new Date(now + 86_400_000).toISOString();
  await bare.project.db.query('UPDATE host SET caught = 2, quarantined_until = $2 WHERE id = $1', [
    host,
    until,
  ]);
  const { hosts, quarantined } = await shown();
  expect(hosts.quarantined).toBe(1);
  expect(quarantined).toMatchObject([{ hostId: `h${host}`, version: '1.3', caught: 2, until }]);
  expect((await ask('POST', `/staff/hosts/h${host}/pardon`)).status).toBe(204);
  expect((await shown()).quarantined).toEqual([]);
});

test('a note is put on a histogram, changed and taken away; nobody but staff does so', async () => {
  const notes = async (answer: Promise<Response> | Response) =>
    Notes.parse(await (await answer).json()).notes;
  const put = (body: object) => ask('PUT', '/staff/campaigns/first/notes', body);
  expect(await notes(app.request(`${API_PREFIX}/campaigns/first/notes`))).toEqual([]);
  const text = 'the <b>dip</b> at 1 is real';
  const at = new Date(now).toISOString();
  expect(await notes(put({ histogram: 'a', text }))).toEqual([{ histogram: 'a', text, at }]);
  expect(await notes(put({ histogram: 'a', text: 'no' }))).toMatchObject([{ text: 'no' }]);
  expect(await notes(app.request(`${API_PREFIX}/campaigns/c1/notes`))).toHaveLength(1);
  expect(await notes(put({ histogram: 'a', text: ' ' }))).toEqual([]);
  expect((await put({ histogram: 'c', text })).status).toBe(422);
  expect((await put({ histogram: 'a', text: 'a\0b' })).status).toBe(422);
  expect((await ask('PUT', '/staff/campaigns/none/notes', { histogram: 'a', text })).status).toBe(404);
  const stranger = await app.request(`${API_PREFIX}/staff/campaigns/first/notes`, { method: 'PUT' });
  expect(stranger.status).toBe(401);
});
