import { expect, test } from 'vitest';
import type { HistogramAxis } from '../../protocol/release.ts';
import { type Merged, precisionAxes, relativeError } from './precision.ts';

const axis = (name: string, more: Partial<HistogramAxis> = {}): HistogramAxis => ({
  ...{ name, title: name, xLabel: '', yLabel: '', logY: false },
  ...{ edges: [0, 1, 2] },
  ...more,
});
const AXES = [
  axis('n', { edges: [0, 1] }),
  axis('plain'),
  axis('sum', { per: 'n', squares: 'sum2', scale: 10 }),
  axis('sum2', { scale: 10 }),
];
const merged = (more: Partial<Merged>): Merged => ({ attempted: 0, accepted: 0, histograms: {}, ...more });

test('only the histograms that the error follows from are asked for', () => {
  const names = (histogram: string) =>
    precisionAxes({ histogram, precision: 0.1 }, AXES).map((one) => one.name);
  expect(names('sum')).toEqual(['n', 'sum', 'sum2']);
  expect(names('plain')).toEqual(['plain']);
  expect(precisionAxes({ precision: 0.1 }, AXES)).toEqual([]);
});

test.each([
  ['nothing yet', 0, 0, null],
  ['one in four of 1600', 1600, 400, Math.sqrt(0.75 / 400)],
  ['all: as if the next had not been', 100, 100, 1 / 100],
])('cross-section, %s', (_what, attempted, accepted, error) => {
  expect(relativeError({ precision: 0.1 }, [], merged({ attempted, accepted }))).toBe(error);
});

test.each<[string, string, Record<string, number[]>, number | null]>([
  ['nothing yet', 'plain', { plain: [0, 0, 0, 0] }, null],
  ['nothing within its edges', 'plain', { plain: [9, 0, 0, 0] }, null],
  // sqrt(100) + sqrt(900) over 1000: a tenth of the weight at 10 %, the rest at 3.3 %.
  ['counts', 'plain', { plain: [0, 100, 900, 0] }, 0.04],
  ['an empty bin weighs as one entry', 'plain', { plain: [0, 0, 100, 0] }, 0.11],
  // 400 events with a mean content of 2 and a mean square of 5 in the only bin filled: (1 / 20) / 2.
  [
    'weights with their squares',
    'sum',
    { n: [0, 400, 0], sum: [0, 8000, 0, 0], sum2: [0, 20000, 0, 0] },
    0.025,
  ],
])('a histogram, %s', (_what, histogram, histograms, error) => {
  const adaptive = { histogram, precision: 0.1 };
  const found = relativeError(adaptive, precisionAxes(adaptive, AXES), merged({ histograms }));
  if (error === null) expect(found).toBeNull();
  else expect(found).toBeCloseTo(error, 12);
});
