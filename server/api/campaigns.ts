import { z } from 'zod';
import { CampaignSummary } from '../../protocol/campaign.ts';
import { NoteChange, Notes } from '../../protocol/notes.ts';
import { CampaignClone, CampaignExtend, CampaignWhy } from '../../protocol/staff-api.ts';
import { changeState, cloneCampaign, extendCampaign } from '../campaigns/change.ts';
import { campaignNotes, changeNote } from '../campaigns/notes.ts';
import { campaignSummary } from '../campaigns/read.ts';
import { ApiFailure } from '../errors.ts';
import type { Project } from '../project.ts';
import { route } from './route.ts';

const parameters = z.strictObject({ id: z.string().min(1).max(80) });
const refusals = { 404: 'no such campaign', 409: 'not from the state it is in' };
const cloneRefusals = {
  404: 'no such campaign',
  409: 'the new name is taken',
  422: 'error.place is the path in the new campaign',
};

/** The life of a campaign after it was pushed. Each is one transaction, and done again it changes nothing. */
export const campaignRoutes = [
  route({
    method: 'post',
    path: '/staff/campaigns/{id}/pause',
    who: 'staff',
    scope: 'campaigns:write',
    summary: 'Gives out no more of a campaign; results in hand are taken',
    parameters,
    body: CampaignWhy,
    answer: CampaignSummary,
    refusals,
    handle: async ({ project, parameters: { id }, body }) =>
      summaryOf(project, await changeState(project.db, id, 'pause', body.reason, project.now())),
  }),
  route({
    method: 'post',
    path: '/staff/campaigns/{id}/resume',
    who: 'staff',
    scope: 'campaigns:write',
    summary: 'Goes on with a paused campaign; one that its canary stopped goes to all hosts',
    parameters,
    body: z.strictObject({}),
    answer: CampaignSummary,
    refusals,
    handle: async ({ project, parameters: { id } }) =>
      summaryOf(project, await changeState(project.db, id, 'resume', null, project.now())),
  }),
  route({
    method: 'post',
    path: '/staff/campaigns/{id}/cancel',
    who: 'staff',
    scope: 'campaigns:write',
    summary: 'Ends a campaign for good; what is merged stays, results of leases given before are taken',
    parameters,
    body: CampaignWhy,
    answer: CampaignSummary,
    refusals,
    handle: async ({ project, parameters: { id }, body }) =>
      summaryOf(project, await changeState(project.db, id, 'cancel', body.reason, project.now())),
  }),
  route({
    method: 'post',
    path: '/staff/campaigns/{id}/extend',
    who: 'staff',
    scope: 'campaigns:write',
    summary: 'More events for each point, or another deadline; a complete campaign runs again',
    parameters,
    body: CampaignExtend,
    answer: CampaignSummary,
    refusals,
    handle: async ({ project, parameters: { id }, body }) =>
      summaryOf(project, await extendCampaign(project.db, project.releases, id, body, project.now())),
  }),
  route({
    method: 'post',
    path: '/staff/campaigns/{id}/clone',
    who: 'staff',
    scope: 'campaigns:write',
    summary: 'Starts a new campaign like this one with changes; 200 where the very same is there',
    parameters,
    body: CampaignClone,
    answer: CampaignSummary,
    status: 201,
    refusals: cloneRefusals,
    async handle({ project, context, parameters, body }) {
      const { db, releases } = project;
      const { id, created } = await cloneCampaign(db, releases, parameters.id, body, project.now());
      return context.json(await summaryOf(project, id), created ? 201 : 200);
    },
  }),
  route({
    method: 'get',
    path: '/campaigns/{id}/notes',
    who: 'anyone',
    summary: 'What staff have noted on histograms of a campaign',
    parameters,
    answer: Notes,
    refusals: { 404: 'no such campaign' },
    async handle({ project, parameters: { id } }) {
      const notes = await campaignNotes(project.db, id);
      if (notes) return { notes };
      throw noCampaign(id);
    },
  }),
  route({
    method: 'put',
    path: '/staff/campaigns/{id}/notes',
    who: 'staff',
    scope: 'campaigns:write',
    summary:
      'Notes something on a histogram of a campaign, for everybody to read; an empty text takes it away',
    parameters,
    body: NoteChange,
    answer: Notes,
    refusals: { 404: 'no such campaign', 422: 'the campaign has no such histogram' },
    async handle({ project: { db, releases, now }, parameters: { id }, body }) {
      const notes = await changeNote(db, releases, id, body, now());
      if (notes) return { notes };
      throw noCampaign(id);
    },
  }),
];

const noCampaign = (id: string) =>
  new ApiFailure(404, 'no-such-campaign', `there is no campaign "${id}"; see /campaigns`);

async function summaryOf(project: Project, id: number): Promise<CampaignSummary> {
  const summary = await campaignSummary(project.db, id, project.now());
  if (!summary) throw new Error(`campaign ${id} was changed but is not in the store`);
  return summary;
}
