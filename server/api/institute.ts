import type { Context } from 'hono';
import {
  InstituteAnswer,
  InstituteLink,
  InstituteOffer,
  InstituteReturn,
  InstituteVisit,
} from '../../protocol/account-api.ts';
import { SIGN_INS } from '../accounts/attempts.ts';
import type { Institute } from '../accounts/institute.ts';
import { VISIT_SECONDS } from '../accounts/institute-links.ts';
import { ApiFailure } from '../errors.ts';
import type { Project } from '../project.ts';
import { signIn, subscriber, takeTurn } from './accounts.ts';
import { whoIsIn } from './auth.ts';
import { siteOf } from './passkeys.ts';
import { nothing, route } from './route.ts';
import { setVisitCookie, takeVisitCookie } from './session-cookie.ts';

const NONE =
  'the project has no institute to sign in at, or no public address that it could send people back to';
const AWAY = 'the institute does not answer';
const LATER = 'too many attempts; Retry-After says when to try again';

export const instituteRoutes = [
  route({
    method: 'get',
    path: '/sessions/institute',
    who: 'anyone',
    summary: 'Where people may sign in with an account they have there',
    answer: InstituteOffer,
    handle: async ({ project }) => ({ name: project.institute?.name ?? null }),
  }),
  route({
    method: 'post',
    path: '/sessions/institute/visit',
    who: 'anyone',
    page: true,
    summary: 'Begins a sign-in at the institute: where the browser is to go',
    answer: InstituteVisit,
    refusals: { 409: NONE, 429: LATER, 503: AWAY },
    async handle({ project, context }) {
      await takeTurn(project, [['institute', subscriber(project, context), SIGN_INS]]);
      return visit(project, context, null);
    },
  }),
  route({
    method: 'post',
    path: '/sessions/institute',
    who: 'anyone',
    page: true,
    summary: 'Ends what began at the institute, with what it sent the browser back with',
    body: InstituteReturn,
    answer: InstituteAnswer,
    refusals: {
      400: 'it can not be believed, or came twice',
      409: `${NONE}; or either account is linked to another`,
      429: LATER,
      503: AWAY,
    },
    async handle({ project, context, body }) {
      const institute = instituteOf(project);
      const back = new URL(returnAddress(project, context));
      back.search = body.query;
      const browser = takeVisitCookie(context, project.isSecure);
      const visit = browser === undefined ? null : await project.instituteLinks.takeVisit(browser);
      if (!visit) {
        throw new ApiFailure(
          400,
          'institute-refused',
          'this browser began no sign-in there, or has come back from it already; begin again',
        );
      }
      const person = await institute.finish(back, visit);
      if (visit.accountId === null) {
        const identity = await project.instituteLinks.identify(institute.issuer, person);
        await signIn(project, context, identity, 'institute');
        return context.json({ account: await project.accounts.show(identity.id), linked: false });
      }
      const signedIn = await whoIsIn(project, context);
      if (signedIn?.accountId !== visit.accountId) {
        const words = 'somebody else is signed in here now, or nobody; sign in and link again';
        throw new ApiFailure(400, 'institute-refused', words);
      }
      await project.instituteLinks.link(visit.accountId, institute.issuer, person);
      return context.json({ account: await project.accounts.show(visit.accountId), linked: true });
    },
  }),
  route({
    method: 'get',
    path: '/account/institute',
    who: 'account',
    summary: 'Whether the account is linked to one at the institute',
    answer: InstituteLink,
    async handle({ project, caller: { person } }) {
      const { institute } = project;
      const link = institute && (await project.instituteLinks.find(person.accountId, institute.issuer));
      return { name: institute?.name ?? null, linkedAt: link?.linkedAt ?? null };
    },
  }),
  route({
    method: 'post',
    path: '/account/institute/visit',
    who: 'account',
    recent: true,
    summary: 'Begins to link the account to one at the institute: where the browser is to go',
    answer: InstituteVisit,
    refusals: { 409: NONE, 503: AWAY },
    handle: ({ project, context, caller: { person } }) => visit(project, context, person.accountId),
  }),
  route({
    method: 'delete',
    path: '/account/institute',
    who: 'account',
    recent: true,
    summary: 'Unlinks the account from the institute',
    answer: 'nothing',
    refusals: { 404: 'it is not linked', 409: `${NONE}; or nothing else would open the account` },
    async handle({ project, caller: { person } }) {
      if (await project.instituteLinks.unlink(person.accountId, instituteOf(project).issuer))
        return nothing();
      throw new ApiFailure(404, 'not-linked', 'your account is not linked');
    },
  }),
];

async function visit(project: Project, context: Context, accountId: number | null): Promise<Response> {
  const { url, visit } = await instituteOf(project).begin(returnAddress(project, context));
  const browser = await project.instituteLinks.keepVisit(visit, accountId);
  setVisitCookie(context, browser, VISIT_SECONDS, project.isSecure);
  return context.json({ url });
}

/** As it is registered at the institute. The page there sends the query on. */
function returnAddress(project: Project, context: Context): string {
  return `${siteOf(project, context).origin}/people/index.html`;
}

/** @throws ApiFailure 409 where there is none */
function instituteOf({ institute }: Project): Institute {
  if (institute) return institute;
  throw new ApiFailure(
    409,
    'no-institute',
    'this project has no institute to sign in at; sign in another way',
  );
}
