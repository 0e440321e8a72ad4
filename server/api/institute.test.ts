import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  Account,
  InstituteAnswer,
  InstituteLink,
  InstituteOffer,
  InstituteVisit,
} from '../../protocol/account-api.ts';
import { AccountExport } from '../../protocol/people-api.ts';
import { AuditPage } from '../../protocol/staff-api.ts';
import { Client, type Reply, refusal, Staff } from '../testkit/client.ts';
import { Person } from '../testkit/person.ts';
import { RealInstitute } from '../testkit/real-institute.ts';
import { type TestServer, testServer } from '../testkit/server.ts';

let institute: RealInstitute;
let server: TestServer;
let staff: Staff;
let home: string;
let logged = '';

beforeAll(async () => {
  institute = await RealInstitute.start();
  const log = pino(
    { level: 'debug' },
    new Writable({
      write(chunk, _encoding, done) {
        logged += String(chunk);
        done();
      },
    }),
  );
  const { issuer, clientId, clientSecret } = institute;
  server = await testServer({
    log,
    institute: {
      ...{ issuer, clientId, clientSecret, name: 'The Institute' },
      staff: { claim: 'groups', value: 'beamtime-staff' },
    },
  });
  staff = new Staff(server.url, server.staffToken);
  home = server.url.replace('127.0.0.1', 'localhost');
  institute.register(`${home}/people/index.html`);
  institute.members.set('7001', { preferred_username: 'Marie.C', name: 'Marie Curie' });
  institute.members.set('7002', { preferred_username: 'marie.c', name: 'Another Marie' });
  institute.members.set('7003', { preferred_username: 'pierre', groups: ['x', 'beamtime-staff'] });
});
beforeEach(() => {
  institute.who = '7001';
  institute.instead = null;
  institute.trouble = null;
  logged = '';
});
afterAll(async () => {
  await server?.remove();
  await institute?.close();
});

const browser = (login = 'nobody') => new Person(home, login);
const begin = async (person: Person, path = '/sessions') =>
  (await person.ask(InstituteVisit, 'POST', `${path}/institute/visit`)).url;
const end = (person: Person, query: string): Promise<Reply> =>
  person.send('POST', '/sessions/institute', { query });
const signIn = async (person: Person): Promise<Reply> =>
  end(person, await institute.visit(await begin(person)));

test('who has an account there has one here from the first sign-in on, found again by what the institute knows them by', async () => {
  expect(await browser().ask(InstituteOffer, 'GET', '/sessions/institute')).toEqual({
    name: 'The Institute',
  });
  const person = browser();
  const first = InstituteAnswer.parse((await signIn(person)).json);
  expect(first).toMatchObject({
    linked: false,
    account: { login: 'marie.c', name: 'Marie Curie', role: 'volunteer', hasPassword: false, email: null },
  });
  expect(await person.ask(Account, 'GET', '/account')).toMatchObject({ login: 'marie.c' });

  // The same name of somebody else opens nothing of hers.
  institute.who = '7002';
  const other = InstituteAnswer.parse((await signIn(browser())).json);
  expect(other.account.login).toMatch(/^marie\.c-\d+$/);

  // Whatever they call themselves later.
  institute.members.set('7001', { preferred_username: 'someone-else', name: 'M' });
  institute.who = '7001';
  expect(InstituteAnswer.parse((await signIn(browser())).json).account.login).toBe('marie.c');

  const kept = await person.ask(AccountExport, 'GET', '/account/export');
  expect(kept.institutes).toMatchObject([{ issuer: institute.issuer, subject: '7001' }]);
});

test('a browser is sent there with PKCE, state and nonce, and with no secret', async () => {
  const url = new URL(await begin(browser()));
  expect(url.origin).toBe(institute.issuer);
  const query = Object.fromEntries(url.searchParams);
  expect(query).toMatchObject({
    code_challenge_method: 'S256',
    response_type: 'code',
    client_id: 'beamtime',
  });
  for (const name of ['state', 'nonce', 'code_challenge']) expect(query[name]?.length).toBeGreaterThan(20);
  expect(url.href).not.toContain(encodeURIComponent(institute.clientSecret));
});

describe('nobody is signed in by', () => {
  const refused = async (person: Person, reply: Reply, why: RegExp) => {
    expect(refusal(reply, 400).code).toBe('institute-refused');
    expect((await person.send('GET', '/account')).status).toBe(401);
    expect(logged).toMatch(why);
  };

  test('another state', async () => {
    const person = browser();
    const query = new URLSearchParams(await institute.visit(await begin(person)));
    query.set('state', 'x'.repeat(43));
    await refused(person, await end(person, query.toString()), /"why":".*state/);
  });

  test('a code that was used, in this browser or with another’s visit', async () => {
    const person = browser();
    const query = await institute.visit(await begin(person));
    expect((await end(person, query)).status).toBe(200);
    expect(refusal(await end(person, query), 400).code).toBe('institute-refused');

    const thief = browser();
    const own = new URLSearchParams(await institute.visit(await begin(thief)));
    own.set('code', new URLSearchParams(query).get('code') ?? '');
    await refused(thief, await end(thief, own.toString()), /"why":".*invalid_grant/);
  });

  test('a link that another browser began', async () => {
    const query = await institute.visit(await begin(browser()));
    const victim = browser();
    expect(refusal(await end(victim, query), 400).code).toBe('institute-refused');
    expect((await victim.send('GET', '/account')).status).toBe(401);
  });

  test('a token with another nonce', async () => {
    const other = await institute.idToken('beamtime', 'another nonce');
    institute.instead = () => other;
    const person = browser();
    await refused(person, await signIn(person), /"why":".*JWT claim value/);
  });

  test('a token for another client', async () => {
    const person = browser();
    const url = await begin(person);
    const nonce = new URL(url).searchParams.get('nonce') ?? '';
    const other = await institute.idToken('another', nonce);
    institute.instead = () => other;
    await refused(person, await end(person, await institute.visit(url)), /"why":".*JWT claim value/);
    institute.instead = null;
    // One for ours, given in the same way, is taken.
    const visit = await begin(person);
    const own = await institute.idToken('beamtime', new URL(visit).searchParams.get('nonce') ?? '');
    institute.instead = () => own;
    expect((await end(person, await institute.visit(visit))).status).toBe(200);
  });

  test('a token that the institute did not sign', async () => {
    institute.instead = (token) => {
      const [header = '', claims = '', signature = ''] = token.split('.');
      const said = JSON.parse(Buffer.from(claims, 'base64url').toString());
      const forged = Buffer.from(JSON.stringify({ ...said, sub: '7003' })).toString('base64url');
      return [header, forged, signature].join('.');
    };
    const person = browser();
    await refused(person, await signIn(person), /"why":".*signature/);
  });

  test('a person who did not want', async () => {
    institute.who = null;
    const person = browser();
    expect(refusal(await signIn(person), 400).code).toBe('institute-denied');
    expect((await person.send('GET', '/account')).status).toBe(401);
  });

  test('a page elsewhere', async () => {
    const plain = new Client(home);
    expect(refusal(await plain.send('POST', '/sessions/institute', { query: 'code=x' }), 403).code).toBe(
      'not-our-page',
    );
    expect(refusal(await plain.send('POST', '/sessions/institute/visit'), 403).code).toBe('not-our-page');
  });
});

test('an institute that fails meanwhile is said to be away, and another try goes', async () => {
  const person = browser();
  const query = await institute.visit(await begin(person));
  institute.trouble = 502;
  const reply = await end(person, query);
  expect(refusal(reply, 503)).toMatchObject({ code: 'institute-away' });
  expect(refusal(reply, 503).message).toContain('The Institute does not answer');
  institute.trouble = null;
  expect((await signIn(person)).status).toBe(200);
});

describe('with an account that has a password', () => {
  test('it is linked and unlinked, and opens the account meanwhile', async () => {
    institute.who = '7100';
    const ada = await Person.signUp(home, 'ada');
    const query = await institute.visit(await begin(ada, '/account'));
    expect(InstituteAnswer.parse((await end(ada, query)).json)).toMatchObject({
      linked: true,
      account: { login: 'ada' },
    });
    const link = () => ada.ask(InstituteLink, 'GET', '/account/institute');
    expect(await link()).toMatchObject({ name: 'The Institute', linkedAt: expect.any(String) });
    expect(InstituteAnswer.parse((await signIn(browser())).json).account.login).toBe('ada');
    expect((await ada.send('DELETE', '/account/institute')).status).toBe(204);
    expect(await link()).toMatchObject({ linkedAt: null });
    expect(refusal(await ada.send('DELETE', '/account/institute'), 404).code).toBe('not-linked');
    // She is somebody new to us now.
    expect(InstituteAnswer.parse((await signIn(browser())).json).account.login).not.toBe('ada');
  });

  test('what opens one account is not linked to another, nor one account to two', async () => {
    const bob = await Person.signUp(home, 'bob');
    const taken = await end(bob, await institute.visit(await begin(bob, '/account')));
    expect(refusal(taken, 409).code).toBe('institute-taken');
    institute.who = '7200';
    expect((await end(bob, await institute.visit(await begin(bob, '/account')))).status).toBe(200);
    institute.who = '7201';
    const second = await end(bob, await institute.visit(await begin(bob, '/account')));
    expect(refusal(second, 409).code).toBe('institute-taken');
  });

  test('what was begun by one person links nothing for another in the same browser', async () => {
    institute.who = '7300';
    const carl = await Person.signUp(home, 'carl');
    const query = await institute.visit(await begin(carl, '/account'));
    await carl.send('POST', '/sessions/end');
    await carl.send('POST', '/accounts', { login: 'dora', password: 'a fine long password' });
    expect(refusal(await end(carl, query), 400).code).toBe('institute-refused');
    expect(await carl.ask(InstituteLink, 'GET', '/account/institute')).toMatchObject({ linkedAt: null });
  });
});

test('the last way in stays', async () => {
  const person = browser();
  await signIn(person);
  expect(refusal(await person.send('DELETE', '/account/institute'), 409).code).toBe('last-way-in');
  expect((await signIn(browser())).status).toBe(200);
  expect((await person.send('POST', '/account/password', { password: 'a fine long password' })).status).toBe(
    200,
  );
  expect((await person.send('DELETE', '/account/institute')).status).toBe(204);
});

test('whom the institute says to be staff is staff as long as it says so, and what an owner gave stays', async () => {
  institute.who = '7003';
  const pierre = browser();
  const roleNow = async () => InstituteAnswer.parse((await signIn(pierre)).json).account.role;
  expect(await roleNow()).toBe('staff');
  expect((await pierre.send('GET', '/staff/invitations')).status).toBe(200);
  const elsewhere = browser();
  await signIn(elsewhere);
  institute.members.set('7003', { preferred_username: 'pierre', groups: ['beamtime-staff-not'] });
  expect(await roleNow()).toBe('volunteer');
  expect((await elsewhere.send('GET', '/account')).status, 'signed out with the role').toBe(401);
  const { entries } = await staff.ask(AuditPage, 'GET', '/staff/audit?limit=20');
  const changes = entries.filter(({ event }) => event === 'role-changed').map(({ details }) => details);
  expect(changes).toMatchObject([
    { role: 'volunteer', by: 'institute' },
    { role: 'staff', by: 'institute' },
  ]);

  await staff.send('PUT', '/staff/accounts/pierre/role', { role: 'staff' });
  expect(await roleNow()).toBe('staff');
  // Also where the institute says the same, which goes over what an owner took.
  institute.members.set('7003', { preferred_username: 'pierre', groups: ['beamtime-staff'] });
  await staff.send('PUT', '/staff/accounts/pierre/role', { role: 'volunteer' });
  expect(await roleNow()).toBe('staff');
  await staff.send('PUT', '/staff/accounts/pierre/role', { role: 'staff' });
  institute.members.set('7003', { preferred_username: 'pierre' });
  expect(await roleNow()).toBe('staff');
  // Staff by the institute who unlink are so no longer.
  institute.who = '7004';
  institute.members.set('7004', { preferred_username: 'irene', groups: ['beamtime-staff'] });
  const irene = browser();
  await signIn(irene);
  await irene.send('POST', '/account/password', { password: 'a fine long password' });
  expect((await irene.send('DELETE', '/account/institute')).status).toBe(204);
  await irene.send('POST', '/sessions', { login: 'irene', password: 'a fine long password' });
  expect(await irene.ask(Account, 'GET', '/account')).toMatchObject({ role: 'volunteer' });
});

describe('an institute that is not there, or leads elsewhere', () => {
  const asked: string[] = [];
  let change: Readonly<Record<string, string>> | null = null;
  let own = '';
  let alone: TestServer;
  const http = createServer((request, response) => {
    if (change === null) return void request.socket.destroy();
    asked.push(request.url ?? '');
    const document = {
      ...{ issuer: own, authorization_endpoint: `${own}/auth`, token_endpoint: `${own}/token` },
      ...{ jwks_uri: `${own}/jwks`, response_types_supported: ['code'], ...change },
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    own = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const settings = { issuer: own, clientId: 'x', clientSecret: null, name: 'Gone', staff: null };
    alone = await testServer({ institute: settings });
  });
  afterAll(async () => {
    await alone?.remove();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  const visit = () =>
    new Person(alone.url.replace('127.0.0.1', 'localhost'), 'x').send('POST', '/sessions/institute/visit');

  test.each([
    ['it hangs up', null],
    ['its document names another issuer', { issuer: 'http://127.0.0.1:1' }],
    ['it sends people to a program', { authorization_endpoint: 'javascript:alert(1)' }],
    ['it sends people where anybody listens', { authorization_endpoint: 'http://elsewhere.invalid/auth' }],
  ])('%s: the person is told', async (_what, changed) => {
    change = changed;
    const told = refusal(await visit(), 503);
    expect(told.code).toBe('institute-away');
    expect(told.message).toContain('Gone does not answer');
  });

  test('its token endpoint is another’s: nothing is sent there', async () => {
    const trap = createServer((request) => asked.push(`trap ${request.url}`));
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    const elsewhere = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
    change = { token_endpoint: `${elsewhere}/token` };
    const person = new Person(alone.url.replace('127.0.0.1', 'localhost'), 'x');
    const { state } = Object.fromEntries(new URL(await begin(person)).searchParams);
    expect(refusal(await end(person, `code=stolen&state=${state}`), 503).code).toBe('institute-away');
    expect(asked.filter((path) => path !== '/.well-known/openid-configuration')).toEqual([]);
    trap.closeAllConnections();
    await new Promise((resolve) => trap.close(resolve));
  });
});
