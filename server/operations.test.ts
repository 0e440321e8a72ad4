import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../platform/files.ts';
import { Readiness } from '../protocol/project-api.ts';
import { Client, failedReport, Host, Staff } from './testkit/client.ts';
import { evgenProgram, evgenRelease, hasEvgen } from './testkit/evgen.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from './testkit/model.ts';
import { type TestServer, testServer } from './testkit/server.ts';

let server: TestServer;
let staff: Staff;
let anybody: Client;
let token = '';
beforeAll(async () => {
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  anybody = new Client(server.url);
  token = (await readFile(join(server.folder, 'metrics.token'), 'utf8')).trim();
  await staff.publish(modelRelease, modelPrograms);
});
afterAll(() => server?.remove());

const asked = (authorization?: string) =>
  fetch(`${server.url}/metrics`, authorization === undefined ? {} : { headers: { authorization } });

/** Samples by name and labels as they are written: beamtime_leases{state="out"} */
async function metrics(): Promise<Map<string, number>> {
  const text = await (await asked(`Bearer ${token}`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

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
