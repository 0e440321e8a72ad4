import fc from 'fast-check';
import { expect, test } from 'vitest';
import { minimise, minimiseFrom } from './minimise.ts';

const box = (n: number) => ({ low: Array(n).fill(-2), high: Array(n).fill(2) });

test('finds the bottom of Rosenbrock’s valley', () => {
  const found = minimise(([x = 0, y = 0]) => [1 - x, 10 * (y - x * x)], [-1.2, 1], box(2));
  expect(found.converged).toBe(true);
  expect(found.x[0]).toBeCloseTo(1, 6);
  expect(found.x[1]).toBeCloseTo(1, 6);
  expect(found.atEdge).toEqual([false, false]);
});

test('a linear problem is solved whatever its start', () => {
  const inside = fc.double({ min: -1.9, max: 1.9, noNaN: true });
  fc.assert(
    fc.property(fc.tuple(inside, inside, inside), fc.tuple(inside, inside, inside), (planted, start) => {
      const rows = [
        [1, 2, 0],
        [0, 1, -1],
        [3, 0, 1],
        [1, 1, 1],
      ];
      const residuals = (x: readonly number[]) =>
        rows.map((row) => row.reduce((sum, c, i) => sum + c * ((x[i] ?? 0) - (planted[i] ?? 0)), 0));
      const { x, chi2 } = minimise(residuals, start, box(3));
      for (const [i, value] of planted.entries()) expect(x[i]).toBeCloseTo(value, 5);
      expect(chi2).toBeLessThan(1e-8);
    }),
    { numRuns: 50 },
  );
});

test('stops at the edge towards a minimum beyond it, and still finds the other parameter', () => {
  const residuals = ([x = 0, y = 0]: readonly number[]) => [x - 5, y - 0.5, 0.1 * (x - y)];
  const found = minimise(residuals, [0, 0], box(2));
  expect(found.x[0]).toBe(2);
  expect(found.atEdge).toEqual([true, false]);
  // (y - 0.5) + 0.01 (y - 2) = 0
  expect(found.x[1]).toBeCloseTo(0.52 / 1.01, 6);
});

test('a parameter that nothing depends on stays', () => {
  const { x, converged } = minimise(([a = 0]) => [a - 1], [0, 0.3], box(2));
  expect(converged).toBe(true);
  expect(x[0]).toBeCloseTo(1, 6);
  expect(x[1]).toBe(0.3);
});

test('of two valleys the deeper one is taken where starts reach both', () => {
  const residuals = ([x = 0]: readonly number[]) => [x * x - 1, 0.2 * (x - 1)];
  expect(minimise(residuals, [-1.5], box(1)).x[0]).toBeLessThan(0);
  expect(minimiseFrom(residuals, [[-1.5], [0.5]], box(1)).x[0]).toBeCloseTo(1, 4);
  expect(() => minimiseFrom(residuals, [], box(1))).toThrow(RangeError);
});
