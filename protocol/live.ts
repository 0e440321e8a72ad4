import { z } from 'zod';
import { type CampaignOutline, CampaignSummary, PointOutline } from './campaign.ts';

/**
 * How a campaign is followed while results are merged (below /api/v1, public): server-sent events.
 *
 *     GET  /campaigns/:id/events?points=0,4
 *          `snapshot`: CampaignOutline, once; `point`: CampaignPoint, of each point asked for, with its histograms;
 *          then, once a second at most, `delta`: CampaignDelta, and `point` of those asked for that have changed
 *
 * Who is slow gets fewer deltas that say more. A stream that ends is opened again and begins with a new snapshot, so
 * nothing missed is kept. Who wants other points opens another stream with the `id` of the last snapshot or delta as `since`,
 * and gets a delta in place of the snapshot where the server can tell what has changed. A comment comes in every
 * HEARTBEAT_MS without news.
 */
export const HEARTBEAT_MS = 15_000;

/** So many points may be followed by one listener. */
export const MOST_POINTS_FOLLOWED = 8;

export const LiveQuery = z.strictObject({
  /** Indexes of points whose histograms are wanted; those that are not there are left out. */
  points: z
    .string()
    .regex(
      /^[0-9]{1,5}(,[0-9]{1,5}){0,7}$/,
      `expected at most ${MOST_POINTS_FOLLOWED} indexes, such as "0,4"`,
    )
    .optional(),
  since: z.string().max(60).optional(),
});
export type LiveQuery = z.infer<typeof LiveQuery>;

/** What is other than it was: counts of the campaign, and points but for their histograms. */
export const CampaignDelta = z.strictObject({ summary: CampaignSummary, points: z.array(PointOutline) });
export type CampaignDelta = z.infer<typeof CampaignDelta>;

export function applyDelta(outline: CampaignOutline, { summary, points }: CampaignDelta): CampaignOutline {
  if (points.length === 0) return { ...outline, ...summary };
  const byIndex = new Map([...outline.points, ...points].map((point) => [point.index, point]));
  return { ...outline, ...summary, points: [...byIndex.values()].sort((a, b) => a.index - b.index) };
}
