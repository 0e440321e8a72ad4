import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sobol } from '../../platform/sampling/sobol.ts';
import { fitResponses, monomials, type Sample, TooFewSamples } from './response.ts';
import { noise } from './tune.testkit.ts';

const cube = (dimensions: number, count: number) =>
  sobol(dimensions, count, 1).map((point) => point.map((x) => 2 * x - 1));

const polynomial = (order: number, coefficients: readonly number[], x: readonly number[]) =>
  monomials(x.length, order).reduce(
    (sum, powers, k) =>
      sum + (coefficients[k] ?? 0) * powers.reduce((product, power, i) => product * (x[i] ?? 0) ** power, 1),
    0,
  );

test('monomials: as many as there are', () => {
  expect(monomials(2, 2)).toEqual([
    [0, 0],
    [1, 0],
    [0, 1],
    [2, 0],
    [1, 1],
    [0, 2],
  ]);
  // (6 + 3 over 3)
  expect(monomials(6, 3)).toHaveLength(84);
});

test('a polynomial is found again, whatever it is and wherever it is asked', () => {
  const coefficient = fc.double({ min: -10, max: 10, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(2, 3),
      fc.array(coefficient, { minLength: 35, maxLength: 35 }),
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
      (dimensions, order, coefficients, asked) => {
        const samples = cube(dimensions, 60).map((x, i) => ({
          x,
          events: 100 + i,
          values: [{ value: polynomial(order, coefficients, x), error: 1 }],
        }));
        const responses = fitResponses(samples, order);
        const x = asked.slice(0, dimensions);
        expect(responses.at(x)[0]?.value).toBeCloseTo(polynomial(order, coefficients, x), 8);
        expect(responses.leftOut[0]).toBeLessThan(1e-12);
      },
    ),
    { numRuns: 25 },
  );
});

test('a straight line has the errors of the textbook', () => {
  // Errors e: the line’s variance at x is e2 (1/n + x2 / sum x2), as the xs are even around 0.
  const xs = Array.from({ length: 21 }, (_, i) => -1 + i / 10);
  const samples = xs.map((x) => ({ x: [x], events: 10, values: [{ value: 3 + 2 * x, error: 0.5 }] }));
  const sumOfSquares = xs.reduce((sum, x) => sum + x * x, 0);
  for (const x of [0, 0.3, 1]) {
    const { value, error } = fitResponses(samples, 1).at([x])[0] ?? { value: 0, error: 0 };
    expect(value).toBeCloseTo(3 + 2 * x, 10);
    expect(error).toBeCloseTo(0.5 * Math.sqrt(1 / 21 + (x * x) / sumOfSquares), 10);
  }
  const squares = samples.map(({ x }) => (fitResponses(samples, 1).at(x)[0]?.error ?? 0) ** 2);
  const mean = squares.reduce((sum, square) => sum + square, 0) / samples.length;
  expect(fitResponses(samples, 1).meanErrors[0]).toBeCloseTo(Math.sqrt(mean), 10);
});

test('leaving one out in closed form is leaving it out indeed', () => {
  const random = noise(7);
  const samples: Sample[] = cube(2, 12).map((x) => ({
    x,
    events: 100,
    values: [{ value: 1 + (x[0] ?? 0) + random(), error: 1 }],
  }));
  const squares = samples.map((sample, i) => {
    const [rest] = fitResponses(samples.toSpliced(i, 1), 1).at(sample.x);
    const [full] = fitResponses(samples, 1).at(sample.x);
    const y = sample.values[0]?.value ?? 0;
    return (y - (rest?.value ?? 0)) * (y - (full?.value ?? 0));
  });
  // r_i / (1 - h) times r_i
  const mean = squares.reduce((a, b) => a + b, 0) / samples.length;
  expect(fitResponses(samples, 1).leftOut[0]).toBeCloseTo(mean, 10);
});

test('statistics alone leave 1; a curve that the order can not follow leaves more and widens the error', () => {
  const random = noise(3);
  const curved = (x: readonly number[]) => 20 * (x[0] ?? 0) ** 3;
  const of = (f: (x: readonly number[]) => number) =>
    fitResponses(
      cube(2, 400).map((x) => ({ x, events: 1, values: [{ value: f(x) + random(), error: 1 }] })),
      2,
    );
  expect(of(() => 5).leftOut[0]).toBeGreaterThan(0.8);
  expect(of(() => 5).leftOut[0]).toBeLessThan(1.2);
  expect(of(curved).leftOut[0]).toBeGreaterThan(10);
  expect(of(curved).at([0, 0])[0]?.error).toBeGreaterThan(3 * (of(() => 5).at([0, 0])[0]?.error ?? 1));
});

test.each([
  ['too few', cube(2, 6)],
  ['all the same', Array(50).fill([0.5, 0.5])],
  ['on a line', cube(1, 50).map(([x = 0]) => [x, x])],
])('samples that are %s are refused', (_what, points: number[][]) => {
  const samples = points.map((x) => ({ x, events: 1, values: [{ value: 1, error: 1 }] }));
  expect(() => fitResponses(samples, 2)).toThrow(TooFewSamples);
});
