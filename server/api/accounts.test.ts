import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Account,
  ApiTokenList,
  ApiTokenSecret,
  PasswordSet,
  SessionList,
  StaffAccountList,
} from '../../protocol/account-api.ts';
import { AuditPage, StoreSnapshot } from '../../protocol/staff-api.ts';
import { Client, refusal, Staff } from '../testkit/client.ts';
import { modelCampaign, modelPrograms, modelRelease } from '../testkit/model.ts';
import { PASSWORD, Person } from '../testkit/person.ts';
import { type TestServer, testServer } from '../testkit/server.ts';

let server: TestServer;
let staff: Staff;
let ada: Person;
beforeAll(async () => {
  server = await testServer({ publicUrl: 'https://project.example' });
  staff = new Staff(server.url, server.staffToken);
  ada = await Person.signUp(server.url, 'ada');
});
afterAll(() => server?.remove());

const trail = async () => (await staff.ask(AuditPage, 'GET', '/staff/audit?limit=20')).entries;

test('who signs up is signed in, by a cookie that no script and no other site gets', async () => {
  const reply = await new Person(server.url, 'x').send('POST', '/accounts', {
    login: 'bob',
    password: PASSWORD,
  });
  expect(PasswordSet.parse(reply.json).account).toMatchObject({
    login: 'bob',
    name: 'bob',
    email: null,
    role: 'volunteer',
  });
  const [cookie = ''] = reply.headers.getSetCookie();
  expect(cookie).toMatch(
    /^__Host-beamtime-session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  );
  expect(await ada.ask(Account, 'GET', '/account')).toMatchObject({
    login: 'ada',
    published: false,
    team: null,
  });
});

test.each([
  ['ab', PASSWORD, 422, 'invalid-input'],
  ['Upper', PASSWORD, 422, 'invalid-input'],
  ['carl', 'too short', 422, 'invalid-input'],
  ['carl', 'it is Carl himself', 422, 'weak-password'],
  ['ada', PASSWORD, 409, 'login-taken'],
])('no account %j with the password %j', async (login, password, status, code) => {
  const reply = await new Person(server.url, login).send('POST', '/accounts', { login, password });
  expect(refusal(reply, status).code).toBe(code);
  expect(reply.headers.getSetCookie()).toEqual([]);
});

test('a wrong password and a person who is not there are told apart by nothing', async () => {
  const wrong = await new Person(server.url, 'ada').signIn('not her password');
  const nobody = await new Person(server.url, 'nobody').signIn('not her password');
  expect(refusal(wrong, 400)).toEqual(refusal(nobody, 400));
  expect(Object.keys(wrong.headers)).toEqual(Object.keys(nobody.headers));
});

test('who guesses waits, also with what is right at last; others at that address do not', async () => {
  const guesser = await Person.signUp(server.url, 'guessed');
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) statuses.push((await guesser.signIn(`guess ${i} is wrong`)).status);
  expect(statuses).toEqual([...Array(10).fill(400), 429, 429]);
  const reply = await guesser.signIn();
  expect(refusal(reply, 429).code).toBe('too-many-attempts');
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(30);
  expect((await new Person(server.url, 'ada').signIn()).status).toBe(200);
});

test('who knows the password has no limit of that kind', async () => {
  const person = await Person.signUp(server.url, 'often');
  for (let i = 0; i < 12; i++) expect((await person.signIn()).status).toBe(200);
  // Each sign-in took the place of the one before in this browser.
  expect((await person.ask(SessionList, 'GET', '/account/sessions')).sessions).toHaveLength(1);
});

test('without the header that only our page sends, nothing is changed and nobody signed in', async () => {
  const body = { login: 'ada', password: PASSWORD };
  const plain = new Client(server.url);
  expect(refusal(await plain.send('POST', '/sessions', body), 403).code).toBe('not-our-page');
  const stolen = { cookie: ada.cookie };
  for (const [method, path, sent] of [
    ['PATCH', '/account', { name: 'Changed' }],
    ['POST', '/sessions/end', undefined],
  ] as const)
    expect(refusal(await plain.send(method, path, sent, stolen), 403).code).toBe('not-our-page');
  const crossSite = await ada.send(
    'PATCH',
    '/account',
    { name: 'Changed' },
    { 'sec-fetch-site': 'cross-site' },
  );
  expect(refusal(crossSite, 403).code).toBe('not-our-page');
  expect(await ada.ask(Account, 'GET', '/account')).toMatchObject({ name: 'ada' });
});

test('what one says of oneself is changed part by part', async () => {
  const change = (body: object) => ada.ask(Account, 'PATCH', '/account', body);
  expect(await change({ name: ' Ada L. ', country: 'GB', email: 'ada@example.org' })).toMatchObject({
    ...{ name: 'Ada L.', country: 'GB', email: 'ada@example.org', published: false },
  });
  expect(await change({ email: null, published: true })).toMatchObject({
    name: 'Ada L.',
    email: null,
    published: true,
  });
  expect(refusal(await ada.send('PATCH', '/account', { name: 'two\nlines' }), 422).place).toBe('name');
  expect(refusal(await ada.send('PATCH', '/account', { role: 'owner' }), 422).code).toBe('invalid-input');
});

test('sessions are listed and ended, one by one or all others with the password', async () => {
  const [second, third] = [await ada.elsewhere(), await ada.elsewhere()];
  const { sessions } = await ada.ask(SessionList, 'GET', '/account/sessions');
  expect(sessions.filter(({ current }) => current)).toHaveLength(1);
  const { sessions: seen } = await second.ask(SessionList, 'GET', '/account/sessions');
  const mine = seen.find(({ current }) => current);
  expect((await ada.send('DELETE', `/account/sessions/${mine?.id}`)).status).toBe(204);
  expect(refusal(await second.send('GET', '/account'), 401).code).toBe('unknown-token');

  expect((await third.send('GET', '/account')).status).toBe(200);
  expect((await ada.send('POST', '/account/password', { password: 'another long one' })).status).toBe(200);
  expect((await third.send('GET', '/account')).status).toBe(401);
  expect((await ada.send('GET', '/account')).status).toBe(200);
  expect((await third.signIn()).status).toBe(400);
  expect((await third.signIn('another long one')).status).toBe(200);
  const ended = await third.send('POST', '/sessions/end');
  expect([ended.status, ended.headers.getSetCookie()[0]]).toEqual([
    204,
    expect.stringContaining('Max-Age=0'),
  ]);
});

describe('roles', () => {
  test('are given by owners, take effect at once, and stand in the trail', async () => {
    const rita = await Person.withRole(staff, 'rita', 'reviewer');
    expect((await rita.send('GET', '/staff/results')).status).toBe(200);
    expect(refusal(await rita.send('POST', '/staff/campaigns', '{}'), 403).code).toBe('beyond-role');
    expect((await staff.send('PUT', '/staff/accounts/rita/role', { role: 'volunteer' })).status).toBe(204);
    expect((await rita.send('GET', '/staff/results')).status).toBe(401);
    await rita.signIn();
    expect((await rita.send('GET', '/staff/results')).status).toBe(403);
    const { accounts } = await staff.ask(StaffAccountList, 'GET', '/staff/accounts');
    expect(accounts.find(({ login }) => login === 'rita')).toMatchObject({ role: 'volunteer', hosts: 0 });
    expect(
      (await trail()).filter(({ event }) => event === 'role-changed').map(({ details }) => details),
    ).toEqual([
      expect.objectContaining({ role: 'volunteer', by: 'staff-token' }),
      expect.objectContaining({ role: 'reviewer', by: 'staff-token' }),
    ]);
    expect(refusal(await staff.send('PUT', '/staff/accounts/none/role', { role: 'owner' }), 404).code).toBe(
      'unknown-account',
    );
  });
});

describe('tokens for programs', () => {
  let sam: Person;
  beforeAll(async () => {
    sam = await Person.withRole(staff, 'sam', 'staff');
  });
  const make = (scopes: readonly string[]) =>
    sam.ask(ApiTokenSecret, 'POST', '/account/tokens', { name: 'ci', scopes, days: 30 });

  test('push releases and campaigns as the staff token does, where their scopes say so', async () => {
    const { token, id } = await make(['releases:write', 'campaigns:write']);
    const program = new Staff(server.url, token);
    await program.publish(modelRelease, modelPrograms);
    await program.push(modelCampaign('by-token'));
    expect((await program.campaign('by-token')).state).toBe('running');
    expect(refusal(await program.send('GET', '/staff/results'), 403).code).toBe('no-scope');
    expect(refusal(await program.send('GET', '/staff/accounts'), 403).code).toBe('beyond-role');
    expect((await program.send('GET', '/account')).status).toBe(401);
    expect((await trail()).filter(({ event }) => event === 'staff')[0]?.details.by).toMatch(/^a\d+ t\d+$/);

    const { tokens } = await sam.ask(ApiTokenList, 'GET', '/account/tokens');
    expect(tokens).toMatchObject([{ id, name: 'ci', scopes: ['campaigns:write', 'releases:write'] }]);
    expect(tokens[0]?.usedAt).not.toBeNull();
    expect((await sam.send('DELETE', `/account/tokens/${id}`)).status).toBe(204);
    expect(refusal(await program.send('POST', '/staff/campaigns', '-'), 401).code).toBe('unknown-token');
  });

  test('have no scope beyond their person’s role', async () => {
    const body = { name: 'x', scopes: ['campaigns:write'], days: 1 };
    expect(refusal(await ada.send('POST', '/account/tokens', body), 403).code).toBe('beyond-role');
  });
});

test('the store holds no password, token or cookie', async () => {
  const rosa = await Person.withRole(staff, 'rosa', 'reviewer');
  const body = { name: 'x', scopes: ['operations:read'], days: 1 };
  const { token } = await rosa.ask(ApiTokenSecret, 'POST', '/account/tokens', body);
  const { file } = await staff.ask(StoreSnapshot, 'POST', '/staff/snapshots');
  const text = await readFile(file, 'utf8');
  expect(text).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
  for (const secret of [PASSWORD, 'another long one', rosa.cookie.replace(/^.*=/, ''), token])
    expect(text).not.toContain(secret);
});
