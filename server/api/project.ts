import { z } from 'zod';
import { CampaignDetail } from '../../protocol/campaign.ts';
import { CampaignList, Health, ProjectInfo, Readiness } from '../../protocol/project-api.ts';
import { campaignDetail, campaignSummaries } from '../campaigns/read.ts';
import { ApiFailure } from '../errors.ts';
import { SERVER_VERSION } from '../project.ts';
import { readiness } from '../readiness.ts';
import { route } from './route.ts';

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
      throw new ApiFailure(
        404,
        'no-such-campaign',
        `there is no campaign "${parameters.id}"; see /campaigns`,
      );
    },
  }),
];
