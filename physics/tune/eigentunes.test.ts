import { expect, test } from 'vitest';
import { correlationsOf, covarianceOf, eigentunesOf } from './eigentunes.ts';
import { noise } from './tune.testkit.ts';

const close = (found: readonly (readonly number[])[], expected: readonly (readonly number[])[]) => {
  for (const [i, row] of expected.entries())
    for (const [k, value] of row.entries()) expect(found[i]?.[k]).toBeCloseTo(value, 10);
};

test('a line’s covariance is the textbook’s', () => {
  // y = a + b x at x = 0 ... 4, errors 2: inverse of [[5, 10], [10, 30]] / 4
  const jacobian = [0, 1, 2, 3, 4].map((x) => [1 / 2, x / 2]);
  const found = covarianceOf(jacobian, Array(5).fill(1));
  close(found, [
    [2.4, -0.8],
    [-0.8, 0.4],
  ]);
  close(correlationsOf(found), [
    [1, -0.8 / Math.sqrt(2.4 * 0.4)],
    [-0.8 / Math.sqrt(2.4 * 0.4), 1],
  ]);
});

test('weighing all by the same changes no error; weighing some can only widen them', () => {
  const plain = [0, 1, 2, 3, 4].map((x) => [1, x]);
  const weigh = (weights: number[]) =>
    covarianceOf(
      plain.map((row, i) => row.map((value) => value * Math.sqrt(weights[i] ?? 1))),
      weights,
    );
  close(weigh(Array(5).fill(7)), weigh(Array(5).fill(1)));
  expect(weigh([1, 1, 1, 1, 20])[0]?.[0]).toBeGreaterThan(weigh(Array(5).fill(1))[0]?.[0] ?? 0);
});

test('the covariance of a weighted fit is what repeating the measurement spreads', () => {
  const random = noise(11);
  const [xs, weights] = [
    [-1, -0.5, 0, 0.5, 1],
    [1, 4, 1, 9, 1],
  ];
  // y = b x with errors 1: b = sum w x y / sum w x2
  const norm = xs.reduce((sum, x, i) => sum + (weights[i] ?? 1) * x * x, 0);
  const repeated = Array.from(
    { length: 4000 },
    () => xs.reduce((sum, x, i) => sum + (weights[i] ?? 1) * x * random(), 0) / norm,
  );
  const spread = repeated.reduce((sum, b) => sum + b * b, 0) / repeated.length;
  const [[variance = 0] = []] = covarianceOf(
    xs.map((x, i) => [x * Math.sqrt(weights[i] ?? 1)]),
    weights,
  );
  expect(spread / variance).toBeGreaterThan(0.93);
  expect(spread / variance).toBeLessThan(1.07);
});

test('eigentunes: directions and lengths of a known ellipse', () => {
  // Axes of 3 along (1, 1) and of 1 along (1, -1): covariance 9/2 [[1,1],[1,1]] + 1/2 [[1,-1],[-1,1]]
  const [wide, narrow] = eigentunesOf([
    [5, 4],
    [4, 5],
  ]);
  expect(wide?.sigma).toBeCloseTo(3, 10);
  expect(narrow?.sigma).toBeCloseTo(1, 10);
  expect(wide?.direction[0]).toBeCloseTo(Math.SQRT1_2, 10);
  expect(wide?.direction[1]).toBeCloseTo(Math.SQRT1_2, 10);
  expect((narrow?.direction[0] ?? 0) * (narrow?.direction[1] ?? 0)).toBeCloseTo(-0.5, 10);
});
