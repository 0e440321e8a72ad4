import type { ComparedBin } from '../../../protocol/compare.ts';
import type { Frame, Tick } from './histogram.ts';
import type { Place } from './places.ts';
import { decadeTicks, linearTicks, roundAbove } from './ticks.ts';

export interface PlacedPoint extends Place {
  readonly middle: number;
  /** Height of the measured value, and the ends of its error bar; null for a bin in which nothing was measured. */
  readonly data: { readonly at: number; readonly from: number; readonly to: number } | null;
}

/** Paths and places, in pixels. What is computed may fill and change: no axis depends on it, so that nothing moves. */
export interface MeasuredPlot {
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly points: readonly PlacedPoint[];
  /** Steps of what is computed, and the band of its statistical error. */
  readonly line: string;
  readonly band: string;
  readonly ratio: {
    readonly ticks: readonly Tick[];
    /** Where computed and measured are the same. */
    readonly one: number;
    readonly line: string;
    /** Statistical error of what is computed. */
    readonly band: string;
    /** Error of the data. */
    readonly dataBand: string;
  };
}

/** What the ratio's panel shows; what is beyond lies on its edge. */
const RATIO = { low: 0.5, high: 1.5 };
/** A logarithmic axis reaches no further down than this part of the top. */
const DEEPEST = 1e-7;

/** Lays data and computation out in a frame, and their ratio in another of the same left and right below it. */
export function layOutMeasured(
  bins: readonly ComparedBin[],
  frame: Frame,
  below: Frame,
  options: {
    logX: boolean;
    logY: boolean;
    xTicks: number;
    yTicks: number;
    /** The axis reaches at least so high, where that is not for the data to say. */
    reach?: number;
  },
): MeasuredPlot {
  const x = horizontal(bins, frame, options.logX, options.xTicks);
  const y = vertical(bins, frame, options);
  const inRatio = (value: number) =>
    below.bottom -
    ((clamp(value, RATIO.low, RATIO.high) - RATIO.low) / (RATIO.high - RATIO.low)) *
      (below.bottom - below.top);
  const ratioTicks = linearTicks(RATIO.low, RATIO.high, 4).map((value) => ({ value, at: inRatio(value) }));
  const measured = bins.filter(({ data }) => data > 0);
  const steps = (of: readonly ComparedBin[], height: (bin: ComparedBin) => number) =>
    of
      .map((bin, i) => {
        const left = px(x.at(bin.low));
        const isJoined = px(x.at(of[i - 1]?.high ?? Number.NaN)) === left;
        return `${isJoined ? 'L' : 'M'}${left} ${px(height(bin))}H${px(x.at(bin.high))}`;
      })
      .join('');
  const boxes = (
    of: readonly ComparedBin[],
    height: (value: number) => number,
    ends: (bin: ComparedBin) => readonly [number, number],
  ) =>
    of
      .map((bin) => {
        const [low, high] = ends(bin);
        return `M${px(x.at(bin.low))} ${px(height(low))}V${px(height(high))}H${px(x.at(bin.high))}V${px(height(low))}Z`;
      })
      .join('');
  return {
    xTicks: x.ticks,
    yTicks: y.ticks,
    points: bins.map(({ low, high, data, errorDown, errorUp }) => {
      const [left, right] = [x.at(low), x.at(high)];
      const bar = { at: y.at(data), from: y.at(data - errorDown), to: y.at(data + errorUp) };
      return { left, right, middle: (left + right) / 2, data: data > 0 || errorUp > 0 ? bar : null };
    }),
    line: steps(bins, ({ model }) => y.at(model)),
    band: boxes(bins, y.at, ({ model, modelError }) => [model - modelError, model + modelError]),
    ratio: {
      ticks: ratioTicks,
      one: inRatio(1),
      line: steps(measured, ({ data, model }) => inRatio(model / data)),
      band: boxes(measured, inRatio, ({ data, model, modelError }) => [
        (model - modelError) / data,
        (model + modelError) / data,
      ]),
      dataBand: boxes(measured, inRatio, ({ data, errorDown, errorUp }) => [
        1 - errorDown / data,
        1 + errorUp / data,
      ]),
    },
  };
}

function horizontal(bins: readonly ComparedBin[], frame: Frame, isLog: boolean, wanted: number) {
  const low = bins[0]?.low ?? 0;
  const high = bins.at(-1)?.high ?? 1;
  const scaled = isLog && low > 0 ? Math.log10 : (value: number) => value;
  const span = scaled(high) - scaled(low);
  const at = (value: number) =>
    frame.left + ((scaled(value) - scaled(low)) / span) * (frame.right - frame.left);
  const values = scaled === Math.log10 ? decadeTicks(low, high, wanted) : linearTicks(low, high, wanted);
  return { at, ticks: values.map((value) => ({ value, at: at(value) })) };
}

function vertical(
  bins: readonly ComparedBin[],
  frame: Frame,
  { logY: isLog, yTicks: wanted, reach = 0 }: { logY: boolean; yTicks: number; reach?: number },
) {
  const highest = Math.max(reach, ...bins.map(({ data, errorUp }) => data + errorUp));
  const positive = bins.map(({ data }) => data).filter((value) => value > 0);
  if (isLog && positive.length > 0) {
    const top = 2 * highest;
    const bottom = Math.max(Math.min(...positive) / 2, top * DEEPEST);
    const span = Math.log10(top / bottom);
    const at = (value: number) =>
      frame.bottom - (Math.log10(clamp(value, bottom, top) / bottom) / span) * (frame.bottom - frame.top);
    return { at, ticks: decadeTicks(bottom, top, wanted).map((value) => ({ value, at: at(value) })) };
  }
  const top = roundAbove(highest);
  // An asymmetry may have bins that measure less than nothing.
  const lowest = Math.min(0, ...bins.map(({ data, errorDown }) => (data < 0 ? data - errorDown : 0)));
  const bottom = lowest < 0 ? -roundAbove(-lowest) : 0;
  const at = (value: number) =>
    frame.bottom - ((clamp(value, bottom, top) - bottom) / (top - bottom)) * (frame.bottom - frame.top);
  return { at, ticks: linearTicks(bottom, top, wanted).map((value) => ({ value, at: at(value) })) };
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
const px = (value: number) => value.toFixed(1);
