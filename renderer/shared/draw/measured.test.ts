import { describe, expect, it } from 'vitest';
import type { ComparedBin } from '../../../protocol/compare.ts';
import { layOutMeasured } from './measured.ts';
import { placeAt } from './places.ts';

const FRAME = { left: 50, top: 10, right: 450, bottom: 210 };
const BELOW = { left: 50, top: 230, right: 450, bottom: 290 };
const OPTIONS = { logX: false, logY: false, xTicks: 4, yTicks: 4 };
const bin = (low: number, high: number, data: number, error: number, model: number): ComparedBin => ({
  ...{ low, high, data, errorDown: error, errorUp: error, model, modelError: 0.1 * Math.abs(model) },
});
const bins = [bin(0, 1, 4, 1, 4), bin(1, 2, 2, 0.5, 3), bin(2, 4, 1, 0.5, 9), bin(4, 5, 0, 0, 0)];
const plot = (of = bins, options: Partial<typeof OPTIONS> = {}) =>
  layOutMeasured(of, FRAME, BELOW, { ...OPTIONS, ...options });

describe('data and computation', () => {
  it('stand in one frame, the axis being that of the data', () => {
    const { points, line, band, yTicks } = plot();
    // The highest bar reaches 5.
    expect(yTicks.at(-1)).toEqual({ value: 4, at: 50 });
    expect(points.map(({ data }) => data)).toEqual([
      { at: 50, from: 90, to: 10 },
      { at: 130, from: 150, to: 110 },
      { at: 170, from: 190, to: 150 },
      null,
    ]);
    expect(points[2]).toMatchObject({ left: 210, middle: 290, right: 370 });
    expect(line).toBe('M50.0 50.0H130.0L130.0 90.0H210.0L210.0 10.0H370.0L370.0 210.0H450.0');
    expect(band.startsWith('M50.0 66.0V34.0H130.0V66.0Z')).toBe(true);
  });

  it('have their ratio below, held in its panel; nothing where nothing was measured', () => {
    const { ratio } = plot();
    expect(ratio.one).toBe(260);
    expect(ratio.line).toBe('M50.0 260.0H130.0L130.0 230.0H210.0L210.0 230.0H370.0');
    expect(ratio.dataBand.match(/Z/g)).toHaveLength(3);
    expect(ratio.dataBand.startsWith('M50.0 275.0V245.0H130.0V275.0Z')).toBe(true);
    expect(ratio.ticks.map(({ value }) => value)).toEqual([0.5, 1, 1.5]);
  });

  it('leave a gap where bins are missing', () => {
    expect(plot([bin(0, 1, 1, 0, 1), bin(2, 3, 1, 0, 1)]).line.match(/M/g)).toHaveLength(2);
  });

  it('may be logarithmic both ways: same factors are same lengths', () => {
    const { points, yTicks } = plot(
      [bin(1, 10, 100, 0, 100), bin(10, 100, 10, 0, 10), bin(100, 1000, 1, 0, 1)],
      {
        logX: true,
        logY: true,
      },
    );
    const width = points.map(({ left, right }) => Math.round(right - left));
    expect(width).toEqual([133, 133, 133]);
    const [first, second, third] = points.map(({ data }) => data?.at ?? 0);
    expect((second ?? 0) - (first ?? 0)).toBeCloseTo((third ?? 0) - (second ?? 0), 9);
    expect(yTicks.map(({ value }) => value)).toEqual([1, 10, 100]);
  });

  it('show what is less than nothing', () => {
    const { points, yTicks } = plot([bin(0, 1, -1, 0.5, -1), bin(1, 2, 1, 0.5, 1)]);
    expect(yTicks[0]?.value).toBeLessThan(0);
    expect(points[0]?.data?.from).toBeLessThanOrEqual(FRAME.bottom);
    expect(points[0]?.data?.at).toBeGreaterThan(points[1]?.data?.at ?? 0);
  });

  it('are read by place', () => {
    const { points } = plot();
    expect([-5, 60, 300, 900].map((at) => placeAt(points, at))).toEqual([0, 0, 2, 3]);
  });
});
