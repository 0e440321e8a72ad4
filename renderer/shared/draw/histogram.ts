import type { HistogramAxis } from '../../../protocol/release.ts';
import { decadeTicks, linearTicks, roundAbove } from './ticks.ts';

/** One bin as it is read: counts, and height with its statistical error sqrt(n), both over the bin's width if so scaled. */
export interface Bin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly height: number;
  readonly error: number;
}

export interface Bins {
  readonly bins: readonly Bin[];
  readonly underflow: number;
  readonly overflow: number;
  /** true: bins differ in width, so heights are counts per unit of x (else a wide bin would look like a peak). */
  readonly perUnit: boolean;
}

/** @param counts [underflow, bin 1 ... bin n, overflow] as in Block.histograms; missing ones count as zero */
export function readBins(axis: HistogramAxis, counts: readonly number[]): Bins {
  const edges = axis.edges;
  const widths = edges.slice(1).map((edge, i) => edge - (edges[i] ?? edge));
  const widest = Math.max(...widths);
  const perUnit = widths.some((width) => Math.abs(width - widest) > 1e-6 * widest);
  const bins = widths.map((width, i) => {
    const count = counts[i + 1] ?? 0;
    const scale = perUnit ? 1 / width : 1;
    return {
      low: edges[i] ?? 0,
      high: edges[i + 1] ?? 0,
      count,
      height: count * scale,
      error: Math.sqrt(count) * scale,
    };
  });
  return { bins, underflow: counts[0] ?? 0, overflow: counts[edges.length] ?? 0, perUnit };
}

/** Where the plot lies in its drawing, in pixels. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Tick {
  readonly value: number;
  readonly at: number;
}

export interface PlacedBin {
  readonly left: number;
  readonly right: number;
  readonly middle: number;
  readonly top: number;
  /** Ends of the error bar; null for an empty bin. */
  readonly bar: { readonly from: number; readonly to: number } | null;
}

export interface Plot {
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly bins: readonly PlacedBin[];
  /** SVG path of the steps' outline, and of the area under it. */
  readonly outline: string;
  readonly area: string;
  /** SVG path of steps at other heights (a theory, another part), one a bin; empty where none were given. */
  readonly others: readonly string[];
}

/** Lays a histogram out in a frame: linear x; y linear from zero, or logarithmic from half an event. */
export function layOut(
  read: Bins,
  frame: Frame,
  options: {
    logY: boolean;
    xTicks: number;
    yTicks: number;
    /** Counts a bin of what is drawn over it, such as what theory expects. */
    others?: readonly (readonly number[])[];
  },
): Plot {
  const { bins } = read;
  const others = (options.others ?? []).map((counts) =>
    bins.map((bin, i) => (counts[i] ?? 0) * (read.perUnit ? 1 / (bin.high - bin.low) : 1)),
  );
  const highest = Math.max(0, ...others.flat());
  const xLow = bins[0]?.low ?? 0;
  const xHigh = bins.at(-1)?.high ?? 1;
  const x = (value: number) => frame.left + ((value - xLow) / (xHigh - xLow)) * (frame.right - frame.left);
  const vertical = options.logY
    ? logScale(bins, frame, options.yTicks, highest)
    : linearScale(bins, frame, options.yTicks, highest);
  const placed = bins.map((bin): PlacedBin => {
    const left = x(bin.low);
    const right = x(bin.high);
    return {
      left,
      right,
      middle: (left + right) / 2,
      top: vertical.y(bin.height),
      bar:
        bin.count > 0
          ? { from: vertical.y(bin.height - bin.error), to: vertical.y(bin.height + bin.error) }
          : null,
    };
  });
  const steps = placed.map((bin) => `H${round(bin.left)}V${round(bin.top)}H${round(bin.right)}`).join('');
  const path = `M${round(frame.left)} ${round(frame.bottom)}${steps}V${round(frame.bottom)}`;
  return {
    xTicks: linearTicks(xLow, xHigh, options.xTicks).map((value) => ({ value, at: x(value) })),
    yTicks: vertical.ticks,
    bins: placed,
    outline: path,
    area: `${path}Z`,
    others: others.map((heights) =>
      placed
        .map((bin, i) => {
          const y = round(vertical.y(heights[i] ?? 0));
          return `${i === 0 ? 'M' : 'L'}${round(bin.left)} ${y}H${round(bin.right)}`;
        })
        .join(''),
    ),
  };
}

/** The bin at a horizontal place; outside the frame the nearest one. */
export function binAt(plot: Plot, at: number): number {
  const index = plot.bins.findIndex((bin) => at < bin.right);
  return index < 0 ? plot.bins.length - 1 : index;
}

function linearScale(bins: readonly Bin[], frame: Frame, wanted: number, highest: number) {
  const top = roundAbove(Math.max(highest, ...bins.map((bin) => bin.height + bin.error)));
  const y = (value: number) => frame.bottom - (Math.max(0, value) / top) * (frame.bottom - frame.top);
  // A count has no fractions: with few events the steps stay whole.
  const ticks = linearTicks(0, top, top < wanted && top >= 1 ? top : wanted);
  return { y, ticks: ticks.map((value) => ({ value, at: y(value) })) };
}

function logScale(bins: readonly Bin[], frame: Frame, wanted: number, highest: number) {
  const heights = bins.map((bin) => bin.height + bin.error).filter((height) => height > 0);
  const filled = bins.filter((bin) => bin.count > 0).map((bin) => bin.height / bin.count);
  const bottom = 0.5 * (filled.length > 0 ? Math.min(...filled) : 1);
  const top = Math.max(20 * bottom, 1.5 * Math.max(highest, ...heights));
  const span = Math.log10(top) - Math.log10(bottom);
  const y = (value: number) =>
    frame.bottom -
    (value <= bottom ? 0 : (Math.log10(value) - Math.log10(bottom)) / span) * (frame.bottom - frame.top);
  return { y, ticks: decadeTicks(bottom, top, wanted).map((value) => ({ value, at: y(value) })) };
}

function round(value: number): string {
  return value.toFixed(1);
}
