import type { CampaignDetail } from '../protocol/campaign.ts';
import { tablesAt } from '../protocol/compare.ts';
import type { CampaignShare } from '../protocol/engine-api.ts';
import type { PointSums } from './history/index.ts';
import { canonical } from './slots/live-histograms.ts';

/** What a project has merged at each point of a campaign, beside what of it came from here. Pure. */
export function shareOf(detail: CampaignDetail, mine: readonly PointSums[]): CampaignShare[] {
  const byParameters = new Map(mine.map((point) => [point.parameters, point]));
  return detail.points.map((point) => {
    const own = byParameters.get(canonical(point.parameters));
    const filled = (counts: Readonly<Record<string, readonly number[]>>) =>
      Object.fromEntries(
        detail.axes.map(({ name, edges }) => [name, fitting(counts[name], edges.length + 1)]),
      );
    return {
      campaign: detail.name,
      campaignTitle: detail.title,
      parameters: point.parameters,
      events: point.eventsValid,
      eventsMine: own?.events ?? 0,
      axes: detail.axes,
      references: tablesAt(detail.references, point.parameters),
      counts: filled(point.histograms),
      countsMine: filled(own?.counts ?? {}),
    };
  });
}

/** Empty where a point has none yet, or those of another release. */
function fitting(counts: readonly number[] | undefined, bins: number): number[] {
  return counts?.length === bins ? [...counts] : new Array<number>(bins).fill(0);
}
