import { HostIdentity, HostRegistration, HostStanding } from '../../protocol/project-api.ts';
import { ApiFailure } from '../errors.ts';
import { readId } from '../ids.ts';
import { networkHash } from '../network.ts';
import { addressOf } from './client-address.ts';
import { route } from './route.ts';

export const hostRoutes = [
  route({
    method: 'post',
    path: '/hosts',
    who: 'anyone',
    summary: 'Joins a computer to the project; no account is needed',
    body: HostRegistration,
    answer: HostIdentity,
    status: 201,
    refusals: {
      403: 'the invitation has ended',
      429: 'too many computers joined from this address; Retry-After says when to try again',
    },
    async handle({ project, body, context }) {
      const now = project.now();
      const address = addressOf(context, project);
      const wait = project.registrations.take(address, now.getTime());
      if (wait > 0) {
        throw new ApiFailure(
          429,
          'too-many-hosts',
          `too many computers joined from this address lately; try again in ${wait} s`,
          { retryAfterSeconds: wait },
        );
      }
      const invitation =
        body.invitation === undefined ? null : await project.invitations.redeem(body.invitation);
      const identity = await project.hosts.register(body, now, networkHash(address, project.networkSecret));
      const id = readId('h', identity.hostId);
      if (invitation !== null && id !== null) await project.invitations.bind(id, invitation);
      return identity;
    },
  }),
  route({
    method: 'get',
    path: '/hosts/me',
    who: 'host',
    summary: 'What this host has contributed',
    answer: HostStanding,
    handle: ({ project, caller }) => project.hosts.standing(caller.hostId),
  }),
];
