import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../platform/files.ts';
import { API_PREFIX, type Lease, UploadState } from '../../protocol/project-api.ts';
import { serverFiles } from '../files.ts';
import { newToken } from '../secrets.ts';
import { Client, finished, Host, refusal, Staff } from '../testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../testkit/model.ts';
import { beside, ownership } from '../testkit/ownership.ts';
import { closeRaw, type RawReply, sendRaw } from '../testkit/raw-request.ts';
import { type TestServer, testServer } from '../testkit/server.ts';
import { routes } from './app.ts';
import type { Who } from './auth.ts';
import { openApi } from './openapi.ts';
import type { Route } from './route.ts';

/** Who may send a request: what stands after "Authorization:", or nothing. */
const ROLES = [
  'nobody',
  'host',
  'another host',
  'staff',
  'who may read metrics',
  'a host of another project',
  'a malformed token',
  "a host's token with more behind it",
  "the staff's token by Basic",
] as const;
type Role = (typeof ROLES)[number];

const MAY: Readonly<Record<Who, readonly Role[]>> = {
  anyone: ROLES,
  host: ['host', 'another host'],
  staff: ['staff'],
};

let server: TestServer;
let host: Host;
let other: Host;
let staff: Staff;
let lease: Lease;
let otherLease: Lease;
let metricsToken: string;
/** All that the server logged, at its most talkative. */
let logged = '';
/** A token as any project gives them: nothing in it says of which. */
const elsewhere = newToken();

beforeAll(async () => {
  const log = pino(
    { level: 'trace' },
    new Writable({
      write(chunk, _encoding, done) {
        logged += String(chunk);
        done();
      },
    }),
  );
  server = await testServer({ log });
  metricsToken = readFileSync(serverFiles(server.folder).metricsToken, 'utf8').trim();
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
  await staff.push(modelCampaign('matrix'));
  host = await Host.register(server.url);
  other = await Host.register(server.url);
  lease = await host.lease();
  otherLease = await other.lease();
  // What staff may do is done to this one.
  await staff.push(modelCampaign('sacrifice'));
});
afterAll(async () => {
  closeRaw();
  await server?.remove();
});

function authorization(role: Role): Record<string, string> {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  switch (role) {
    case 'nobody':
      return {};
    case 'host':
      return bearer(host.token ?? '');
    case 'another host':
      return bearer(other.token ?? '');
    case 'staff':
      return bearer(server.staffToken);
    case 'who may read metrics':
      return bearer(metricsToken);
    case 'a host of another project':
      return bearer(elsewhere);
    case 'a malformed token':
      return bearer("' OR 1=1 --");
    case "a host's token with more behind it":
      return bearer(`${host.token} ${host.token}`);
    case "the staff's token by Basic":
      return { authorization: `Basic ${Buffer.from(`staff:${server.staffToken}`).toString('base64')}` };
  }
}

/** Fills a path with what is there, or with what is not. */
function filled(path: string, subject: 'there' | 'not there'): string {
  const there: Record<string, string> = {
    sha256: sha256(modelPrograms['x86_64-linux']),
    application: 'model',
    version: '1',
    id: 'sacrifice',
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    subject === 'there' ? (there[name] ?? 'x') : name === 'sha256' ? '0'.repeat(64) : 'nothing',
  );
}

function ask(one: Route, role: Role, subject: 'there' | 'not there'): Promise<RawReply> {
  const body = one.body === 'bytes' ? 'x' : one.body === 'text' ? '-' : one.body ? '{}' : undefined;
  return sendRaw(server.url, {
    method: one.method.toUpperCase(),
    path: API_PREFIX + filled(one.path, subject),
    headers: authorization(role),
    body,
  });
}

const nameOf = (one: Route) => `${one.method} ${one.path}`;

/** True for each answer, whoever asks. No cookie: no browser sends what it was not asked to send. */
function expectSafeHeaders({ headers }: RawReply): void {
  expect(headers['set-cookie']).toBeUndefined();
  expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['cache-control'], 'what is not public for ever is kept by nobody').toMatch(
    /^(no-store|no-cache|public, max-age=31536000, immutable)$/,
  );
}

describe('every route has said whose its things are', () => {
  test('those of the API', () => {
    expect(Object.keys(ownership).sort()).toEqual(routes.map(nameOf).sort());
  });

  test('and all that is served beside them', () => {
    const served = server.app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.startsWith(API_PREFIX))
      .map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(served)].sort()).toEqual(Object.keys(beside).sort());
  });

  test('what a host calls is its own, or names what may be another host’s', () => {
    for (const one of routes)
      expect(one.who === 'host' ? ['caller', 'host'] : ['project'], nameOf(one)).toContain(
        ownership[nameOf(one)],
      );
  });
});

const operations = openApi(routes).paths as Record<string, Record<string, { responses: object }>>;

test.each(routes.map((one) => [one.method.toUpperCase(), one.path, one.who, one] as const))(
  '%s %s is for %s, and what is there makes no difference',
  async (_method, _path, who, one) => {
    const declared = Object.keys(operations[API_PREFIX + one.path]?.[one.method]?.responses ?? {});
    const statuses = new Set<string>();
    for (const role of ROLES) {
      for (const subject of ['there', 'not there'] as const) {
        const reply = await ask(one, role, subject);
        expectSafeHeaders(reply);
        if (MAY[who].includes(role)) {
          expect([401, 403], `${role}: ${reply.text}`).not.toContain(reply.status);
          if (reply.status >= 300) expect(declared, reply.text).toContain(String(reply.status));
          statuses.add(`${subject} ${reply.status}`);
        } else {
          expect(reply.status, `${role}: ${reply.text}`).toBe(401);
          expect(Object.keys(JSON.parse(reply.text))).toEqual(['error']);
        }
      }
    }
    // All that may call it get the same.
    expect(statuses.size).toBeLessThanOrEqual(2);
  },
);

test.each(Object.entries(beside))('%s is for %s', async (name, who) => {
  const [method = '', pattern = ''] = name.split(' ');
  const path = pattern.replaceAll(/:\w+(\{[^}]*\})?/g, 'nothing');
  for (const role of ROLES) {
    const reply = await sendRaw(server.url, { method, path, headers: authorization(role) });
    expectSafeHeaders(reply);
    if (who === 'anyone' || role === 'who may read metrics') expect([401, 403]).not.toContain(reply.status);
    else expect(reply.status).toBe(401);
  }
});

const staffPath = `${API_PREFIX}/staff/results`;

test.each([
  ['a token in the query', 'GET', `${staffPath}?token=TOKEN&access_token=TOKEN`, {}],
  ['a token in a cookie', 'GET', staffPath, { cookie: 'token=TOKEN; authorization=Bearer TOKEN' }],
  ['a token in a header of its own', 'GET', staffPath, { 'x-authorization': 'Bearer TOKEN' }],
  ['two tokens', 'GET', staffPath, { authorization: 'Bearer TOKEN, Bearer TOKEN' }],
  ['HEAD for GET', 'HEAD', staffPath, {}],
  ['another method by header', 'GET', staffPath, { 'x-http-method-override': 'PUT' }],
  ['two slashes', 'GET', staffPath.replace('/staff', '//staff'), {}],
  ['a slash at the end', 'GET', `${staffPath}/`, {}],
  ['capitals', 'GET', staffPath.replace('staff', 'Staff'), {}],
  ['an encoded slash', 'GET', staffPath.replace('/results', '%2fresults'), {}],
  ['an encoded letter', 'GET', staffPath.replace('staff', '%73taff'), {}],
  ['dots', 'GET', `${API_PREFIX}/project/../staff/results`, {}],
  ['encoded dots', 'GET', `${API_PREFIX}/project/%2e%2e/staff/results`, {}],
  ['a semicolon', 'GET', `${staffPath};x=1`, {}],
  ['the whole address', 'GET', `http://elsewhere.invalid${staffPath}`, {}],
  [
    'a claim to come from this machine',
    'GET',
    staffPath,
    { 'x-forwarded-for': '127.0.0.1', host: 'localhost' },
  ],
  ['a rewritten address', 'GET', '/', { 'x-original-url': staffPath, 'x-rewrite-url': staffPath }],
])('%s opens no door of the staff', async (_what, method, path, headers) => {
  const withToken = (text: string) => text.replaceAll('TOKEN', server.staffToken);
  const reply = await sendRaw(server.url, {
    method,
    path: withToken(path),
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, withToken(text)])),
  });
  expect([401, 404]).toContain(reply.status);
});

test('a page elsewhere can make a browser send no token, and reads no answer', async () => {
  for (const contentType of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const reply = await sendRaw(server.url, {
      method: 'POST',
      path: `${API_PREFIX}/staff/campaigns`,
      headers: { origin: 'https://elsewhere.invalid', 'content-type': contentType, cookie: 'a=b' },
      body: JSON.stringify(modelCampaign('by-a-page')),
    });
    expect(reply.status).toBe(401);
    expectSafeHeaders(reply);
  }
  const preflight = await sendRaw(server.url, {
    method: 'OPTIONS',
    path: `${API_PREFIX}/staff/campaigns`,
    headers: {
      origin: 'https://elsewhere.invalid',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    },
  });
  expect(preflight.status).toBe(404);
  expectSafeHeaders(preflight);
});

describe("what is another host's", () => {
  const bytes = Buffer.alloc(10_000, 5);
  const hash = sha256(bytes);
  const uploaded = async (client: Client) =>
    UploadState.parse((await client.send('GET', `/uploads/${hash}`)).json);

  const cases: Readonly<Record<string, () => Promise<void>>> = {
    async 'post /leases'() {
      const reply = await other.leases(0, [otherLease.id, lease.id]);
      expect(reply.unknown).toEqual([lease.id]);
      expect((await host.leases(0, [lease.id])).unknown).toEqual([]);
    },
    async 'post /leases/release'() {
      expect((await other.send('POST', '/leases/release', { leases: [lease.id] })).status).toBe(204);
      expect((await host.leases(0, [lease.id])).unknown).toEqual([]);
    },
    async 'get /uploads/{sha256}'() {
      await host.part(hash, bytes.subarray(0, 4000), 0, bytes.length);
      expect(await uploaded(host)).toEqual({ offset: 4000, complete: false });
      expect(await uploaded(other)).toEqual({ offset: 0, complete: false });
    },
    async 'patch /uploads/{sha256}'() {
      const reply = await other.part(hash, bytes.subarray(4000), 4000, bytes.length);
      expect([reply.status, reply.json]).toEqual([409, { offset: 0, complete: false }]);
      expect(await uploaded(host)).toEqual({ offset: 4000, complete: false });
    },
    async 'post /results'() {
      const reply = await other.send('POST', '/results', finished(lease, modelOutput(lease.card)));
      expect(refusal(reply, 403).code).toBe('not-your-lease');
      expect(await host.verdict(lease)).toBeUndefined();
    },
    async 'post /verdicts'() {
      expect(await host.finish(lease, modelOutput(lease.card))).toMatchObject({ state: 'valid' });
      expect(await host.verdict(lease)).toMatchObject({ state: 'valid' });
      expect(await other.verdict(lease)).toBeUndefined();
      expect((await other.standing()).creditMicroseconds).toBe(0);
    },
  };

  test('has a case for each route that can name it', () => {
    const naming = Object.entries(ownership).filter(([, whose]) => whose === 'host');
    expect(Object.keys(cases).sort()).toEqual(naming.map(([name]) => name).sort());
  });

  test.each(Object.entries(cases))('%s', (_name, work) => work());
});

test('no token is in the log, whatever was asked with it', async () => {
  for (const token of [host.token, server.staffToken, elsewhere, newToken()]) {
    await new Client(server.url, token).send('GET', '/staff/results');
    await new Client(server.url, token).send('POST', '/leases', { want: 'x', token });
    await new Client(server.url, token).send('GET', `/campaigns/nothing?token=${token}`);
  }
  expect(logged).toMatch(/unknown-token/);
  for (const token of [host.token, other.token, server.staffToken, metricsToken, elsewhere])
    expect(logged).not.toContain(token);
});
