import type { MergedPoint } from '../../protocol/catalogue.ts';
import type { HistogramAxis } from '../../protocol/release.ts';
import { emptyCounts, histogramsOf, type Sums } from '../../server/validate/blocks.ts';
import { mergeOf, type PointMerge } from '../../server/validate/merge.ts';
import { type Difference, sumDifferences } from './difference.ts';

/** Units of one point, added up as the project does. */
export class PointSum {
  readonly #axes: readonly HistogramAxis[];
  #merge: PointMerge | null = null;

  constructor(axes: readonly HistogramAxis[]) {
    this.#axes = axes;
  }

  add(events: number, sums: Sums): void {
    this.#merge = mergeOf(this.#merge, { campaign_id: 0, point_index: 0, events }, sums, events);
  }

  /** @param histogram only this one; null: all, and the cross-section */
  differences(merged: MergedPoint['point'], histogram: string | null): Difference[] {
    const { maximum_pb: maximumPb = null, attempted = 0, accepted = 0, counts } = this.#merge ?? {};
    const ours = {
      crossSection: maximumPb === null ? null : { maximumPb, attempted, accepted },
      histograms: histogramsOf(counts ?? emptyCounts(this.#axes), this.#axes),
    };
    return sumDifferences(merged, ours, this.#axes, histogram);
  }
}
