import { expect, test } from 'vitest';
import { sobol } from '../../platform/sampling/sobol.ts';
import { fitParameters, predicted } from './fit.ts';
import { noise } from './tune.testkit.ts';

/** 30 bins that follow two parameters in a line; measured well at the middle of the box, sampled badly. */
function badlySampled(seed: number) {
  const random = noise(seed);
  const slopes = Array.from({ length: 30 }, () => [random(), random()]);
  const bins = slopes.map(() => ({
    data: { low: 0, high: 1, data: 0.3 * random(), errorDown: 0.3, errorUp: 0.3 },
    weight: 1,
  }));
  const samples = sobol(2, 12, 1).map((point) => {
    const x = point.map((u) => 2 * u - 1);
    const values = slopes.map(([a = 0, b = 0]) => ({
      value: a * (x[0] ?? 0) + b * (x[1] ?? 0) + 0.8 * random(),
      error: 0.8,
    }));
    return { x, events: 1, values };
  });
  return { samples, bins };
}

test('the minimum does not run to the corners, where polynomials from few samples know least', () => {
  const found = Array.from({ length: 40 }, (_, i) => {
    const { samples, bins } = badlySampled(50 + i);
    return fitParameters(samples, bins, 2, [0, 0]).minimum;
  });
  const atEdge = found.filter((minimum) => minimum.atEdge.some((rests) => rests));
  expect(atEdge.length).toBeLessThanOrEqual(2);
  const spread = Math.hypot(...found.flatMap(({ x }) => x)) / Math.sqrt(2 * found.length);
  expect(spread).toBeLessThan(0.3);
});

test('a bin of weight 0 is predicted and does not count', () => {
  const { samples, bins } = badlySampled(1);
  const wrong = bins.map((bin, i) => (i < 10 ? { data: { ...bin.data, data: 50 }, weight: 0 } : bin));
  const found = fitParameters(samples, wrong, 2, [0, 0]);
  const without = fitParameters(
    samples.map((sample) => ({ ...sample, values: sample.values.slice(10) })),
    bins.slice(10),
    2,
    [0, 0],
  );
  for (const [i, x] of without.minimum.x.entries()) expect(found.minimum.x[i]).toBeCloseTo(x, 6);
  expect(predicted(found, wrong, found.minimum.x)).toHaveLength(30);
  expect(found.minimum.chi2).toBeCloseTo(without.minimum.chi2, 6);
});
