import type { Counted } from '../../../protocol/compare.ts';
import type { LiveCounts, LiveHistograms } from '../../../protocol/engine-api.ts';

/** A point's histograms with what fills them; still empty where what was counted is of the point before. */
export function liveCounted(
  histograms: LiveHistograms | null,
  filled: LiveCounts | null,
): Counted & { readonly events: number } {
  const axes = histograms?.axes ?? [];
  if (histograms && filled?.point === histograms.point)
    return { axes, histograms: filled.counts, events: filled.events };
  const empty = axes.map(({ name, edges }) => [name, new Array<number>(edges.length + 1).fill(0)]);
  return { axes, histograms: Object.fromEntries(empty), events: 0 };
}
