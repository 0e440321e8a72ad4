import { z } from 'zod';
import {
  LeaseReply,
  LeaseRequest,
  ResultReport,
  ResultVerdict,
  VerdictQuery,
} from '../../protocol/project-api.ts';
import { nothing, route } from './route.ts';

/** The files that go with it in base64 (MAX_INLINE_BYTES), and the longest list of the longest paths. */
const MAX_REPORT_BYTES = 4_000_000;

export const workRoutes = [
  route({
    method: 'post',
    path: '/leases',
    who: 'host',
    summary: 'Asks for work units; says which leases the host still holds',
    body: LeaseRequest,
    answer: LeaseReply,
    handle: ({ project, caller, body }) => project.lease(caller.hostId, body),
  }),
  route({
    method: 'post',
    path: '/leases/release',
    who: 'host',
    summary: 'Gives leases back',
    body: z.strictObject({ leases: z.array(z.string().max(60)).max(1024) }),
    answer: 'nothing',
    async handle({ project, caller, body }) {
      await project.giveBack(caller.hostId, body.leases);
      return nothing();
    },
  }),
  route({
    method: 'post',
    path: '/results',
    who: 'host',
    summary: 'Reports the outcome of a lease; again, it gives the verdict reached by now',
    body: ResultReport,
    maximumBytes: MAX_REPORT_BYTES,
    answer: ResultVerdict,
    refusals: {
      403: "another host's lease",
      404: 'unknown lease',
      422: 'a file is missing or the manifest is wrong: mend it and report again',
    },
    handle: ({ project, caller, body }) => project.report(caller.hostId, body),
  }),
  route({
    method: 'post',
    path: '/verdicts',
    who: 'host',
    summary: 'Verdicts of leases this host has reported; others are left out',
    body: VerdictQuery,
    answer: z.strictObject({ verdicts: z.array(ResultVerdict) }),
    handle: async ({ project, caller, body }) => ({
      verdicts: await project.verdicts(caller.hostId, body.leases),
    }),
  }),
];
