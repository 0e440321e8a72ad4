import type { CampaignSpec } from '../../protocol/campaign.ts';

type Parameters = CampaignSpec['parameters'];

/**
 * The first point and the one that differs most from it: what a program makes of these two says most about a sweep. Each number that
 * varies counts by its difference in the whole range that it has in the campaign, everything else as the same or not.
 * @returns their indexes, ascending; one where there is but one
 */
export function extremes(points: readonly Parameters[]): number[] {
  const [first] = points;
  if (!first) return [];
  const ranges = new Map(Object.keys(first).map((name) => [name, width(points.map((point) => point[name]))]));
  const distance = (point: Parameters) => {
    let squares = 0;
    for (const [name, range] of ranges) {
      const [a, b] = [first[name], point[name]];
      if (typeof a === 'number' && typeof b === 'number') squares += range > 0 ? ((a - b) / range) ** 2 : 0;
      else if (JSON.stringify(a) !== JSON.stringify(b)) squares += 1;
    }
    return squares;
  };
  let [best, far] = [0, 0];
  for (const [i, point] of points.entries()) {
    const away = distance(point);
    if (away > far) [best, far] = [i, away];
  }
  return best === 0 ? [0] : [0, best];
}

/** Of the numbers among these values. */
function width(values: readonly unknown[]): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (typeof value !== 'number') continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}
