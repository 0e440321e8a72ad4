import type { Context } from 'hono';
import { z } from 'zod';
import {
  Account,
  AccountChange,
  Agent,
  ApiTokenList,
  ApiTokenSecret,
  Login,
  NewApiToken,
  NewPassword,
  PasswordSet,
  RecoveryCodes,
  RoleChange,
  SessionList,
  SignIn,
  SignUp,
  StaffAccountList,
  WhoIsIn,
} from '../../protocol/account-api.ts';
import type { Identity } from '../accounts/accounts.ts';
import { GUESSES, GUESSES_OF_ALL, type Limit, SIGN_INS, SIGN_UPS } from '../accounts/attempts.ts';
import { ApiFailure } from '../errors.ts';
import { type IdKind, readId } from '../ids.ts';
import type { Project } from '../project.ts';
import { blockOf } from './address-limit.ts';
import { whoIsIn } from './auth.ts';
import { addressOf } from './client-address.ts';
import { nothing, route } from './route.ts';
import { clearSessionCookie, sessionCookie, setSessionCookie } from './session-cookie.ts';

const LATER = 'too many attempts; Retry-After says when to try again';
export const byId = z.strictObject({ id: z.string().max(60) });

export const accountRoutes = [
  route({
    method: 'post',
    path: '/accounts',
    who: 'anyone',
    page: true,
    summary: 'Makes an account, and signs in; recovery codes are told this once',
    body: SignUp,
    answer: PasswordSet,
    status: 201,
    refusals: { 409: 'the login is taken', 429: LATER },
    async handle({ project, context, body }) {
      await takeTurn(project, [['sign-up', subscriber(project, context), SIGN_UPS]]);
      const identity = await project.accounts.create(body);
      await signIn(project, context, identity, 'sign-up');
      const { recoveryCodes } = identity;
      return context.json({ account: await project.accounts.show(identity.id), recoveryCodes }, 201);
    },
  }),
  route({
    method: 'post',
    path: '/sessions',
    who: 'anyone',
    page: true,
    summary: 'Signs in with a password',
    body: SignIn,
    answer: Account,
    // 400 as for any other input: 401 is for tokens.
    refusals: { 400: 'login and password do not belong together', 429: LATER },
    async handle({ project, context, body }) {
      const turns = guessTurns(project, context, body.login);
      await takeTurn(project, turns);
      const identity = await project.accounts.withPassword(body);
      if (!identity) {
        // The same words for both: who has an account is not told.
        throw new ApiFailure(400, 'wrong-password', 'this name and this password do not belong together');
      }
      await project.attempts.forgive(turns.map(([kind, of]) => [kind, of]));
      await signIn(project, context, identity, 'password');
      return context.json(await project.accounts.show(identity.id), 200);
    },
  }),
  route({
    method: 'get',
    path: '/sessions/current',
    who: 'anyone',
    summary: 'Who is signed in, if anybody is',
    answer: WhoIsIn,
    refusals: { 429: 'too many unknown tokens came from this address' },
    async handle({ project, context }) {
      const person = await whoIsIn(project, context);
      return { account: person && (await project.accounts.show(person.accountId)) };
    },
  }),
  route({
    method: 'post',
    path: '/sessions/end',
    who: 'account',
    summary: 'Signs out',
    answer: 'nothing',
    async handle({ project, context, caller: { person } }) {
      await project.sessions.end(person.accountId, person.sessionId);
      clearSessionCookie(context, project.isSecure);
      return context.body(null, 204);
    },
  }),
  route({
    method: 'get',
    path: '/account',
    who: 'account',
    summary: 'Who is signed in',
    answer: Account,
    handle: ({ project, caller: { person } }) => project.accounts.show(person.accountId),
  }),
  route({
    method: 'patch',
    path: '/account',
    who: 'account',
    summary: 'Changes what the account says of its person',
    body: AccountChange,
    answer: Account,
    async handle({ project, caller: { person }, body }) {
      await project.accounts.change(person.accountId, body);
      project.statistics.forget();
      return project.accounts.show(person.accountId);
    },
  }),
  route({
    method: 'post',
    path: '/account/password',
    who: 'account',
    recent: true,
    summary: 'Sets the password, and ends all other sessions; recovery codes are told this once',
    body: NewPassword,
    answer: RecoveryCodes,
    handle: async ({ project, caller: { person }, body }) => ({
      recoveryCodes: await project.accounts.setPassword(person, body.password),
    }),
  }),
  route({
    method: 'get',
    path: '/account/sessions',
    who: 'account',
    summary: 'Where the person is signed in',
    answer: SessionList,
    handle: async ({ project, caller: { person } }) => ({ sessions: await project.sessions.list(person) }),
  }),
  route({
    method: 'delete',
    path: '/account/sessions/{id}',
    who: 'account',
    summary: 'Signs out elsewhere',
    parameters: byId,
    answer: 'nothing',
    refusals: { 404: 'no such session of yours' },
    handle: ({ project, caller: { person }, parameters: { id } }) =>
      ofYours('s', id, (session) => project.sessions.end(person.accountId, session)),
  }),
  route({
    method: 'get',
    path: '/account/tokens',
    who: 'account',
    summary: 'The tokens given to programs',
    answer: ApiTokenList,
    handle: async ({ project, caller: { person } }) => ({
      tokens: await project.apiTokens.list(person.accountId),
    }),
  }),
  route({
    method: 'post',
    path: '/account/tokens',
    who: 'account',
    recent: true,
    summary: 'Makes a token for a program; the token is told this once',
    body: NewApiToken,
    answer: ApiTokenSecret,
    status: 201,
    refusals: { 409: 'there are too many' },
    handle: ({ project, caller: { person }, body }) =>
      project.apiTokens.create(person.accountId, person.role, body),
  }),
  route({
    method: 'delete',
    path: '/account/tokens/{id}',
    who: 'account',
    summary: 'Revokes a token',
    parameters: byId,
    answer: 'nothing',
    refusals: { 404: 'no such token of yours' },
    handle: ({ project, caller: { person }, parameters: { id } }) =>
      ofYours('t', id, (token) => project.apiTokens.revoke(person.accountId, token)),
  }),
  route({
    method: 'get',
    path: '/staff/accounts',
    who: 'owner',
    summary: 'All accounts',
    answer: StaffAccountList,
    handle: ({ project }) => project.accounts.list(),
  }),
  route({
    method: 'put',
    path: '/staff/accounts/{login}/role',
    who: 'owner',
    recent: true,
    summary: 'Gives or takes a role; the person is signed out',
    parameters: z.strictObject({ login: z.string().max(60) }),
    body: RoleChange,
    answer: 'nothing',
    refusals: { 404: 'no such account' },
    async handle({ project, caller: { by }, parameters, body }) {
      const login = Login.safeParse(parameters.login);
      if (login.success && (await project.accounts.setRole(login.data, body.role, by))) return nothing();
      throw new ApiFailure(404, 'unknown-account', `nobody signs in as "${parameters.login}"`);
    },
  }),
];

export type Turn = readonly [kind: string, of: string, limit: Limit];

/** @throws ApiFailure 429 where one of the limits is reached */
export async function takeTurn(project: Project, turns: readonly Turn[]): Promise<void> {
  const wait = await project.attempts.take(turns, project.now());
  if (wait === 0) return;
  throw new ApiFailure(429, 'too-many-attempts', `too many attempts; try again in ${wait} s`, {
    retryAfterSeconds: wait,
  });
}

/** Of whoever says a secret of an account's, whichever it is. */
export function guessTurns(project: Project, context: Context, text: string): readonly Turn[] {
  const address = subscriber(project, context);
  const login = text.trim().toLowerCase();
  return [
    ['sign-in', address, SIGN_INS],
    ['guess', `${address} ${login}`, GUESSES],
    ['guess of all', login, GUESSES_OF_ALL],
  ];
}

export function subscriber(project: Project, context: Context): string {
  return blockOf(addressOf(context, project));
}

/** Another session of this browser's ends. */
export async function signIn(
  project: Project,
  context: Context,
  identity: Identity,
  how: string,
): Promise<void> {
  const before = sessionCookie(context);
  const old = before === undefined ? null : await project.sessions.identify(before);
  if (old) await project.sessions.end(old.accountId, old.sessionId);
  const agent = Agent.parse((context.req.header('user-agent') ?? '').slice(0, 200));
  const token = await project.sessions.begin(identity, how, agent);
  setSessionCookie(context, token, project.isSecure);
}

/** What is another's is as if it were not there. */
export async function ofYours(
  kind: IdKind,
  text: string,
  work: (id: number) => Promise<boolean>,
): Promise<Response> {
  const id = readId(kind, text);
  if (id !== null && (await work(id))) return nothing();
  throw new ApiFailure(404, 'unknown-id', `you have no "${text}"`);
}
