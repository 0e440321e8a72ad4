import { z } from 'zod';
import { STATISTICS_FILES, Statistics } from '../../protocol/people-api.ts';
import { route } from './route.ts';

export const statisticsRoutes = [
  route({
    method: 'get',
    path: '/statistics',
    who: 'anyone',
    summary: 'Credit of people who agreed, teams, hosts and countries',
    answer: Statistics,
    handle: ({ project }) => project.statistics.page(),
  }),
  route({
    method: 'get',
    path: '/statistics/{file}',
    who: 'anyone',
    summary: 'For BOINC’s statistics sites: tables.xml, user.gz, team.gz, host.gz',
    parameters: z.strictObject({ file: z.enum(STATISTICS_FILES) }),
    answer: 'bytes',
    async handle({ project, context, parameters: { file } }) {
      const type = file.endsWith('.gz') ? 'application/gzip' : 'text/xml; charset=iso-8859-1';
      return context.body(await project.statistics.file(file), 200, { 'content-type': type });
    },
  }),
];
