import { type Counted, perEvent } from '../../../protocol/compare.ts';
import type { HistogramAxis } from '../../../protocol/release.ts';
import type { Place } from './places.ts';
import { decadeTicks, linearTicks, roundAbove } from './ticks.ts';

/** One bin as it is read: what it holds and its statistical error, and both over the bin's width if so scaled. */
export interface Bin {
  readonly low: number;
  readonly high: number;
  /** Entries; for an axis with `per` those of one event. */
  readonly value: number;
  readonly valueError: number;
  readonly height: number;
  readonly error: number;
}

export interface Bins {
  readonly bins: readonly Bin[];
  readonly underflow: number;
  readonly overflow: number;
  /** true: bins differ in width, so heights are for a unit of x (else a wide bin would look like a peak). */
  readonly perUnit: boolean;
  /** How many events the values were divided by; null: they are counts. */
  readonly events: number | null;
  /** Of a count of 1. */
  readonly unit: number;
}

/** The histogram of an axis, counts with error sqrt(n) or divided by the axis's events; missing counts are none. */
export function readBins(axis: HistogramAxis, counted: Counted): Bins {
  const { edges } = axis;
  const counts = counted.histograms[axis.name] ?? new Array<number>(edges.length + 1).fill(0);
  const scale = axis.scale ?? 1;
  const isShared = axis.per !== undefined && counted.histograms[axis.per] !== undefined;
  const filled = { ...counted, histograms: { ...counted.histograms, [axis.name]: counts } };
  const shared = isShared ? perEvent(filled, axis.name) : null;
  const widths = edges.slice(1).map((edge, i) => edge - (edges[i] ?? edge));
  const widest = Math.max(...widths);
  const perUnit = widths.some((width) => Math.abs(width - widest) > 1e-6 * widest);
  const bins = widths.map((width, i) => {
    const count = (counts[i + 1] ?? 0) / scale;
    const { value, error } = shared?.bins[i] ?? { value: count, error: Math.sqrt(count) };
    // An empty bin's error is for those who compare; a picture shows what there is.
    const valueError = count > 0 ? error : 0;
    const over = perUnit ? width : 1;
    const [low = 0, high = 0] = edges.slice(i, i + 2);
    return { low, high, value, valueError, height: value / over, error: valueError / over };
  });
  return {
    bins,
    underflow: (counts[0] ?? 0) / scale,
    overflow: (counts[edges.length] ?? 0) / scale,
    perUnit,
    events: shared?.events ?? null,
    unit: 1 / scale / Math.max(1, shared?.events ?? 1),
  };
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

export interface PlacedBin extends Place {
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
    bins.map((bin, i) => ((counts[i] ?? 0) * read.unit) / (read.perUnit ? bin.high - bin.low : 1)),
  );
  const highest = Math.max(0, ...others.flat());
  const xLow = bins[0]?.low ?? 0;
  const xHigh = bins.at(-1)?.high ?? 1;
  const x = (value: number) => frame.left + ((value - xLow) / (xHigh - xLow)) * (frame.right - frame.left);
  const vertical = options.logY
    ? logScale(read, frame, options.yTicks, highest)
    : linearScale(read, frame, options.yTicks, highest);
  const placed = bins.map((bin): PlacedBin => {
    const left = x(bin.low);
    const right = x(bin.high);
    return {
      left,
      right,
      middle: (left + right) / 2,
      top: vertical.y(bin.height),
      bar:
        bin.value > 0
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

function linearScale({ bins, events }: Bins, frame: Frame, wanted: number, highest: number) {
  const top = roundAbove(Math.max(highest, ...bins.map((bin) => bin.height + bin.error)));
  const y = (value: number) => frame.bottom - (Math.max(0, value) / top) * (frame.bottom - frame.top);
  // A count has no fractions: with few events the steps stay whole.
  const ticks = linearTicks(0, top, events === null && top < wanted && top >= 1 ? top : wanted);
  return { y, ticks: ticks.map((value) => ({ value, at: y(value) })) };
}

function logScale({ bins, unit }: Bins, frame: Frame, wanted: number, highest: number) {
  const heights = bins.map((bin) => bin.height + bin.error).filter((height) => height > 0);
  const filled = bins.filter((bin) => bin.value > 0).map((bin) => (unit * bin.height) / bin.value);
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
