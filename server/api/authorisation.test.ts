import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../platform/files.ts';
import {
  Account,
  ApiTokenList,
  ApiTokenSecret,
  CSRF_HEADER,
  Scope,
  SessionList,
} from '../../protocol/account-api.ts';
import { AttachCode, HostOwner, OwnHostList, Team } from '../../protocol/people-api.ts';
import { API_PREFIX, type Lease, UploadState } from '../../protocol/project-api.ts';
import { serverFiles } from '../files.ts';
import { newToken } from '../secrets.ts';
import { Client, finished, Host, refusal, Staff } from '../testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../testkit/model.ts';
import { beside, ownership } from '../testkit/ownership.ts';
import { Person } from '../testkit/person.ts';
import { closeRaw, type RawReply, sendRaw } from '../testkit/raw-request.ts';
import { type TestServer, testServer } from '../testkit/server.ts';
import { routes } from './app.ts';
import type { Who } from './auth.ts';
import { openApi } from './openapi.ts';
import type { Route } from './route.ts';

/** Who may send a request: what stands after "Authorization:", a cookie, or nothing. */
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
  'volunteer',
  'reviewer',
  'staff member',
  'owner',
  'an owner whose browser another page uses',
  "an owner's token for programs, with all scopes",
  "an owner's token for programs, with another scope",
  "a volunteer's token for programs, of when they were staff",
  'a session that nobody has',
] as const;
type Role = (typeof ROLES)[number];

const PEOPLE = ['volunteer', 'reviewer', 'staff member', 'owner'] as const;

const MAY: Readonly<Record<Who, readonly Role[]>> = {
  anyone: ROLES,
  host: ['host', 'another host'],
  account: PEOPLE,
  reviewer: ['staff', 'reviewer', 'staff member', 'owner'],
  staff: ['staff', 'staff member', 'owner'],
  owner: ['staff', 'owner'],
};

/** Those with a token for programs may what its scopes name; who asks from another page may look, as its browser may. */
function may(one: Route, role: Role): boolean {
  if (role === 'an owner whose browser another page uses') {
    if (one.who === 'anyone') return !one.page;
    return one.method === 'get' && MAY[one.who].includes('owner');
  }
  if (role === "an owner's token for programs, with all scopes" && one.scope !== undefined) return true;
  if (role === "an owner's token for programs, with another scope" && one.scope === 'operations:read')
    return true;
  return MAY[one.who].includes(role);
}

let server: TestServer;
let host: Host;
let other: Host;
let staff: Staff;
let people: Readonly<Record<(typeof PEOPLE)[number], Person>>;
let tokens: Readonly<Record<'all' | 'other' | 'old', string>>;
/** Sessions to be ended. */
let spare: Person[] = [];
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
  people = {
    volunteer: await Person.withRole(staff, 'vera', 'staff'),
    reviewer: await Person.withRole(staff, 'rolf', 'reviewer'),
    'staff member': await Person.withRole(staff, 'stella', 'staff'),
    owner: await Person.withRole(staff, 'olga', 'owner'),
  };
  const token = async (person: Person, scopes: readonly Scope[]) =>
    (await person.ask(ApiTokenSecret, 'POST', '/account/tokens', { name: 'x', scopes, days: 1 })).token;
  tokens = {
    all: await token(people.owner, Scope.options),
    other: await token(people.owner, ['operations:read']),
    old: await token(people.volunteer, ['campaigns:write', 'releases:write', 'results:read']),
  };
  await staff.send('PUT', '/staff/accounts/vera/role', { role: 'volunteer' });
  await people.volunteer.signIn();
  spare = await Promise.all(PEOPLE.flatMap((one) => [people[one].elsewhere(), people[one].elsewhere()]));
  // What staff may do is done to this one.
  await staff.push(modelCampaign('sacrifice'));
});
afterAll(async () => {
  closeRaw();
  await server?.remove();
});

function authorization(role: Role, from = people): Record<string, string> {
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
    case 'volunteer':
    case 'reviewer':
    case 'staff member':
    case 'owner':
      return { cookie: from[role].cookie };
    case 'an owner whose browser another page uses':
      return { cookie: people.owner.cookie, 'sec-fetch-site': 'same-site' };
    case "an owner's token for programs, with all scopes":
      return bearer(tokens.all);
    case "an owner's token for programs, with another scope":
      return bearer(tokens.other);
    case "a volunteer's token for programs, of when they were staff":
      return bearer(tokens.old);
    case 'a session that nobody has':
      return { cookie: `beamtime-session=${elsewhere}` };
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
    login: 'vera',
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
    headers: { [CSRF_HEADER]: '1', ...authorization(role, whose(one, role)) },
    body,
  });
}

/** Who signs out does so with a session of its own. */
function whose(one: Route, role: Role): typeof people {
  const at =
    one.path === '/sessions/end'
      ? spare.findIndex(({ login }) => people[role as 'owner']?.login === login)
      : -1;
  const [person] = at < 0 ? [] : spare.splice(at, 1);
  return person ? { ...people, [role]: person } : people;
}

const nameOf = (one: Route) => `${one.method} ${one.path}`;

/** True for each answer, whoever asks. No cookie but where somebody signs in, which nobody does in the matrix. */
function expectSafeHeaders({ headers }: RawReply, mayEndSession = false): void {
  if (mayEndSession) expect(String(headers['set-cookie'] ?? 'Max-Age=0')).toContain('Max-Age=0');
  else expect(headers['set-cookie']).toBeUndefined();
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

  test('what a host or a person calls is its own, or names what may be another’s', () => {
    for (const one of routes) {
      const { who } = one;
      const may = who === 'host' || who === 'account' ? ['caller', who] : ['project'];
      expect(may, nameOf(one)).toContain(ownership[nameOf(one)]);
    }
  });
});

/** Whether the server knows who asks, where they may not: 403 in place of 401. */
function isKnown({ who, page }: Route, role: Role): boolean {
  if (page) return true;
  if (who === 'anyone' || who === 'host') return false;
  if (role === 'an owner whose browser another page uses' || PEOPLE.some((one) => one === role)) return true;
  return who !== 'account' && role.includes('token for programs');
}

const operations = openApi(routes).paths as Record<string, Record<string, { responses: object }>>;

test.each(routes.map((one) => [one.method.toUpperCase(), one.path, one.who, one] as const))(
  '%s %s is for %s, and what is there makes no difference',
  async (_method, _path, _who, one) => {
    const declared = Object.keys(operations[API_PREFIX + one.path]?.[one.method]?.responses ?? {});
    const statuses = new Set<string>();
    for (const role of ROLES) {
      for (const subject of ['there', 'not there'] as const) {
        const reply = await ask(one, role, subject);
        expectSafeHeaders(reply, one.path === '/sessions/end');
        if (may(one, role)) {
          expect([401, 403], `${role}: ${reply.text}`).not.toContain(reply.status);
          if (reply.status >= 300) expect(declared, reply.text).toContain(String(reply.status));
          statuses.add(`${subject} ${reply.status}`);
        } else {
          expect(reply.status, `${role}: ${reply.text}`).toBe(isKnown(one, role) ? 403 : 401);
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
    async 'post /hosts/me/attach'() {
      const { code } = await people.owner.ask(AttachCode, 'POST', '/account/attach-code');
      await host.ask(HostOwner, 'POST', '/hosts/me/attach', { code });
      expect(refusal(await other.send('POST', '/hosts/me/attach', { code }), 404).code).toBe('unknown-code');
      const { hosts } = await people.owner.ask(OwnHostList, 'GET', '/account/hosts');
      expect(hosts.map(({ id }) => id)).toEqual([host.id]);
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

describe("what is another person's", () => {
  /** What the first owner has; the first sees it then, the second is told that there is none. */
  const cases: Readonly<Record<string, (mine: Person, others: Person) => Promise<void>>> = {
    async 'delete /account/sessions/{id}'(mine, others) {
      const { sessions } = await others.ask(SessionList, 'GET', '/account/sessions');
      const reply = await mine.send('DELETE', `/account/sessions/${sessions[0]?.id}`);
      expect(refusal(reply, 404).code).toBe('unknown-id');
      expect((await others.send('GET', '/account')).status).toBe(200);
    },
    async 'delete /account/passkeys/{id}'(mine) {
      expect(refusal(await mine.send('DELETE', '/account/passkeys/k1'), 404).code).toBe('unknown-id');
    },
    async 'delete /account/hosts/{id}'(mine, others) {
      const { code } = await others.ask(AttachCode, 'POST', '/account/attach-code');
      await other.ask(HostOwner, 'POST', '/hosts/me/attach', { code });
      expect(refusal(await mine.send('DELETE', `/account/hosts/${other.id}`), 404).code).toBe('unknown-id');
      const { hosts } = await others.ask(OwnHostList, 'GET', '/account/hosts');
      expect(hosts.map(({ id }) => id)).toEqual([other.id]);
    },
    async 'patch /teams/{id}'(mine, others) {
      const { id } = await others.ask(Team, 'POST', '/teams', { name: 'Theirs' });
      expect(refusal(await mine.send('PATCH', `/teams/${id}`, { name: 'Mine' }), 403).code).toBe(
        'not-founder',
      );
    },
    async 'post /teams/{id}/join'(mine, others) {
      const { id } = await others.ask(Team, 'POST', '/teams', { name: 'Open to all' });
      expect((await mine.ask(Team, 'POST', `/teams/${id}/join`)).members).toBe(2);
      expect(await others.ask(Account, 'GET', '/account')).toMatchObject({ team: { id } });
    },
    async 'delete /account/tokens/{id}'(mine, others) {
      const body = { name: 'kept', scopes: ['operations:read'], days: 1 };
      const { id } = await others.ask(ApiTokenSecret, 'POST', '/account/tokens', body);
      expect(refusal(await mine.send('DELETE', `/account/tokens/${id}`), 404).code).toBe('unknown-id');
      const { tokens } = await others.ask(ApiTokenList, 'GET', '/account/tokens');
      expect(tokens.map((one) => one.id)).toContain(id);
    },
  };

  test('has a case for each route that can name it', () => {
    const naming = Object.entries(ownership).filter(([, whose]) => whose === 'account');
    expect(Object.keys(cases).sort()).toEqual(naming.map(([name]) => name).sort());
  });

  test.each(Object.entries(cases))('%s', (_name, work) => work(people.owner, people['staff member']));
});

test('no token is in the log, whatever was asked with it', async () => {
  for (const token of [host.token, server.staffToken, elsewhere, newToken()]) {
    await new Client(server.url, token).send('GET', '/staff/results');
    await new Client(server.url, token).send('POST', '/leases', { want: 'x', token });
    await new Client(server.url, token).send('GET', `/campaigns/nothing?token=${token}`);
  }
  expect(logged).toMatch(/unknown-token/);
  const sessions = Object.values(people).map(({ cookie }) => cookie.replace(/^.*=/, ''));
  for (const token of [
    host.token,
    other.token,
    server.staffToken,
    metricsToken,
    elsewhere,
    tokens.all,
    ...sessions,
  ])
    expect(logged).not.toContain(token);
});
