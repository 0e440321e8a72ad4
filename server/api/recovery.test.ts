import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Account, PasswordSet, RecoveryCodes, ResetLink } from '../../protocol/account-api.ts';
import { AuditPage, StoreSnapshot } from '../../protocol/staff-api.ts';
import { type Reply, refusal, Staff } from '../testkit/client.ts';
import { PASSWORD, Person } from '../testkit/person.ts';
import { type TestServer, testServer } from '../testkit/server.ts';

const NEW = 'another fine long password';

let server: TestServer;
let staff: Staff;
beforeAll(async () => {
  server = await testServer({ publicUrl: 'https://project.example' });
  staff = new Staff(server.url, server.staffToken);
});
afterAll(() => server?.remove());

async function signUp(login: string): Promise<{ person: Person; codes: string[] }> {
  const person = new Person(server.url, login);
  const reply = await person.send('POST', '/accounts', { login, password: PASSWORD });
  return { person, codes: PasswordSet.parse(reply.json).recoveryCodes };
}
const recover = (login: string, code = '', password = NEW): Promise<Reply> =>
  new Person(server.url, login).send('POST', '/sessions/recover', { login, code, password });
const makeLink = async (login: string): Promise<string> => {
  const made = await staff.ask(ResetLink, 'POST', `/staff/accounts/${login}/reset-link`);
  const [, token = ''] =
    /^https:\/\/project\.example\/people\/index\.html#\/reset\/(.*)$/.exec(made.link) ?? [];
  expect(token).toMatch(/^[\w-]{43}$/);
  return token;
};
const reset = (token: string, password = NEW): Promise<Reply> =>
  new Person(server.url, 'x').send('POST', '/sessions/reset', { token, password });

test('a code sets a new password once, signs out everywhere, and brings new codes', async () => {
  const { person, codes } = await signUp('ada');
  expect(new Set(codes).size).toBe(8);
  for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
  expect(await person.ask(Account, 'GET', '/account')).toMatchObject({ recoveryCodes: 8 });

  // As people write it from paper.
  const typed = (codes[3] ?? '').toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
  const again = new Person(server.url, 'ada');
  const reply = await again.send('POST', '/sessions/recover', { login: ' Ada ', code: typed, password: NEW });
  const { account, recoveryCodes } = PasswordSet.parse(reply.json);
  expect(account).toMatchObject({ login: 'ada', recoveryCodes: 8 });
  expect((await again.send('GET', '/account')).status).toBe(200);
  expect((await person.send('GET', '/account')).status, 'signed out').toBe(401);
  expect((await person.signIn()).status, 'the old password').toBe(400);
  expect((await person.signIn(NEW)).status).toBe(200);
  expect(recoveryCodes.filter((code) => codes.includes(code))).toEqual([]);
  for (const used of [codes[3], codes[0]])
    expect(refusal(await recover('ada', used), 400).code).toBe('wrong-code');
});

test('nothing tells who has an account: another’s code, a wrong one, a name that is nobody’s', async () => {
  const { codes } = await signUp('bea');
  await signUp('bob');
  const answers = await Promise.all([
    recover('bob', codes[0]),
    recover('bea', 'AAAA-AAAA-AAAA-AAAA'),
    recover('nobody', codes[0]),
  ]);
  const [first] = answers;
  for (const one of answers) {
    expect(refusal(one, 400)).toEqual(first && refusal(first, 400));
    expect([...one.headers.keys()]).toEqual([...(first?.headers.keys() ?? [])]);
  }
  // And what was not hers was not used up.
  expect((await recover('bea', codes[0])).status).toBe(200);
});

test('who guesses codes waits, and has no more guesses at the password then', async () => {
  const { person, codes } = await signUp('guessed');
  const statuses: number[] = [];
  for (let i = 0; i < 11; i++) statuses.push((await recover('guessed', `AAAA-AAAA-AAAA-AA${10 + i}`)).status);
  expect(statuses).toEqual([...Array(10).fill(400), 429]);
  expect(refusal(await recover('guessed', codes[0]), 429).code).toBe('too-many-attempts');
  expect(refusal(await person.signIn(), 429).code).toBe('too-many-attempts');
});

test('of two that send one code at once, one is let in', async () => {
  const { codes } = await signUp('twice');
  const both = await Promise.all([recover('twice', codes[0]), recover('twice', codes[0])]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
});

test('a weak password uses no code up', async () => {
  const { codes } = await signUp('carla');
  expect(refusal(await recover('carla', codes[0], 'it is Carla herself'), 422).code).toBe('weak-password');
  expect(refusal(await recover('carla', codes[0], 'short'), 422).code).toBe('invalid-input');
  expect((await recover('carla', codes[0])).status).toBe(200);
});

test('whoever is signed in makes new ones, which end those before, as a new password does', async () => {
  const { person, codes } = await signUp('dora');
  const made = await person.ask(RecoveryCodes, 'POST', '/account/recovery-codes');
  expect(refusal(await recover('dora', codes[0]), 400).code).toBe('wrong-code');
  await person.ask(RecoveryCodes, 'POST', '/account/password', { password: NEW });
  expect(refusal(await recover('dora', made.recoveryCodes[0]), 400).code).toBe('wrong-code');
});

test('an owner makes a link that sets a password once, and stands in the trail', async () => {
  const { person } = await signUp('emil');
  const owner = await Person.withRole(staff, 'olga', 'owner');
  const before = await makeLink('emil');
  const { link } = await owner.ask(ResetLink, 'POST', '/staff/accounts/emil/reset-link');
  const token = link.replace(/^.*\//, '');
  expect(refusal(await reset(before), 400).code, 'the one before').toBe('link-ended');
  expect(refusal(await reset(token, 'emil and a lot more'), 422).code).toBe('weak-password');
  const { account, recoveryCodes } = PasswordSet.parse((await reset(token)).json);
  expect([account.login, recoveryCodes.length]).toEqual(['emil', 8]);
  expect(refusal(await reset(token), 400).code).toBe('link-ended');
  expect((await person.send('GET', '/account')).status).toBe(401);
  expect((await person.signIn(NEW)).status).toBe(200);

  const { entries } = await staff.ask(AuditPage, 'GET', '/staff/audit?limit=30');
  const made = entries.filter(({ event }) => event === 'reset-link-made').map(({ details }) => details);
  expect(made).toMatchObject([{ by: expect.stringMatching(/^a\d+$/) }, { by: 'staff-token' }]);
  expect(entries.map(({ event, details }) => `${event} ${details.how ?? ''}`)).toEqual(
    expect.arrayContaining(['password-changed link', 'sign-in reset-link']),
  );
  expect(refusal(await staff.send('POST', '/staff/accounts/none/reset-link'), 404).code).toBe(
    'unknown-account',
  );
});

test('another password ends a link that was made', async () => {
  const { person } = await signUp('fritz');
  const token = await makeLink('fritz');
  await person.ask(RecoveryCodes, 'POST', '/account/password', { password: NEW });
  expect(refusal(await reset(token), 400).code).toBe('link-ended');
});

test('the store and its backups hold neither codes nor links', async () => {
  const { codes } = await signUp('greta');
  const token = await makeLink('greta');
  const { file } = await staff.ask(StoreSnapshot, 'POST', '/staff/snapshots');
  const text = await readFile(file, 'utf8');
  expect(text).toContain('recovery_code');
  for (const secret of [...codes, ...codes.map((code) => code.replaceAll('-', '')), token])
    expect(text).not.toContain(secret);
});
