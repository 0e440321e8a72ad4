import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Account } from '../../protocol/account-api.ts';
import { letterCode, readLetterCode } from '../../protocol/letter-code.ts';
import {
  AccountExport,
  AttachCode,
  HostBelongs,
  HostOwner,
  OwnHostList,
  Statistics,
  Team,
  TeamList,
} from '../../protocol/people-api.ts';
import { Client, Host, refusal, Staff } from '../testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../testkit/model.ts';
import { Person } from '../testkit/person.ts';
import { type TestServer, testServer } from '../testkit/server.ts';

let server: TestServer;
let staff: Staff;
let ada: Person;
let host: Host;
beforeAll(async () => {
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
  await staff.push(modelCampaign('credited'));
  host = await Host.register(server.url);
  const lease = await host.lease();
  await host.finish(lease, modelOutput(lease.card));
  ada = await Person.signUp(server.url, 'ada');
});
afterAll(() => server?.remove());

const hostsOf = async (person: Person) => (await person.ask(OwnHostList, 'GET', '/account/hosts')).hosts;
const code = async (person: Person) => (await person.ask(AttachCode, 'POST', '/account/attach-code')).code;

test('codes are read as people write them', () => {
  expect(letterCode([0, 1, 10, 18, 31, 20, 22, 29])).toBe('01AJ-ZMPX');
  expect(readLetterCode(' o1aj zmpx')).toBe('01AJ-ZMPX');
  expect(readLetterCode('oiAJzmpx')).toBe('01AJ-ZMPX');
});

test('a host that says its person’s code is theirs, with the credit it has', async () => {
  const first = await code(ada);
  const second = await code(ada);
  const attach = (text: string) => host.send('POST', '/hosts/me/attach', { code: text });
  expect(refusal(await attach(first), 404).code).toBe('unknown-code');
  expect(HostOwner.parse((await attach(second.toLowerCase().replace('-', ' '))).json)).toEqual({
    name: 'ada',
  });
  expect(refusal(await attach(second), 404).code).toBe('unknown-code');
  expect(await host.ask(HostBelongs, 'GET', '/hosts/me/owner')).toEqual({ name: 'ada' });
  const { creditMicroseconds } = await host.standing();
  expect(creditMicroseconds).toBeGreaterThan(0);
  expect(await hostsOf(ada)).toMatchObject([{ id: host.id, cores: 2, os: 'test', creditMicroseconds }]);
  expect(await ada.ask(Account, 'GET', '/account')).toMatchObject({ creditMicroseconds, eventsValid: 100 });
});

test('teams are founded, joined, changed by who founded them, left, and are no more without members', async () => {
  const bob = await Person.signUp(server.url, 'bob');
  const team = await ada.ask(Team, 'POST', '/teams', { name: 'Leptons', country: 'CH' });
  expect(team).toMatchObject({ name: 'Leptons', country: 'CH', members: 1 });
  expect(team.creditMicroseconds).toBe((await host.standing()).creditMicroseconds);
  expect(refusal(await bob.send('POST', '/teams', { name: 'LEPTONS' }), 409).code).toBe('name-taken');
  expect(refusal(await bob.send('POST', '/teams/g99/join'), 404).code).toBe('unknown-team');
  expect(await bob.ask(Team, 'POST', `/teams/${team.id}/join`)).toMatchObject({ members: 2 });
  expect(refusal(await bob.send('PATCH', `/teams/${team.id}`, { name: 'Quarks' }), 403).code).toBe(
    'not-founder',
  );
  const changed = await ada.ask(Team, 'PATCH', `/teams/${team.id}`, {
    description: 'Light ones',
    country: null,
  });
  expect(changed).toMatchObject({ name: 'Leptons', description: 'Light ones', country: null });
  const scripted = await ada.send('PATCH', `/teams/${team.id}`, { url: 'javascript:alert(1)' });
  expect(refusal(scripted, 422).place).toBe('url');

  expect((await ada.send('POST', '/account/team/leave')).status).toBe(204);
  const teams = async () => (await new Client(server.url).ask(TeamList, 'GET', '/teams')).teams;
  expect(await teams()).toMatchObject([{ name: 'Leptons', members: 1, creditMicroseconds: 0 }]);
  expect((await bob.send('POST', '/account/team/leave')).status).toBe(204);
  expect(await teams()).toEqual([]);
});

test('statistics name a person who agreed, and no longer one who changed their mind', async () => {
  const people = async () => (await new Client(server.url).ask(Statistics, 'GET', '/statistics')).people;
  const users = async () => {
    const { bytes, headers } = await new Client(server.url).send('GET', '/statistics/user.gz');
    expect(headers.get('content-type')).toBe('application/gzip');
    return gunzipSync(bytes).toString();
  };
  await ada.ask(Account, 'PATCH', '/account', { name: 'Ada', published: true });
  expect(await people()).toMatchObject([{ name: 'Ada', hosts: 1, badges: ['first-event', 'top-10'] }]);
  expect(await users()).toContain('<name>Ada</name>');
  await ada.ask(Account, 'PATCH', '/account', { published: false });
  expect(await people()).toEqual([]);
  expect(await users()).not.toContain('Ada');
  expect(refusal(await new Client(server.url).send('GET', '/statistics/none.gz'), 422).place).toBe(
    'path file',
  );
});

test('a person takes all data along, and then is no more; the credit stays nobody’s', async () => {
  const data = await ada.ask(AccountExport, 'GET', '/account/export');
  expect(data).toMatchObject({
    account: { login: 'ada' },
    hosts: [{ id: host.id }],
    tokens: [],
    passkeys: [],
  });
  expect(data.trail.map(({ event }) => event)).toEqual(['sign-in', 'host-attached']);
  expect(JSON.stringify(data)).not.toContain('argon2');

  const totals = async () => (await new Client(server.url).ask(Statistics, 'GET', '/statistics')).totals;
  const before = await totals();
  expect(refusal(await ada.send('POST', '/account/delete', { login: 'bob' }), 409).code).toBe(
    'not-confirmed',
  );
  expect((await ada.send('POST', '/account/delete', { login: 'ada' })).status).toBe(204);
  expect((await ada.signIn()).status).toBe(400);
  const after = await totals();
  expect(after).toMatchObject({
    accounts: before.accounts - 1,
    creditMicroseconds: before.creditMicroseconds,
  });
  expect((await host.standing()).creditMicroseconds).toBeGreaterThan(0);
});

test('a host may be taken back to nobody, and goes on', async () => {
  const carl = await Person.signUp(server.url, 'carl');
  await server.restart();
  const mine = await Host.register(server.url);
  await mine.ask(HostOwner, 'POST', '/hosts/me/attach', { code: await code(carl) });
  expect((await carl.send('DELETE', `/account/hosts/${mine.id}`)).status).toBe(204);
  expect(await hostsOf(carl)).toEqual([]);
  expect((await mine.lease()).campaign).toBe('credited');
  // By its person, and by whoever sits at it.
  await mine.ask(HostOwner, 'POST', '/hosts/me/attach', { code: await code(carl) });
  expect((await mine.send('DELETE', '/hosts/me/owner')).status).toBe(204);
  expect(await mine.ask(HostBelongs, 'GET', '/hosts/me/owner')).toEqual({ name: null });
  expect(await hostsOf(carl)).toEqual([]);
});

test('a host that tries codes has to wait', async () => {
  const guesser = await Host.register(server.url);
  const statuses: number[] = [];
  for (let i = 0; i < 25; i++)
    statuses.push((await guesser.send('POST', '/hosts/me/attach', { code: `0000-${1000 + i}` })).status);
  expect(statuses.at(-1)).toBe(429);
  expect(new Set(statuses)).toEqual(new Set([404, 429]));
});
