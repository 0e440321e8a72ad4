import type { Context } from 'hono';
import type { Role, Scope } from '../../protocol/account-api.ts';
import { ApiTokens } from '../accounts/api-tokens.ts';
import { mayAs } from '../accounts/roles.ts';
import type { SignedIn } from '../accounts/sessions.ts';
import { ApiFailure } from '../errors.ts';
import { showId } from '../ids.ts';
import type { Project } from '../project.ts';
import { equalSecrets } from '../secrets.ts';
import { addressOf } from './client-address.ts';
import { mustBeOurPage, mustBeRecent, sessionCookie } from './session-cookie.ts';

/**
 * Who may call a route. account: whoever has signed in; reviewer, staff, owner: with that role at least, or with the project's
 * own staff token, which is an owner's.
 */
export type Who = 'anyone' | 'host' | 'account' | Exclude<Role, 'volunteer'>;

/** What a route says of its callers. */
export interface Door {
  readonly who: Who;
  readonly method: string;
  /** What a token for programs must have; without it none opens this door. */
  readonly scope?: Scope | undefined;
  /** The person must have signed in within RECENT_MINUTES. */
  readonly recent?: boolean | undefined;
  /** For our own page alone, though anyone may call it: it sets or ends the session of a browser. */
  readonly page?: boolean | undefined;
}

/** `hostId` is a host's on routes for hosts, `person` a person's on those for accounts; else their ids are 0. */
export interface Caller {
  readonly hostId: number;
  readonly person: SignedIn;
  /** For the audit trail. */
  readonly by: string;
}

const NO_PERSON: SignedIn = {
  ...{ accountId: 0, sessionId: 0, login: '', role: 'volunteer' },
  signedInAt: new Date(0),
};
const NOBODY: Caller = { hostId: 0, person: NO_PERSON, by: 'nobody' };

/**
 * @throws ApiFailure 401 where the token is missing or not one of that kind, 403 where its holder may not do this, 429 where
 * this address tried too many
 */
export async function whoCalls(project: Project, door: Door, context: Context): Promise<Caller> {
  if (door.page) mustBeOurPage(context);
  switch (door.who) {
    case 'anyone':
      return NOBODY;
    case 'host':
      return hostThatCalls(project, context);
    case 'account':
      return personThatCalls(project, door, context, 'volunteer');
    default:
      return crewThatCalls(project, door, context, door.who);
  }
}

function bearer(context: Context): string | undefined {
  return /^Bearer ([A-Za-z0-9_-]{20,200})$/.exec(context.req.header('authorization') ?? '')?.[1];
}

async function hostThatCalls(project: Project, context: Context): Promise<Caller> {
  const token = bearer(context);
  if (token === undefined)
    throw new ApiFailure(401, 'no-token', `send this host's token as "Authorization: Bearer TOKEN"`);
  const hostId =
    project.hosts.remembered(token) ??
    (await known(project, context, () => project.hosts.identify(token), HOST_UNKNOWN));
  return { ...NOBODY, hostId };
}

const HOST_UNKNOWN = 'the project does not know this host; register with POST /hosts';
const STAFF_UNKNOWN = 'this is no token of the staff: theirs is in endpoint.json of the data folder';
const SIGN_IN = "sign in on the project's page";

/** With the project's own token, one for programs, or a session. */
async function crewThatCalls(project: Project, door: Door, context: Context, wanted: Role): Promise<Caller> {
  const token = bearer(context);
  if (token === undefined) {
    if (sessionCookie(context) !== undefined) return personThatCalls(project, door, context, wanted);
    throw new ApiFailure(401, 'no-token', `send a token as "Authorization: Bearer TOKEN", or ${SIGN_IN}`);
  }
  if (equalSecrets(token, project.staffToken)) return { ...NOBODY, by: 'staff-token' };
  if (!ApiTokens.looksLikeOne(token)) throw new ApiFailure(401, 'unknown-token', STAFF_UNKNOWN);
  const words = 'nobody has this token any more; make another on your account’s page';
  const holder = await known(project, context, () => project.apiTokens.identify(token), words);
  const { accountId, tokenId, role, scopes } = holder;
  if (!mayAs(role, wanted)) throw beyondRole(role, wanted);
  if (door.scope === undefined)
    throw new ApiFailure(403, 'no-scope', 'no token for programs may do this; sign in and do it yourself');
  if (!scopes.includes(door.scope))
    throw new ApiFailure(403, 'no-scope', `this token has not "${door.scope}"; make one that has`);
  return { ...NOBODY, by: `${showId('a', accountId)} ${showId('t', tokenId)}` };
}

async function personThatCalls(
  project: Project,
  door: Door,
  context: Context,
  wanted: Role,
): Promise<Caller> {
  const token = sessionCookie(context);
  if (token === undefined) throw new ApiFailure(401, 'no-session', SIGN_IN);
  const words = `your sign-in has ended; ${SIGN_IN} again`;
  const person = await known(project, context, () => project.sessions.identify(token), words);
  // A browser sends the cookie whichever page asks for it.
  if (door.method !== 'get') mustBeOurPage(context);
  if (!mayAs(person.role, wanted)) throw beyondRole(person.role, wanted);
  if (door.recent) mustBeRecent(person, project.now());
  return { ...NOBODY, person, by: showId('a', person.accountId) };
}

/** Who is signed in, for pages that are for everybody. @throws ApiFailure 429 as whoCalls() */
export async function whoIsIn(project: Project, context: Context): Promise<SignedIn | null> {
  const token = sessionCookie(context);
  if (token === undefined) return null;
  try {
    return await known(project, context, () => project.sessions.identify(token), SIGN_IN);
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 401) return null;
    throw error;
  }
}

function beyondRole(role: Role, wanted: Role): ApiFailure {
  const words = `this is for ${wanted}, and you are ${role}; an owner of the project can change that`;
  return new ApiFailure(403, 'beyond-role', words);
}

/** Who holds a token. Those nobody holds cost a look into the store each, so an address has not many. */
async function known<T>(
  project: Project,
  context: Context,
  look: () => Promise<T | null>,
  unknown: string,
): Promise<T> {
  const address = addressOf(context, project);
  const nowMs = project.now().getTime();
  const wait = project.strangers.wait(address, nowMs);
  if (wait > 0) {
    throw new ApiFailure(
      429,
      'too-many-tokens',
      `too many unknown tokens came from this address lately; try again in ${wait} s`,
      { retryAfterSeconds: wait },
    );
  }
  const found = await look();
  if (found !== null) return found;
  project.strangers.take(address, nowMs);
  throw new ApiFailure(401, 'unknown-token', unknown);
}
