import { z } from 'zod';
import { type CampaignDetail, CampaignPoint, CampaignSummary } from './campaign.ts';

/**
 * How a campaign is followed while results are merged (below /api/v1, public): server-sent events.
 *
 *     GET  /campaigns/:id/events     `snapshot`: CampaignDetail, once; then `delta`: CampaignDelta, at most one a second
 *
 * Who is slow gets fewer deltas that say more. A stream that ends is opened again and begins with a new snapshot, so
 * nothing missed is kept. A comment comes in every HEARTBEAT_MS without news.
 */
export const HEARTBEAT_MS = 15_000;

/** What is other than it was: counts of the campaign, and points whole. */
export const CampaignDelta = z.strictObject({ summary: CampaignSummary, points: z.array(CampaignPoint) });
export type CampaignDelta = z.infer<typeof CampaignDelta>;

export function applyDelta(detail: CampaignDetail, { summary, points }: CampaignDelta): CampaignDetail {
  if (points.length === 0) return { ...detail, ...summary };
  const byIndex = new Map([...detail.points, ...points].map((point) => [point.index, point]));
  return { ...detail, ...summary, points: [...byIndex.values()].sort((a, b) => a.index - b.index) };
}
