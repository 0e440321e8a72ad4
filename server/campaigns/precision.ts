import type { Adaptive } from '../../protocol/campaign.ts';
import { type Counted, perEvent } from '../../protocol/compare.ts';
import type { HistogramAxis } from '../../protocol/release.ts';

/** What is merged of a point, as far as its error depends on it. */
export interface Merged {
  readonly attempted: number;
  readonly accepted: number;
  /** Name -> [underflow, bins, overflow]; at least those of precisionAxes(). */
  readonly histograms: Counted['histograms'];
}

/** The histograms that the error follows from; none for the cross-section's. */
export function precisionAxes({ histogram }: Adaptive, axes: readonly HistogramAxis[]): HistogramAxis[] {
  const axis = axes.find(({ name }) => name === histogram);
  if (!axis) return [];
  const names = new Set([axis.name, axis.per, axis.squares]);
  return axes.filter(({ name }) => names.has(name));
}

/**
 * Of the cross-section, or of a histogram: the mean of its bins' relative errors, each weighted by the bin's content, which is the sum of the
 * errors over the sum of the contents. Bins in which there is next to nothing count for next to nothing.
 * @param axes of precisionAxes()
 * @returns null: nothing is known yet
 */
export function relativeError(
  adaptive: Adaptive,
  axes: readonly HistogramAxis[],
  { attempted, accepted, histograms }: Merged,
): number | null {
  if (adaptive.histogram === undefined) {
    if (accepted === 0) return null;
    // Binomial; where all were accepted, as if the next had not been.
    return Math.sqrt(Math.max(1 - accepted / attempted, 1 / attempted) / accepted);
  }
  const { bins } = perEvent({ axes, histograms }, adaptive.histogram);
  const sum = (of: 'value' | 'error') => bins.reduce((total, bin) => total + bin[of], 0);
  return sum('value') > 0 ? sum('error') / sum('value') : null;
}
