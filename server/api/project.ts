import { z } from 'zod';
import { CampaignDetail, CampaignOutline, CampaignPoint } from '../../protocol/campaign.ts';
import { CampaignList, Health, ProjectInfo, Readiness } from '../../protocol/project-api.ts';
import { campaignDetail, campaignOutline, campaignPoint, campaignSummaries } from '../campaigns/read.ts';
import { ApiFailure } from '../errors.ts';
import { SERVER_VERSION } from '../project.ts';
import { readiness } from '../readiness.ts';
import { route } from './route.ts';

const noCampaign = (id: string) =>
  new ApiFailure(404, 'no-such-campaign', `there is no campaign "${id}"; see /campaigns`);

/** What everybody may see of a project. */
export const projectRoutes = [
  route({
    method: 'get',
    path: '/health',
    who: 'anyone',
    summary: 'Whether the server and its store answer',
    answer: Health,
    async handle({ project }) {
      await project.db.query('SELECT 1');
      return { state: 'ok' as const, serverVersion: SERVER_VERSION };
    },
  }),
  route({
    method: 'get',
    path: '/health/live',
    who: 'anyone',
    summary: 'Whether the process answers; if not, start it again',
    answer: Health,
    handle: async () => ({ state: 'ok' as const, serverVersion: SERVER_VERSION }),
  }),
  route({
    method: 'get',
    path: '/health/ready',
    who: 'anyone',
    summary: 'Whether hosts can be served; if not, send them nobody',
    answer: Readiness,
    async handle({ project, context }) {
      const answer = await readiness(project);
      return answer.ready ? answer : context.json(answer, 503);
    },
  }),
  route({
    method: 'get',
    path: '/project',
    who: 'anyone',
    summary: 'The project and its public key',
    answer: ProjectInfo,
    handle: async ({ project }) => project.info(),
  }),
  route({
    method: 'get',
    path: '/campaigns',
    who: 'anyone',
    summary: 'All campaigns, newest first',
    answer: CampaignList,
    handle: async ({ project }) => ({ campaigns: await campaignSummaries(project.db, project.now()) }),
  }),
  route({
    method: 'get',
    path: '/campaigns/{id}',
    who: 'anyone',
    summary: 'A campaign with what is merged at each point; by id or name',
    parameters: z.strictObject({ id: z.string().min(1).max(80) }),
    answer: CampaignDetail,
    refusals: { 404: 'no such campaign' },
    async handle({ project, parameters }) {
      const detail = await campaignDetail(project.db, project.releases, parameters.id, project.now());
      if (detail) return detail;
      throw noCampaign(parameters.id);
    },
  }),
  route({
    method: 'get',
    path: '/campaigns/{id}/outline',
    who: 'anyone',
    summary: 'A campaign and its points, but for their histograms; by id or name',
    parameters: z.strictObject({ id: z.string().min(1).max(80) }),
    answer: CampaignOutline,
    refusals: { 404: 'no such campaign' },
    async handle({ project, parameters: { id } }) {
      const outline = await campaignOutline(project.db, project.releases, id, project.now());
      if (outline) return outline;
      throw noCampaign(id);
    },
  }),
  route({
    method: 'get',
    path: '/campaigns/{id}/points/{point}',
    who: 'anyone',
    summary: 'What is merged at one point of a campaign',
    parameters: z.strictObject({
      id: z.string().min(1).max(80),
      point: z.string().regex(/^[0-9]{1,5}$/, 'expected the index of a point'),
    }),
    answer: CampaignPoint,
    refusals: { 404: 'no such campaign, or it has no such point' },
    async handle({ project, parameters: { id, point } }) {
      const found = await campaignPoint(project.db, project.releases, id, Number(point), project.now());
      if (found) return found;
      throw new ApiFailure(404, 'no-such-point', `there is no campaign "${id}" with a point ${point}`);
    },
  }),
];
