import type { Context } from 'hono';
import { Account, NewPasskey, Passkey, PasskeyList, PasskeySignIn } from '../../protocol/account-api.ts';
import { Json } from '../../protocol/primitives.ts';
import { SIGN_INS } from '../accounts/attempts.ts';
import type { Site } from '../accounts/passkeys.ts';
import { ApiFailure } from '../errors.ts';
import type { Project } from '../project.ts';
import { byId, ofYours, signIn, subscriber, takeTurn } from './accounts.ts';
import { route } from './route.ts';

const NO_SITE = 'the project has no public address that passkeys could belong to';

export const passkeyRoutes = [
  route({
    method: 'post',
    path: '/sessions/passkey/options',
    who: 'anyone',
    page: true,
    summary: 'What a browser needs to ask for a passkey',
    answer: Json,
    refusals: { 409: NO_SITE, 429: 'too many attempts; Retry-After says when to try again' },
    async handle({ project, context }) {
      await takeTurn(project, [['passkey', subscriber(project, context), SIGN_INS]]);
      return context.json(await project.passkeys.optionsToSignIn(siteOf(project, context)));
    },
  }),
  route({
    method: 'post',
    path: '/sessions/passkey',
    who: 'anyone',
    page: true,
    summary: 'Signs in with a passkey',
    body: PasskeySignIn,
    answer: Account,
    refusals: { 400: 'it opens no account here', 409: NO_SITE },
    async handle({ project, context, body }) {
      const identity = await project.passkeys.signIn(siteOf(project, context), body.shown);
      await signIn(project, context, identity, 'passkey');
      return context.json(await project.accounts.show(identity.id));
    },
  }),
  route({
    method: 'get',
    path: '/account/passkeys',
    who: 'account',
    summary: 'The passkeys that open the account',
    answer: PasskeyList,
    handle: async ({ project, caller: { person } }) => ({
      passkeys: await project.passkeys.list(person.accountId),
    }),
  }),
  route({
    method: 'post',
    path: '/account/passkeys/options',
    who: 'account',
    recent: true,
    summary: 'What a browser needs to make a passkey',
    answer: Json,
    refusals: { 409: NO_SITE },
    handle: async ({ project, context, caller: { person } }) =>
      context.json(await project.passkeys.optionsToAdd(siteOf(project, context), person)),
  }),
  route({
    method: 'post',
    path: '/account/passkeys',
    who: 'account',
    recent: true,
    summary: 'Adds a passkey',
    body: NewPasskey,
    answer: Passkey,
    status: 201,
    refusals: {
      400: 'it does not answer what was asked',
      409: 'it is known, there are too many, or no site',
    },
    handle: ({ project, context, caller: { person }, body }) =>
      project.passkeys.add(siteOf(project, context), person.accountId, body.name, body.made),
  }),
  route({
    method: 'delete',
    path: '/account/passkeys/{id}',
    who: 'account',
    recent: true,
    summary: 'Removes a passkey',
    parameters: byId,
    answer: 'nothing',
    refusals: { 404: 'no such passkey of yours', 409: 'nothing else would open the account' },
    handle: ({ project, caller: { person }, parameters: { id } }) =>
      ofYours('k', id, (passkey) =>
        project.passkeys.remove(person.accountId, passkey, project.institute?.issuer ?? null),
      ),
  }),
];

/**
 * The site that passkeys belong to, and an institute sends people back to. What a request says of its host is believed for this machine's own name only.
 * @throws ApiFailure 409 where there is none
 */
export function siteOf(project: Project, context: Context): Site {
  const host = context.req.header('host') ?? '';
  const own = /^localhost(:\d{1,5})?$/.test(host) ? `http://${host}` : null;
  const origin = project.publicUrl === undefined ? own : new URL(project.publicUrl).origin;
  if (origin !== null) return { name: project.name, origin };
  throw new ApiFailure(
    409,
    'no-site',
    'this needs a name that people reach the project by: staff can set publicUrl (docs/operations.md), or open this page as localhost',
  );
}
