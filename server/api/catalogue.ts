import { z } from 'zod';
import { CampaignSpec } from '../../protocol/campaign.ts';
import {
  MergedPoint,
  MergedQuery,
  ProvenancePage,
  ProvenanceQuery,
  UnitRecord,
} from '../../protocol/catalogue.ts';
import { campaignDocument } from '../catalogue/document.ts';
import { mergedPoint } from '../catalogue/merged.ts';
import { provenance } from '../catalogue/provenance.ts';
import { pseudonyms } from '../catalogue/pseudonyms.ts';
import { unitRecord } from '../catalogue/records.ts';
import { ApiFailure } from '../errors.ts';
import { route } from './route.ts';

const ById = z.strictObject({ id: z.string().min(1).max(80) });
const noCampaign = (id: string) =>
  new ApiFailure(404, 'no-such-campaign', `there is no campaign "${id}"; see /campaigns`);

/** What it takes to see where merged histograms come from, and to compute them again. */
export const catalogueRoutes = [
  route({
    method: 'get',
    path: '/results/{id}',
    who: 'anyone',
    summary: 'A merged work unit (u523) or one result of it (l991): its card, and what hosts gave',
    parameters: ById,
    answer: UnitRecord,
    refusals: { 404: 'no such result', 409: 'its work unit is not merged' },
    handle: ({ project, parameters }) => unitRecord(project.db, pseudonyms(project.key), parameters.id),
  }),
  route({
    method: 'get',
    path: '/campaigns/{id}/document',
    who: 'anyone',
    summary: 'A campaign as it was pushed; by id or name',
    parameters: ById,
    answer: CampaignSpec,
    refusals: { 404: 'no such campaign' },
    async handle({ project, parameters: { id } }) {
      const document = await campaignDocument(project.db, id);
      if (document) return document;
      throw noCampaign(id);
    },
  }),
  route({
    method: 'get',
    path: '/campaigns/{id}/merged',
    who: 'anyone',
    summary: 'What is merged at a point, and of which events, at one moment',
    parameters: ById,
    query: MergedQuery,
    answer: MergedPoint,
    refusals: { 404: 'no such campaign, or it has no such point' },
    async handle({ project, parameters: { id }, query: { point } }) {
      const merged = await mergedPoint(project.db, project.releases, id, point);
      if (merged) return merged;
      throw new ApiFailure(404, 'no-such-point', `there is no campaign "${id}" with a point ${point}`);
    },
  }),
  route({
    method: 'get',
    path: '/campaigns/{id}/provenance',
    who: 'anyone',
    summary: 'Merged work units with the results they are made of, by point and first event',
    parameters: ById,
    query: ProvenanceQuery,
    answer: ProvenancePage,
    refusals: { 404: 'no such campaign' },
    async handle({ project, parameters: { id }, query }) {
      const page = await provenance(project.db, pseudonyms(project.key), id, query);
      if (page) return page;
      throw noCampaign(id);
    },
  }),
];
