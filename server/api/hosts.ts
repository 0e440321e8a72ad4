import { HostIdentity, HostRegistration, HostStanding } from '../../protocol/project-api.ts';
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
    handle: ({ project, body }) => project.hosts.register(body, project.now()),
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
