import { z } from 'zod';
import { LiveQuery } from '../../protocol/live.ts';
import { ApiFailure } from '../errors.ts';
import { route } from './route.ts';

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // Nothing follows on it: a server that ends need not wait until it is idle.
  connection: 'close',
  // nginx keeps an answer back until it has enough of it.
  'x-accel-buffering': 'no',
};

export const liveRoutes = [
  route({
    method: 'get',
    path: '/campaigns/{id}/events',
    who: 'anyone',
    summary:
      'Server-sent events: a CampaignOutline (`snapshot`) and a CampaignPoint (`point`) of each point asked for, then what has changed of them (`delta`: CampaignDelta, `point`) a second at most',
    parameters: z.strictObject({ id: z.string().min(1).max(80) }),
    query: LiveQuery,
    answer: 'events',
    refusals: { 404: 'no such campaign', 503: 'too many follow campaigns, or the store is in trouble' },
    async handle({ project, context, parameters: { id }, query }) {
      // Nobody would read or end the stream.
      if (context.req.raw.method === 'HEAD') return new Response(null, { headers: HEADERS });
      const stream = await project.live.follow(id, {
        points: query.points?.split(',').map(Number) ?? [],
        since: query.since,
      });
      if (stream) return new Response(stream, { headers: HEADERS });
      throw new ApiFailure(404, 'no-such-campaign', `there is no campaign "${id}"; see /campaigns`);
    },
  }),
];
