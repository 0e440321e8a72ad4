import type { Context } from 'hono';
import { z } from 'zod';
import {
  InvitationCode,
  InvitedTo,
  NewInvitation,
  StaffInvitation,
  StaffInvitationList,
} from '../../protocol/invitation.ts';
import { invitationTo } from '../../protocol/project-api.ts';
import { ApiFailure } from '../errors.ts';
import { readId } from '../ids.ts';
import type { Project } from '../project.ts';
import { byId } from './accounts.ts';
import { nothing, route } from './route.ts';

export const invitationRoutes = [
  route({
    method: 'get',
    path: '/invitations/{code}',
    who: 'anyone',
    summary: 'What joining by a code means',
    parameters: z.strictObject({ code: InvitationCode }),
    answer: InvitedTo,
    refusals: { 404: 'no such invitation, or it has ended' },
    async handle({ project, parameters: { code } }) {
      const found = await project.invitations.show(code);
      if (found) return found;
      throw new ApiFailure(
        404,
        'unknown-code',
        'this invitation has ended, or there never was one; ask for another',
      );
    },
  }),
  route({
    method: 'post',
    path: '/staff/invitations',
    who: 'staff',
    scope: 'campaigns:write',
    summary: 'Makes an invitation with limits',
    body: NewInvitation,
    answer: StaffInvitation,
    status: 201,
    handle: ({ project, context, body }) => project.invitations.create(body, linkOf(project, context)),
  }),
  route({
    method: 'get',
    path: '/staff/invitations',
    who: 'staff',
    scope: 'campaigns:write',
    summary: 'All invitations with limits, newest first',
    answer: StaffInvitationList,
    handle: async ({ project, context }) => ({
      invitations: await project.invitations.list(linkOf(project, context)),
    }),
  }),
  route({
    method: 'delete',
    path: '/staff/invitations/{id}',
    who: 'staff',
    scope: 'campaigns:write',
    summary: 'Ends an invitation; who has joined by it stays',
    parameters: byId,
    answer: 'nothing',
    refusals: { 404: 'no such invitation' },
    async handle({ project, parameters }) {
      const id = readId('i', parameters.id);
      if (id !== null && (await project.invitations.revoke(id))) return nothing();
      throw new ApiFailure(404, 'unknown-id', `there is no invitation "${parameters.id}"`);
    },
  }),
];

/** Where staff reach the project, where it has no other address: that one works. */
export function originOf(project: Project, context: Context): string {
  return project.publicUrl?.replace(/\/$/, '') ?? new URL(context.req.url).origin;
}

function linkOf(project: Project, context: Context): (code: string) => string {
  const url = originOf(project, context);
  return (code) => `${invitationTo(url, project.info())}&code=${code}`;
}
