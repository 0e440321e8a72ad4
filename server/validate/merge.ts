import { portionsOf } from '../campaigns/units.ts';
import type { Sums } from './blocks.ts';

/** What a batch adds to one point; column names as the store has them. */
export interface PointMerge {
  readonly campaign_id: number;
  readonly index: number;
  /** Portions (campaigns/units.ts). */
  readonly units: number;
  readonly events: number;
  readonly maximum_pb: number | null;
  readonly attempted: number;
  readonly accepted: number;
  readonly counts: readonly number[];
}

/** Integer sums: the result does not depend on the order of merging. */
export function mergeOf(
  before: PointMerge | null,
  unit: { readonly campaign_id: number; readonly point_index: number; readonly events: number },
  sums: Sums,
  eventsPerUnit: number,
): PointMerge {
  return {
    campaign_id: unit.campaign_id,
    index: unit.point_index,
    units: (before?.units ?? 0) + portionsOf(unit.events, eventsPerUnit),
    events: (before?.events ?? 0) + unit.events,
    maximum_pb: sums.maximumPb,
    attempted: (before?.attempted ?? 0) + sums.attempted,
    accepted: (before?.accepted ?? 0) + sums.accepted,
    counts: before ? before.counts.map((count, i) => count + (sums.counts[i] ?? 0)) : sums.counts,
  };
}

/** What takes the same away again. */
export function negative(merge: PointMerge): PointMerge {
  return {
    ...merge,
    units: -merge.units,
    events: -merge.events,
    attempted: -merge.attempted,
    accepted: -merge.accepted,
    counts: merge.counts.map((count) => -count),
  };
}
