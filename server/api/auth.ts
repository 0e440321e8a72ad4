import type { Context } from 'hono';
import { ApiFailure } from '../errors.ts';
import type { Project } from '../project.ts';
import { equalSecrets } from '../secrets.ts';
import { addressOf } from './client-address.ts';

/** Who may call a route. */
export type Who = 'anyone' | 'host' | 'staff';

/** `hostId` is a host's on routes for hosts, else 0. */
export interface Caller {
  readonly hostId: number;
}

const NOBODY: Caller = { hostId: 0 };

/** @throws ApiFailure 401 where the token is missing or not one of that kind, 429 where this address tried too many */
export async function whoCalls(project: Project, who: Who, context: Context): Promise<Caller> {
  if (who === 'anyone') return NOBODY;
  const token = /^Bearer ([A-Za-z0-9_-]{20,200})$/.exec(context.req.header('authorization') ?? '')?.[1];
  if (token === undefined) {
    throw new ApiFailure(401, 'no-token', `send this ${who}'s token as "Authorization: Bearer TOKEN"`);
  }
  if (who === 'staff') {
    if (equalSecrets(token, project.staffToken)) return NOBODY;
    throw new ApiFailure(
      401,
      'unknown-token',
      'this is not the staff token; it is in endpoint.json of the data folder',
    );
  }
  const remembered = project.hosts.remembered(token);
  if (remembered !== null) return { hostId: remembered };
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
  const hostId = await project.hosts.identify(token);
  if (hostId === null) {
    project.strangers.take(address, nowMs);
    throw new ApiFailure(
      401,
      'unknown-token',
      'the project does not know this host; register with POST /hosts',
    );
  }
  return { hostId };
}
