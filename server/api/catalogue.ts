import { z } from 'zod';
import { CampaignSpec } from '../../protocol/campaign.ts';
import {
  MergedPoint,
  MergedQuery,
  PointSampleQuery,
  ProvenancePage,
  ProvenanceQuery,
  SampleFileQuery,
  SamplePage,
  SampleQuery,
  UnitRecord,
} from '../../protocol/catalogue.ts';
import { campaignName } from '../campaigns/read.ts';
import { campaignDocument } from '../catalogue/document.ts';
import { mergedPoint } from '../catalogue/merged.ts';
import { provenance } from '../catalogue/provenance.ts';
import { pseudonyms } from '../catalogue/pseudonyms.ts';
import { unitRecord } from '../catalogue/records.ts';
import { pointSample, sampleAnswer, samples, unitSample } from '../catalogue/samples.ts';
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
    path: '/results/{id}/sample',
    who: 'anyone',
    summary:
      'Events that a merged work unit (u523, or by the lease of a result) has kept, in HepMC3’s ASCII format',
    parameters: ById,
    query: SampleFileQuery,
    answer: 'bytes',
    refusals: { 404: 'it is not merged, or has no such file', 409: 'the file is not HepMC3' },
    async handle({ project: { db, objects }, parameters: { id }, query: { file, gzip } }) {
      return sampleAnswer(await unitSample(db, objects, id, file), id, gzip === 'true');
    },
  }),
  route({
    method: 'get',
    path: '/samples',
    who: 'anyone',
    summary:
      'Files that work units have kept, such as events, by point; searched by words, application and parameters',
    query: SampleQuery,
    answer: SamplePage,
    handle: ({ project, query }) => samples(project.db, project.releases, query),
  }),
  route({
    method: 'get',
    path: '/campaigns/{id}/sample',
    who: 'anyone',
    summary: 'All events that a point’s merged work units have kept, as one file in HepMC3’s ASCII format',
    parameters: ById,
    query: PointSampleQuery,
    answer: 'bytes',
    refusals: { 404: 'no such campaign, or the point has no such file', 409: 'the file is not HepMC3' },
    async handle({ project: { db, objects }, parameters: { id }, query: { point, file, gzip } }) {
      const campaign = await campaignName(db, id);
      if (!campaign) throw noCampaign(id);
      const content = await pointSample(db, objects, campaign, point, file);
      return sampleAnswer(content, `${campaign.name}-${point}`, gzip === 'true');
    },
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
