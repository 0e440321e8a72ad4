import { z } from 'zod';
import { Slug } from '../../protocol/primitives.ts';
import { SoftwareListing } from '../../protocol/project-api.ts';
import { Signed } from '../../protocol/release.ts';
import { ApiFailure } from '../errors.ts';
import { route } from './route.ts';

export const releaseRoutes = [
  route({
    method: 'get',
    path: '/software',
    who: 'anyone',
    summary: 'The repository of software and what is published in it, with tags and sizes',
    answer: SoftwareListing,
    async handle({ project }) {
      const state = await project.software.state(project.now());
      return {
        ...project.software.project,
        state: state && { ...state, publishedAt: state.publishedAt.toISOString() },
        published: await project.releases.published(),
      };
    },
  }),
  route({
    method: 'get',
    path: '/releases/{application}/{version}',
    who: 'anyone',
    summary: 'A release, signed',
    parameters: z.strictObject({ application: Slug, version: Slug }),
    answer: Signed,
    refusals: { 404: 'no such release' },
    async handle({ project, parameters: { application, version } }) {
      const signed = await project.releases.signed(application, version);
      if (signed) return signed;
      throw new ApiFailure(404, 'no-such-release', `there is no release ${application} ${version}`);
    },
  }),
  route({
    method: 'get',
    path: '/appliance',
    who: 'anyone',
    summary: 'The micro appliance, signed',
    answer: Signed,
    refusals: { 404: 'the project has none' },
    async handle({ project }) {
      const signed = await project.releases.appliance();
      if (signed) return signed;
      throw new ApiFailure(404, 'no-appliance', 'this project has no appliance; staff can push one');
    },
  }),
];
