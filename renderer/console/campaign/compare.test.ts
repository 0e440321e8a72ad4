import { expect, it } from 'vitest';
import type { HistogramAxis } from '../../../protocol/release.ts';
import { compareHistograms } from './compare.ts';

const axis: HistogramAxis = {
  name: 'a',
  title: 'A',
  xLabel: 'x',
  yLabel: 'y',
  edges: [0, 1, 2, 3],
  logY: false,
};
const counted = (counts: number[], events: number, axes = [axis]) => ({
  axes,
  histograms: { a: [0, ...counts, 0] },
  events,
});

it('divides each by its own events, with errors and chi square', () => {
  const found = compareHistograms(axis, counted([16, 4, 0], 100), counted([400, 100, 0], 2500));
  expect(found?.bins[0]).toEqual({
    low: 0,
    high: 1,
    data: 0.16,
    errorDown: 0.008,
    errorUp: 0.008,
    model: 0.16,
    modelError: 0.04,
  });
  expect([found?.chi2, found?.n]).toEqual([0, 2]);
  const off = compareHistograms(axis, counted([25, 0, 0], 100), counted([400, 0, 0], 2500));
  expect(off?.chi2).toBeCloseTo(0.09 ** 2 / (0.05 ** 2 + 0.008 ** 2));
});

it('says nothing where the bins are others, or one is empty', () => {
  const others = [{ ...axis, edges: [0, 1, 2, 4] }];
  expect(compareHistograms(axis, counted([1, 1, 1], 3), counted([1, 1, 1], 3, others))).toBeNull();
  expect(compareHistograms(axis, counted([1, 1, 1], 3), counted([1, 1, 1], 3, []))).toBeNull();
  expect(compareHistograms(axis, counted([1, 1, 1], 3), counted([0, 0, 0], 0))).toBeNull();
  expect(compareHistograms(axis, counted([0, 0, 0], 0), counted([1, 1, 1], 3))).toBeNull();
});

it('takes what a histogram is divided by from the histogram itself', () => {
  const shares: HistogramAxis[] = [
    { ...axis, per: 'n' },
    { ...axis, name: 'n', edges: [0, 1] },
  ];
  const of = (counts: number[], events: number) => ({
    axes: shares,
    histograms: { a: [0, ...counts, 0], n: [0, events, 0] },
    events: 1000,
  });
  const [first] = shares;
  expect(first && compareHistograms(first, of([20, 20, 0], 40), of([5, 5, 0], 10))?.chi2).toBe(0);
});
