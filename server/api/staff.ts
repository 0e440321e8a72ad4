import { z } from 'zod';
import { CampaignSummary } from '../../protocol/campaign.ts';
import { Operations } from '../../protocol/operations.ts';
import { Sha256 } from '../../protocol/primitives.ts';
import { Release, Signed } from '../../protocol/release.ts';
import {
  ApplianceUpload,
  AuditPage,
  AuditQuery,
  DryRun,
  ResultQuery,
  StaffResults,
  StaffUnits,
  StoredObject,
  StoreSnapshot,
  UnitQuery,
} from '../../protocol/staff-api.ts';
import { auditAfter, auditBefore } from '../audit/trail.ts';
import { dryRun } from '../campaigns/dry-run.ts';
import { staffResults, staffUnits } from '../campaigns/inspect.ts';
import { pushCampaign } from '../campaigns/push.ts';
import { campaignSummary } from '../campaigns/read.ts';
import { ApiFailure } from '../errors.ts';
import { readId } from '../ids.ts';
import { HashMismatch, TooLarge } from '../objects/errors.ts';
import { operations } from '../operations/operations.ts';
import { SERVER_VERSION } from '../project.ts';
import { BodyBytes } from './bytes.ts';
import { nothing, route } from './route.ts';

const MAX_OBJECT_BYTES = 512e6;

export const staffRoutes = [
  route({
    method: 'put',
    path: '/staff/objects/{sha256}',
    who: 'staff',
    scope: 'releases:write',
    summary: 'Stores an object',
    parameters: z.strictObject({ sha256: Sha256 }),
    body: 'bytes',
    answer: StoredObject,
    refusals: { 413: 'too large', 422: 'the bytes have another hash' },
    async handle({ project, parameters: { sha256 }, context }) {
      const chunks = new BodyBytes(context, project.limits);
      try {
        return { sha256, ...(await project.objects.put(sha256, chunks, MAX_OBJECT_BYTES)) };
      } catch (error) {
        await chunks.drain();
        if (error instanceof HashMismatch) {
          throw new ApiFailure(422, 'hash-mismatch', error.message, { place: 'body', cause: error });
        }
        if (error instanceof TooLarge)
          throw new ApiFailure(413, 'too-large', error.message, { cause: error });
        throw error;
      }
    },
  }),
  route({
    method: 'put',
    path: '/staff/releases',
    who: 'staff',
    scope: 'releases:write',
    summary: 'Publishes a release',
    body: Release,
    answer: Signed,
    refusals: { 409: 'published with other content', 422: 'an object is missing, or the schema is none' },
    handle: ({ project, body }) => project.releases.put(body, project.now()),
  }),
  route({
    method: 'put',
    path: '/staff/appliance',
    who: 'staff',
    scope: 'releases:write',
    summary: 'Makes this the appliance hosts use',
    body: ApplianceUpload,
    answer: Signed,
    refusals: { 422: 'an object is missing' },
    handle: ({ project, body }) => project.releases.putAppliance(body, project.now()),
  }),
  route({
    method: 'post',
    path: '/staff/campaigns',
    who: 'staff',
    scope: 'campaigns:write',
    summary: 'Starts a campaign from a CampaignSpec as YAML or JSON; 200 where the very same is there',
    body: 'text',
    answer: CampaignSummary,
    status: 201,
    refusals: { 409: 'the name is taken', 422: 'error.place is the line, column and path' },
    async handle({ project, context, body }) {
      const { id, created } = await pushCampaign(project.db, project.releases, body, project.now());
      const summary = await campaignSummary(project.db, id, project.now());
      if (!summary) throw new Error(`campaign ${id} was accepted but is not in the store`);
      return context.json(summary, created ? 201 : 200);
    },
  }),
  route({
    method: 'post',
    path: '/staff/campaigns/dry-run',
    who: 'reviewer',
    scope: 'campaigns:write',
    summary: 'What a campaign would be and cost; refused as a push would be, and nothing is started',
    body: 'text',
    answer: DryRun,
    refusals: { 409: 'the name is taken', 422: 'error.place is the line, column and path' },
    handle: ({ project, body }) => dryRun(project.db, project.releases, body, project.now()),
  }),
  route({
    method: 'get',
    path: '/staff/results',
    who: 'reviewer',
    scope: 'results:read',
    summary: 'Results, newest lease first',
    query: ResultQuery,
    answer: StaffResults,
    handle: ({ project, query }) => staffResults(project.db, query),
  }),
  route({
    method: 'get',
    path: '/staff/units',
    who: 'reviewer',
    scope: 'results:read',
    summary: 'Work units, newest first; state=aside: those that failed too often, and why',
    query: UnitQuery,
    answer: StaffUnits,
    handle: ({ project, query }) => staffUnits(project.db, query),
  }),
  route({
    method: 'post',
    path: '/staff/snapshots',
    who: 'owner',
    summary: "Writes the store as it is now to a file on the server's disk, for a backup to read",
    answer: StoreSnapshot,
    handle: async ({ project }) => ({
      takenAt: project.now().toISOString(),
      file: await project.snapshot(),
      serverVersion: SERVER_VERSION,
    }),
  }),
  route({
    method: 'post',
    path: '/staff/hosts/{host}/pardon',
    who: 'staff',
    scope: 'hosts:moderate',
    summary:
      'Ends the quarantine of a host that was caught, as if it had not been; what was withdrawn stays so',
    parameters: z.strictObject({ host: z.string().max(60) }),
    answer: 'nothing',
    refusals: { 404: 'no such host' },
    async handle({ project, parameters: { host } }) {
      const id = readId('h', host);
      if (id !== null && (await project.hosts.pardon(id))) return nothing();
      throw new ApiFailure(404, 'unknown-host', 'there is no host of that name; hosts are named like h17');
    },
  }),
  route({
    method: 'get',
    path: '/staff/operations',
    who: 'reviewer',
    scope: 'operations:read',
    summary: 'How the project does: hosts, queues, pace, failures by cause, quarantine, sizes',
    answer: Operations,
    handle: ({ project }) => operations(project),
  }),
  route({
    method: 'get',
    path: '/staff/audit',
    who: 'reviewer',
    scope: 'operations:read',
    summary: 'The audit trail, newest first; after=N: oldest first beyond row N',
    query: AuditQuery,
    answer: AuditPage,
    async handle({ project: { db }, query: { after, before, limit } }) {
      const rows =
        after === undefined
          ? await auditBefore(db, before ?? Number.MAX_SAFE_INTEGER, limit)
          : await auditAfter(db, after, limit);
      return { entries: rows.map((row) => ({ ...row, at: row.at.toISOString() })) };
    },
  }),
];
