import type { Frame, Tick } from './histogram.ts';
import type { Place } from './places.ts';
import { linearTicks, roundAbove } from './ticks.ts';

/** A piece of a stacked bar, in pixels. */
export interface Piece {
  readonly series: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface BarPlot {
  readonly pieces: readonly Piece[];
  readonly totals: readonly number[];
  readonly yTicks: readonly Tick[];
  /** Of each bar, gap included. */
  readonly places: readonly Place[];
}

/** Lays stacked bars out, one for each index of the series' values; y linear from zero. */
export function layOutBars(series: readonly (readonly number[])[], frame: Frame, yTicks: number): BarPlot {
  const many = series[0]?.length ?? 0;
  const totals = Array.from({ length: many }, (_, i) =>
    series.reduce((sum, values) => sum + (values[i] ?? 0), 0),
  );
  const top = roundAbove(Math.max(0, ...totals));
  const step = (frame.right - frame.left) / Math.max(1, many);
  const scale = (frame.bottom - frame.top) / top;
  const gap = Math.min(4, step * 0.2);
  const pieces = totals.flatMap((_, i) => {
    let y = frame.bottom;
    return series.flatMap((values, s) => {
      const height = (values[i] ?? 0) * scale;
      y -= height;
      return height > 0
        ? [{ series: s, x: frame.left + i * step + gap / 2, y, width: step - gap, height }]
        : [];
    });
  });
  return {
    pieces,
    totals,
    yTicks: linearTicks(0, top, yTicks).map((value) => ({ value, at: frame.bottom - value * scale })),
    places: totals.map((_, i) => ({ left: frame.left + i * step, right: frame.left + (i + 1) * step })),
  };
}
