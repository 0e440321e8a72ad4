import { type ComparedBin, type Comparison, type Counted, pull } from '../../../protocol/compare.ts';
import type { HistogramAxis } from '../../../protocol/release.ts';
import { type Bins, readBins } from '../../shared/draw/histogram.ts';

/** Merged histograms of a point, and how many events they are of. */
export interface CountedEvents extends Counted {
  readonly events: number;
}

/**
 * One histogram beside the same of another campaign or point, each divided by its events: this as the model, the other as what
 * it is compared with. null: the other has none with the same bins, or one of them is empty.
 */
export function compareHistograms(
  axis: HistogramAxis,
  one: CountedEvents,
  other: CountedEvents,
): Comparison | null {
  const same = other.axes.find(({ name }) => name === axis.name);
  if (!same || same.edges.join() !== axis.edges.join() || same.scale !== axis.scale) return null;
  const [mine, theirs] = [perEvent(readBins(axis, one), one), perEvent(readBins(same, other), other)];
  if (!mine || !theirs) return null;
  const bins = mine.map(({ low, high, height, error }, i): ComparedBin => {
    const { height: data = 0, error: dataError = 0 } = theirs[i] ?? {};
    return { low, high, data, errorDown: dataError, errorUp: dataError, model: height, modelError: error };
  });
  const used = bins.filter(({ errorUp, modelError }) => errorUp > 0 || modelError > 0);
  return { bins, chi2: used.reduce((sum, bin) => sum + pull(bin) ** 2, 0), n: used.length };
}

function perEvent({ bins, events }: Bins, counted: CountedEvents): Bins['bins'] | null {
  if (!bins.some(({ value }) => value > 0)) return null;
  if (events !== null) return bins;
  if (counted.events === 0) return null;
  return bins.map((bin) => ({
    ...bin,
    height: bin.height / counted.events,
    error: bin.error / counted.events,
  }));
}
