import { type AddressInfo, createServer, type Server } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fire, told } from '../testkit/fuzz/fire.ts';
import { requests, type World } from '../testkit/fuzz/requests.ts';
import { fuzzWorld } from '../testkit/fuzz/world.ts';
import { closeRaw, sendRaw } from '../testkit/raw-request.ts';
import { type TestServer, testServer } from '../testkit/server.ts';
import { routes } from './app.ts';

/** Another seed makes other requests; BEAMTIME_FUZZ_SEED repeats those of a run that failed. */
const SEED = Number(process.env.BEAMTIME_FUZZ_SEED ?? 20_261_128);
const REQUESTS = 1500;

let server: TestServer;
let world: World;
let trap: Server;
let trapped = 0;
const rejected: unknown[] = [];
const onRejected = (reason: unknown) => rejected.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', onRejected);
  // Whoever connects to it followed an address that stood in a request.
  trap = createServer((socket) => {
    trapped++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  const { port } = trap.address() as AddressInfo;
  server = await testServer();
  const texts = [`http://127.0.0.1:${port}/`, `file://127.0.0.1:${port}/x`, `//127.0.0.1:${port}/`];
  world = await fuzzWorld(server.url, server.staffToken, texts);
});
afterAll(async () => {
  process.off('unhandledRejection', onRejected);
  closeRaw();
  await server?.remove();
  await new Promise((resolve) => trap.close(resolve));
});

test(`whatever is sent, the server answers and has no fault of its own (seed ${SEED})`, async () => {
  const made = fc.sample(requests(routes, world), { numRuns: REQUESTS, seed: SEED });
  const { sent, statuses, failures } = await fire(server.url, made, 8);
  expect(failures.slice(0, 3).map(told)).toEqual([]);
  // It got beyond the doors: some were granted, some refused for each reason.
  for (const status of [200, 400, 401, 404, 422])
    expect(statuses.get(status) ?? 0, `${status}`).toBeGreaterThan(5);
  expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(sent);
  expect(rejected).toEqual([]);
  expect(Object.hasOwn(Object.prototype, 'isStaff')).toBe(false);

  const health = await sendRaw(server.url, { method: 'GET', path: '/api/v1/health' });
  expect(health.status).toBe(200);
  const campaign = await sendRaw(server.url, { method: 'GET', path: '/api/v1/campaigns/fuzzed' });
  expect(JSON.parse(campaign.text)).toMatchObject({ name: 'fuzzed' });
});

test('and goes to no address that was told to it', async () => {
  const path = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/`;
  expect((await sendRaw(server.url, { method: 'GET', path })).status).toBe(404);
  const schema = { parameters: { $ref: `${path}schema.json` } };
  const program = world.known.programs?.[0];
  const release = {
    application: 'remote',
    version: '1',
    title: 'R',
    description: '',
    licence: '',
    programs: program,
  };
  const reply = await sendRaw(server.url, {
    method: 'PUT',
    path: '/api/v1/staff/releases',
    headers: { authorization: `Bearer ${world.tokens.staff}` },
    body: JSON.stringify({
      ...release,
      ...schema,
      histograms: [],
      limits: { memoryMb: 1, wallSeconds: 1, outputBytes: 1 },
      referenceMicrosecondsPerEvent: 1,
    }),
  });
  expect([reply.status, JSON.parse(reply.text).error.code]).toEqual([422, 'release-schema']);
  expect(trapped).toBe(0);
});
