import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../platform/files.ts';
import { makeLogger } from '../platform/log.ts';
import { Readiness } from '../protocol/project-api.ts';
import { Client, failedReport, Host, Staff } from './testkit/client.ts';
import { evgenProgram, evgenRelease, hasEvgen } from './testkit/evgen.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from './testkit/model.ts';
import { type TestServer, testServer } from './testkit/server.ts';

let server: TestServer;
let staff: Staff;
let anybody: Client;
let token = '';
let logs = '';
beforeAll(async () => {
  logs = await mkdtemp(join(tmpdir(), 'beamtime-logs-'));
  server = await testServer({
    log: makeLogger('server', join(logs, 'log'), 'trace'),
    publicUrl: 'https://lep.example.org/',
  });
  staff = new Staff(server.url, server.staffToken);
  anybody = new Client(server.url);
  token = (await readFile(join(server.folder, 'metrics.token'), 'utf8')).trim();
  await staff.publish(modelRelease, modelPrograms);
});
afterAll(async () => {
  await server?.remove();
  await rm(logs, { recursive: true });
});

const asked = (authorization?: string) =>
  fetch(`${server.url}/metrics`, authorization === undefined ? {} : { headers: { authorization } });

/** Samples by name and labels as they are written: beamtime_leases{state="out"} */
async function metrics(): Promise<Map<string, number>> {
  const text = await (await asked(`Bearer ${token}`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

test('behind a proxy the invitation carries its address', () => {
  expect(new URL(server.invitation).searchParams.get('url')).toBe('https://lep.example.org');
});

describe('metrics', () => {
  test('are told to nobody without their own token', async () => {
    for (const authorization of [
      undefined,
      'Bearer short',
      `Bearer ${'x'.repeat(43)}`,
      `Bearer ${server.staffToken}`,
    ])
      expect((await asked(authorization)).status).toBe(401);
    const told = await asked(`Bearer ${token}`);
    expect([told.status, told.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^text\/plain; version=0\.0\.4/),
    ]);
    // And theirs opens nothing else.
    expect((await new Client(server.url, token).send('GET', '/staff/results')).status).toBe(401);
  });

  test('tell what is in hand, what waits, and what came of it', async () => {
    await staff.push(modelCampaign('measured', { validation: { quorum: 2 } }));
    const host = await Host.register(server.url);
    const { leases } = await host.leases(3);
    const [one, two] = leases;
    if (!one || !two) throw new Error('no leases');
    await host.finish(one, modelOutput(one.card));
    await host.report(failedReport(two));
    await server.restart();
    const told = await metrics();
    expect(Object.fromEntries(told)).toMatchObject({
      'beamtime_leases{state="out"}': 1,
      'beamtime_leases{state="overdue"}': 0,
      'beamtime_results{state="pending"}': 1,
      'beamtime_results{state="failed"}': 1,
      'beamtime_results{state="valid"}': 0,
      'beamtime_queue_length{queue="results-pending"}': 1,
      'beamtime_campaigns{state="running"}': 1,
      'beamtime_units{state="open"}': 10,
      beamtime_hosts: 1,
      beamtime_store_up: 1,
    });
    for (const name of [
      'beamtime_store_bytes',
      'beamtime_folder_bytes{folder="objects"}',
      'beamtime_disk_free_bytes',
      'beamtime_queue_oldest_seconds{queue="results-pending"}',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
    ])
      expect(told.get(name)).toBeGreaterThan(0);
  });

  test('count requests by route and status, never by path', async () => {
    for (let i = 0; i < 3; i++) await anybody.send('GET', `/campaigns/none-${i}`);
    await anybody.send('GET', '/campaigns');
    await anybody.send('GET', '/none/of/ours');
    const text = [...(await metrics())].filter(([name]) => name.includes('_http_request_seconds_count'));
    const counts = Object.fromEntries(
      text.map(([name, count]) => [
        name.replace(/^.*method="(\w+)",route="(.*)",status="(\d+)".*$/, '$1 $2 $3'),
        count,
      ]),
    );
    expect(counts).toMatchObject({
      'GET /api/v1/campaigns/:id 404': 3,
      'GET /api/v1/campaigns 200': 1,
      'GET none 404': 1,
    });
    expect(Object.keys(counts).filter((name) => name.includes('ours'))).toEqual([]);
  });
});

describe('health', () => {
  const ready = async () => {
    const { status, json } = await anybody.send('GET', '/health/ready');
    return { status, ...Readiness.parse(json) };
  };

  test('a server that can serve hosts is live and ready', async () => {
    expect((await anybody.send('GET', '/health/live')).json).toMatchObject({ state: 'ok' });
    expect(await ready()).toEqual({
      status: 200,
      ready: true,
      checks: { store: true, migrations: true, spotChecks: true },
    });
  });

  test.skipIf(!hasEvgen)(
    'one that lacks the program of its spot checks is not (needs the built evgen)',
    async () => {
      const program = evgenProgram();
      await staff.publish(evgenRelease(), { 'wasm32-wasi': program });
      const { application, version } = evgenRelease();
      await staff.push({
        kind: 'campaign',
        name: 'spot',
        title: 'spot',
        application,
        version,
        events: 100,
        eventsPerUnit: 100,
        blockEvents: 50,
        parameters: { energyGeV: 91.19, processes: ['mu'] },
        validation: { spot: 0.1 },
      });
      expect(await ready()).toMatchObject({ status: 200 });
      const hash = sha256(program);
      await rm(join(server.folder, 'objects', hash.slice(0, 2), hash));
      expect(await ready()).toEqual({
        status: 503,
        ready: false,
        checks: { store: true, migrations: true, spotChecks: false },
      });
      // Live it is all the same: starting it again would not help.
      expect((await anybody.send('GET', '/health/live')).status).toBe(200);
      expect((await staff.send('PUT', `/staff/objects/${hash}`, program)).status).toBe(200);
      expect(await ready()).toMatchObject({ status: 200, ready: true });
    },
  );
});

/** What is told in confidence: tokens, and of each private key its lines. */
async function secrets(hosts: readonly Host[]): Promise<string[]> {
  const publisher = join(server.folder, 'repositories');
  const [repository = ''] = await readdir(publisher);
  const keys = ['project.key', 'master.key', join('repositories', repository, 'certificate.key')];
  const lines = await Promise.all(
    keys.map(async (name) => (await readFile(join(server.folder, name), 'utf8')).split('\n')),
  );
  const tokens = [server.staffToken, token, ...hosts.map((host) => host.token ?? '')];
  return [...tokens, ...lines.flat().filter((line) => /^[A-Za-z0-9+/=]{20,}$/.test(line))];
}

test('no secret gets into the log, whatever is done with it', async () => {
  const [host, other] = [await Host.register(server.url), await Host.register(server.url)];
  await staff.push(modelCampaign('logged', { seed: 7, validation: { quorum: 1 } }));
  for (const lease of (await host.leases(2)).leases) await host.finish(lease, modelOutput(lease.card));
  await other.report(failedReport(await other.lease()));
  await host.standing();
  await staff.results();
  await staff.send('POST', '/staff/snapshots');
  await metrics();
  // Tokens where they do not belong.
  for (const secret of [server.staffToken, host.token ?? '', token]) {
    await anybody.send('POST', '/hosts', { cores: 1, os: 'x', engineVersion: '1', token: secret });
    await anybody.send('POST', '/hosts', `{"token": "${secret}", `);
    await new Client(server.url, `${secret}x`).send('GET', '/staff/results');
    await new Client(server.url, secret).send('POST', '/leases', { want: secret });
    await anybody.send('GET', `/campaigns?token=${secret}`, undefined, { cookie: `token=${secret}` });
    await anybody.send('GET', '/project', undefined, { authorization: `Basic ${secret}` });
  }
  // A fault of the server's own, told with all that is known of it.
  await rename(join(server.folder, 'objects'), join(server.folder, 'away'));
  const bytes = Buffer.from('an object');
  expect((await staff.send('PUT', `/staff/objects/${sha256(bytes)}`, bytes)).status).toBe(500);
  await rename(join(server.folder, 'away'), join(server.folder, 'objects'));
  await server.restart();

  const log = await readFile(join(logs, 'log'), 'utf8');
  const messages = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(messages.filter(({ level }) => level >= 50).map(({ msg }) => msg)).toContain('request failed');
  expect(messages.filter(({ level }) => level === 20).length).toBeGreaterThan(5);
  const hidden = await secrets([host, other]);
  expect(hidden.length).toBeGreaterThan(30);
  expect(hidden.filter((secret) => log.includes(secret))).toEqual([]);
});
