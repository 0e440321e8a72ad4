import { z } from 'zod';
import { Login, PasswordSet, Recover, RecoveryCodes, Reset, ResetLink } from '../../protocol/account-api.ts';
import { SIGN_INS } from '../accounts/attempts.ts';
import { ApiFailure } from '../errors.ts';
import { guessTurns, signIn, subscriber, takeTurn } from './accounts.ts';
import { originOf } from './invitations.ts';
import { route } from './route.ts';

const LATER = 'too many attempts; Retry-After says when to try again';

export const recoveryRoutes = [
  route({
    method: 'post',
    path: '/sessions/recover',
    who: 'anyone',
    page: true,
    summary: 'Sets a new password with a recovery code, and signs in',
    body: Recover,
    answer: PasswordSet,
    refusals: { 400: 'name and code do not belong together, or the code was used', 429: LATER },
    async handle({ project, context, body }) {
      const turns = guessTurns(project, context, body.login);
      await takeTurn(project, turns);
      const recovered = await project.recovery.byCode(body);
      // The same words for all: who has an account is not told.
      if (!recovered)
        throw new ApiFailure(
          400,
          'wrong-code',
          'this name and this code do not belong together, or the code was used',
        );
      await project.attempts.forgive(turns.map(([kind, of]) => [kind, of]));
      const { recoveryCodes } = recovered;
      await signIn(project, context, recovered, 'recovery-code');
      return context.json({ account: await project.accounts.show(recovered.id), recoveryCodes });
    },
  }),
  route({
    method: 'post',
    path: '/sessions/reset',
    who: 'anyone',
    page: true,
    summary: 'Sets a new password with a link that an owner made, and signs in',
    body: Reset,
    answer: PasswordSet,
    refusals: { 400: 'there is no such link, or it has ended', 429: LATER },
    async handle({ project, context, body }) {
      await takeTurn(project, [['sign-in', subscriber(project, context), SIGN_INS]]);
      const recovered = await project.recovery.byLink(body);
      if (!recovered)
        throw new ApiFailure(400, 'link-ended', 'this link was used, or has ended; ask an owner for another');
      const { recoveryCodes } = recovered;
      await signIn(project, context, recovered, 'reset-link');
      return context.json({ account: await project.accounts.show(recovered.id), recoveryCodes });
    },
  }),
  route({
    method: 'post',
    path: '/account/recovery-codes',
    who: 'account',
    recent: true,
    summary: 'Makes new recovery codes in place of all before; they are told this once',
    answer: RecoveryCodes,
    handle: async ({ project, caller: { person } }) => ({
      recoveryCodes: await project.recovery.renewCodes(person.accountId),
    }),
  }),
  route({
    method: 'post',
    path: '/staff/accounts/{login}/reset-link',
    who: 'owner',
    recent: true,
    summary: 'Makes a link by which somebody sets a new password, once, within an hour',
    parameters: z.strictObject({ login: z.string().max(60) }),
    answer: ResetLink,
    status: 201,
    refusals: { 404: 'no such account' },
    async handle({ project, context, caller: { by }, parameters }) {
      const login = Login.safeParse(parameters.login);
      const made = login.success ? await project.recovery.newLink(login.data, by) : null;
      if (!made) throw new ApiFailure(404, 'unknown-account', `nobody signs in as "${parameters.login}"`);
      // Behind "#", so that no server is told of it and no log keeps it.
      const link = `${originOf(project, context)}/people/index.html#/reset/${made.token}`;
      return { link, expiresAt: made.expiresAt };
    },
  }),
];
