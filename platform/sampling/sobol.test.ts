import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_DIMENSIONS, sobol } from './sobol.ts';

// The first ten points as the authors' own program gives them (web.maths.unsw.edu.au/~fkuo/sobol), in sixteenths.
const PUBLISHED = [
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [8, 8, 8, 8, 8, 8, 8, 8, 8, 8],
  [12, 4, 4, 4, 12, 12, 4, 12, 12, 12],
  [4, 12, 12, 12, 4, 4, 12, 4, 4, 4],
  [6, 6, 10, 14, 6, 2, 6, 14, 14, 10],
  [14, 14, 2, 6, 14, 10, 14, 6, 6, 2],
  [10, 2, 14, 10, 10, 14, 2, 2, 2, 6],
  [2, 10, 6, 2, 2, 6, 10, 10, 10, 14],
  [3, 5, 15, 7, 9, 5, 7, 15, 15, 5],
  [11, 13, 7, 15, 1, 13, 15, 7, 7, 13],
];

test('the published points of Joe and Kuo', () => {
  expect(sobol(10, 10)).toEqual(PUBLISHED.map((point) => point.map((x) => x / 16)));
  expect(sobol(3, 4, 5)).toEqual(sobol(3, 9).slice(5));
});

test('all 21 dimensions as scipy.stats.qmc.Sobol has them', () => {
  expect(sobol(21, 1, 1000)[0]?.map((x) => x * 1024)).toEqual([
    225, 99, 531, 693, 287, 929, 47, 921, 513, 71, 87, 261, 165, 393, 147, 379, 737, 353, 1015, 743, 535,
  ]);
});

test('every coordinate of 2^k points hits each of 2^k equal intervals once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MAX_DIMENSIONS }), fc.integer({ min: 1, max: 9 }), (d, k) => {
      const n = 2 ** k;
      const made = sobol(d, n);
      for (let i = 0; i < d; i++)
        expect(new Set(made.map((point) => Math.floor((point[i] ?? 0) * n))).size).toBe(n);
    }),
    { numRuns: 30 },
  );
});

// Pairs of later ones need more than 1024 points for it.
test('each pair of neighbouring dimensions is even in two dimensions', () => {
  const made = sobol(10, 1024);
  for (let d = 1; d < 10; d++) {
    const cells = new Map<string, number>();
    for (const point of made) {
      const cell = `${Math.floor((point[d - 1] ?? 0) * 8)} ${Math.floor((point[d] ?? 0) * 8)}`;
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    }
    expect([...cells.values()]).toEqual(Array(64).fill(16));
  }
});

test.each([0, 22, Number.NaN])('%d dimensions are refused', (dimensions) => {
  expect(() => sobol(dimensions, 1)).toThrow(RangeError);
});
