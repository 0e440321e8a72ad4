import {
  AccountDeletion,
  AccountExport,
  AttachCode,
  AttachRequest,
  HostBelongs,
  HostOwner,
  NewTeam,
  OwnHostList,
  Team,
  TeamChange,
  TeamList,
} from '../../protocol/people-api.ts';
import { CODES, SIGN_INS } from '../accounts/attempts.ts';
import { deleteAccount, exportAccount } from '../accounts/own-data.ts';
import { ApiFailure } from '../errors.ts';
import { readId } from '../ids.ts';
import { byId, ofYours, subscriber, type Turn, takeTurn } from './accounts.ts';
import { nothing, route } from './route.ts';
import { clearSessionCookie } from './session-cookie.ts';

/** Hosts of people, their teams, and their way out. */
export const peopleRoutes = [
  route({
    method: 'post',
    path: '/account/attach-code',
    who: 'account',
    summary: 'A code that makes a host the person’s, said by it within minutes',
    answer: AttachCode,
    handle: ({ project, caller: { person } }) => project.ownHosts.newCode(person.accountId),
  }),
  route({
    method: 'post',
    path: '/hosts/me/attach',
    who: 'host',
    summary: 'Says a person’s code: this host is theirs from now on',
    body: AttachRequest,
    answer: HostOwner,
    refusals: { 404: 'no such code', 429: 'too many attempts; Retry-After says when to try again' },
    async handle({ project, context, caller: { hostId }, body }) {
      const turns: readonly Turn[] = [
        ['attach', `host ${hostId}`, CODES],
        ['attach', subscriber(project, context), SIGN_INS],
      ];
      await takeTurn(project, turns);
      const owner = await project.ownHosts.attach(hostId, body.code);
      if (owner) {
        await project.attempts.forgive(turns.map(([kind, of]) => [kind, of]));
        return owner;
      }
      throw new ApiFailure(
        404,
        'unknown-code',
        'there is no such code, or it has ended; make another on your account’s page',
      );
    },
  }),
  route({
    method: 'get',
    path: '/hosts/me/owner',
    who: 'host',
    summary: 'Whose computer this host is',
    answer: HostBelongs,
    handle: async ({ project, caller: { hostId } }) => ({ name: await project.ownHosts.ownerOf(hostId) }),
  }),
  route({
    method: 'delete',
    path: '/hosts/me/owner',
    who: 'host',
    summary: 'Makes this host nobody’s; it goes on computing',
    answer: 'nothing',
    async handle({ project, caller: { hostId } }) {
      await project.ownHosts.leaveOwner(hostId);
      return nothing();
    },
  }),
  route({
    method: 'get',
    path: '/account/hosts',
    who: 'account',
    summary: 'The person’s computers',
    answer: OwnHostList,
    handle: async ({ project, caller: { person } }) => ({
      hosts: await project.ownHosts.list(person.accountId),
    }),
  }),
  route({
    method: 'delete',
    path: '/account/hosts/{id}',
    who: 'account',
    summary: 'Makes a computer nobody’s; it goes on computing',
    parameters: byId,
    answer: 'nothing',
    refusals: { 404: 'no such host of yours' },
    handle: ({ project, caller: { person }, parameters: { id } }) =>
      ofYours('h', id, (host) => project.ownHosts.detach(person.accountId, host)),
  }),
  route({
    method: 'get',
    path: '/account/export',
    who: 'account',
    recent: true,
    summary: 'All that is kept of the person',
    answer: AccountExport,
    handle: ({ project, caller: { person } }) => exportAccount(project, person),
  }),
  route({
    method: 'post',
    path: '/account/delete',
    who: 'account',
    recent: true,
    summary: 'Deletes the account; the credit of its hosts stays, as nobody’s',
    body: AccountDeletion,
    answer: 'nothing',
    refusals: { 409: 'the body does not name the account' },
    async handle({ project, context, caller: { person }, body }) {
      if (body.login !== person.login)
        throw new ApiFailure(409, 'not-confirmed', `write "${person.login}" to confirm`, { place: 'login' });
      await deleteAccount(project, person.accountId);
      project.statistics.forget();
      clearSessionCookie(context, project.isSecure);
      return context.body(null, 204);
    },
  }),
  route({
    method: 'get',
    path: '/teams',
    who: 'anyone',
    summary: 'The teams with most credit',
    answer: TeamList,
    handle: async ({ project }) => ({ teams: await project.teams.list() }),
  }),
  route({
    method: 'post',
    path: '/teams',
    who: 'account',
    summary: 'Founds a team and joins it',
    body: NewTeam,
    answer: Team,
    status: 201,
    refusals: { 409: 'the name is taken' },
    handle: ({ project, caller: { person }, body }) => project.teams.create(person.accountId, body),
  }),
  route({
    method: 'patch',
    path: '/teams/{id}',
    who: 'account',
    summary: 'Changes what a team says of itself; for its founder',
    parameters: byId,
    body: TeamChange,
    answer: Team,
    refusals: { 403: 'another founded it', 404: 'no such team', 409: 'the name is taken' },
    handle: ({ project, caller: { person }, parameters, body }) =>
      project.teams.change(person.accountId, teamId(parameters.id), body),
  }),
  route({
    method: 'post',
    path: '/teams/{id}/join',
    who: 'account',
    summary: 'Joins a team, and leaves the one before',
    parameters: byId,
    answer: Team,
    refusals: { 404: 'no such team' },
    handle: ({ project, caller: { person }, parameters }) =>
      project.teams.join(person.accountId, teamId(parameters.id)),
  }),
  route({
    method: 'post',
    path: '/account/team/leave',
    who: 'account',
    summary: 'Leaves the team',
    answer: 'nothing',
    async handle({ project, caller: { person } }) {
      await project.teams.leave(person.accountId);
      return nothing();
    },
  }),
];

function teamId(text: string): number {
  const id = readId('g', text);
  if (id !== null) return id;
  throw new ApiFailure(404, 'unknown-team', 'there is no such team; see /teams');
}
