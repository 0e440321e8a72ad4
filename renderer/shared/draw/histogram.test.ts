import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HistogramAxis } from '../../../protocol/release.ts';
import { type Frame, layOut, readBins as readCounted } from './histogram.ts';
import { placeAt } from './places.ts';

const FRAME: Frame = { left: 50, top: 10, right: 450, bottom: 210 };
const OPTIONS = { logY: false, xTicks: 4, yTicks: 4 };

function axis(edges: number[], logY = false): HistogramAxis {
  return HistogramAxis.parse({ name: 'x', title: 'X', xLabel: 'x', yLabel: 'events', edges, logY });
}

function readBins(of: HistogramAxis, counts: number[]) {
  return readCounted(of, { axes: [of], histograms: { [of.name]: counts } });
}

describe('reading bins', () => {
  it('splits underflow, bins and overflow, with error √n', () => {
    const read = readBins(axis([0, 1, 2, 3]), [7, 4, 0, 9, 2]);
    expect(read).toMatchObject({ underflow: 7, overflow: 2, perUnit: false });
    expect(read.bins.map(({ value, height, error }) => [value, height, error])).toEqual([
      [4, 4, 2],
      [0, 0, 0],
      [9, 9, 3],
    ]);
  });

  it('divides by the width where bins differ in width, errors too', () => {
    const read = readBins(axis([0, 1, 5]), [0, 4, 16, 0]);
    expect(read.perUnit).toBe(true);
    expect(read.bins.map(({ height, error }) => [height, error])).toEqual([
      [4, 2],
      [4, 1],
    ]);
  });

  it('takes edges with rounding errors as even', () => {
    const edges = Array.from({ length: 11 }, (_, i) => 0.1 * i);
    expect(readBins(axis(edges), []).perUnit).toBe(false);
  });

  it('divides by the events of `per`, and by the scale of weights', () => {
    const n = HistogramAxis.parse({ ...axis([0, 1]), name: 'n' });
    const squares = HistogramAxis.parse({ ...axis([0, 1, 2]), name: 'w2', per: 'n', scale: 10 });
    const weights = { ...squares, name: 'w', squares: 'w2' };
    const axes = [n, weights, squares];
    const histograms = { n: [0, 100, 0], w: [0, 500, 200, 40], w2: [0, 250, 80, 0] };
    const read = readCounted(weights, { axes, histograms });
    expect(read).toMatchObject({ events: 100, unit: 1 / 1000, overflow: 4 });
    expect(read.bins.map(({ value }) => value)).toEqual([0.5, 0.2]);
    expect(read.bins[1]?.error).toBeCloseTo(Math.sqrt((0.08 - 0.04) / 100), 12);
    const part = layOut(read, FRAME, { ...OPTIONS, others: [[500, 100]] }).others[0];
    const own = layOut(read, FRAME, OPTIONS).bins;
    expect(part?.startsWith(`M50.0 ${own[0]?.top.toFixed(1)}H250.0`)).toBe(true);
    const nothing = { axes, histograms: { n: [0, 0, 0], w: [0, 0, 0, 0], w2: [0, 0, 0, 0] } };
    expect(readCounted(weights, nothing).bins.map(({ height, error }) => [height, error])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('takes counts that are not there yet as none', () => {
    expect(readBins(axis([0, 1, 2]), []).bins.map(({ value }) => value)).toEqual([0, 0]);
  });
});

describe('laying out', () => {
  it('puts bins side by side over the whole width, and heights to scale from the floor', () => {
    const plot = layOut(readBins(axis([0, 1, 2]), [0, 100, 50, 0]), FRAME, OPTIONS);
    expect(plot.bins.map(({ left, right }) => [left, right])).toEqual([
      [50, 250],
      [250, 450],
    ]);
    const [high, low] = plot.bins;
    expect((FRAME.bottom - (low?.top ?? 0)) / (FRAME.bottom - (high?.top ?? 0))).toBeCloseTo(0.5, 10);
    expect(plot.outline.startsWith('M50.0 210.0H50.0V')).toBe(true);
    expect(plot.area).toBe(`${plot.outline}Z`);
  });

  it('draws no error bar for an empty bin, and one of √n each way for others', () => {
    const plot = layOut(readBins(axis([0, 1, 2]), [0, 0, 25, 0]), FRAME, OPTIONS);
    expect(plot.bins[0]?.bar).toBeNull();
    const perEvent = (FRAME.bottom - (plot.bins[1]?.top ?? 0)) / 25;
    expect((plot.bins[1]?.bar?.from ?? 0) - (plot.bins[1]?.bar?.to ?? 0)).toBeCloseTo(10 * perEvent, 8);
  });

  it('has whole steps on the axis while events are few', () => {
    const { yTicks } = layOut(readBins(axis([0, 1]), [0, 1, 0]), FRAME, OPTIONS);
    expect(yTicks.every(({ value }) => Number.isInteger(value))).toBe(true);
  });

  it('keeps everything within the frame, whatever the counts and the scale', () => {
    const counts = fc.array(fc.nat({ max: 1e12 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(counts, fc.boolean(), fc.boolean(), (values, logY, even) => {
        const read = readBins(axis(even ? [0, 1, 2, 3] : [0, 0.5, 2, 7]), values);
        const plot = layOut(read, FRAME, { ...OPTIONS, logY });
        for (const bin of plot.bins) {
          for (const y of [bin.top, bin.bar?.from ?? FRAME.bottom, bin.bar?.to ?? FRAME.bottom]) {
            expect(y).toBeGreaterThanOrEqual(FRAME.top - 1e-6);
            expect(y).toBeLessThanOrEqual(FRAME.bottom + 1e-6);
          }
        }
        for (const { at } of plot.yTicks) {
          expect(at).toBeGreaterThanOrEqual(FRAME.top - 1e-6);
          expect(at).toBeLessThanOrEqual(FRAME.bottom + 1e-6);
        }
      }),
    );
  });

  it('gives decades equal room on a logarithmic scale', () => {
    const read = readBins(axis([0, 1, 2, 3]), [0, 10, 100, 1000, 0]);
    const tops = layOut(read, FRAME, { ...OPTIONS, logY: true }).bins.map(({ top }) => top);
    expect((tops[0] ?? 0) - (tops[1] ?? 0)).toBeCloseTo((tops[1] ?? 0) - (tops[2] ?? 0), 8);
  });
});

describe('finding a bin', () => {
  const plot = layOut(readBins(axis([0, 1, 2, 3, 4]), [0, 1, 1, 1, 1, 0]), FRAME, OPTIONS);
  it.each([
    [0, 0],
    [149, 0],
    [151, 1],
    [449, 3],
    [900, 3],
  ])('at %d px is bin %d', (at, bin) => expect(placeAt(plot.bins, at)).toBe(bin));
});
