import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Range } from './range.ts';
import { type Method, samplePoints } from './sample.ts';
import { uniforms } from './uniforms.ts';

const BOX: readonly Range[] = [
  { name: 'a', low: 0.11, high: 0.14 },
  { name: 'b', low: 3, high: 6, integer: true },
  { name: 'c', low: 1, high: 1000, logarithmic: true },
];

// Made apart from this code: Python's hashlib and float.__format__, and scipy.stats.qmc.Sobol.
test.each<[Method, number, number[][]]>([
  [
    'random',
    7,
    [
      [0.12817556, 4, 834.8895],
      [0.13380292, 6, 601.6456],
      [0.11012183, 5, 5.96342],
      [0.12607295, 4, 6.079485],
    ],
  ],
  [
    'latin-hypercube',
    7,
    [
      [0.1387427, 4, 234.3134],
      [0.12253677, 3, 130.4364],
      [0.12913469, 6, 1.879868],
      [0.11085411, 5, 24.90005],
    ],
  ],
  [
    'sobol',
    0,
    [
      [0.125, 5, 31.62278],
      [0.1325, 4, 5.623413],
      [0.1175, 6, 177.8279],
      [0.12125, 4, 74.98942],
    ],
  ],
  [
    'sobol',
    7,
    [
      [0.12193177, 5, 5.230033],
      [0.13693177, 3, 165.3882],
      [0.12943177, 6, 29.41064],
      [0.11443177, 4, 930.046],
    ],
  ],
])('%s with seed %d: the points of everywhere', (method, seed, points) => {
  const made = samplePoints({ method, points: 4, seed }, BOX);
  expect(made).toEqual(points.map(([a, b, c]) => ({ a, b, c })));
});

test('random numbers by name', () => {
  const five = [
    0.6058519911615786, 0.30618564610666177, 0.9738763296799136, 0.6300758670821407, 0.1717766050941001,
  ];
  expect(uniforms('random/7/0', 5)).toEqual(five);
  expect(uniforms('random/7/1', 5)).not.toEqual(five);
});

const UNIT: readonly Range[] = ['a', 'b', 'c'].map((name) => ({ name, low: 0, high: 1 }));

test.each<[Method, number]>([
  ['latin-hypercube', 100],
  ['sobol', 128],
])('%s: each slice of each parameter has one point', (method, points) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 53 - 1 }), (seed) => {
      const made = samplePoints({ method, points, seed }, UNIT);
      for (const { name } of UNIT) {
        const sorted = made.map((point) => point[name] ?? 0).sort((a, b) => a - b);
        for (const [i, value] of sorted.entries()) {
          // Values are rounded for people, some onto the edge of their slice.
          expect(value * points).toBeGreaterThan(i - 0.01);
          expect(value * points).toBeLessThan(i + 1.01);
        }
      }
    }),
    { numRuns: 20 },
  );
});

test('random and Sobol points are kept where more are asked for; another seed gives others', () => {
  for (const method of ['random', 'sobol'] as const) {
    const few = samplePoints({ method, points: 5, seed: 3 }, BOX);
    expect(samplePoints({ method, points: 50, seed: 3 }, BOX).slice(0, 5)).toEqual(few);
    expect(samplePoints({ method, points: 5, seed: 4 }, BOX)).not.toEqual(few);
  }
});

test('random: mean and spread of a uniform distribution', () => {
  const values = samplePoints({ method: 'random', points: 4000, seed: 1 }, UNIT).map((point) => point.b ?? 0);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / 4000));
  expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / 4000));
});
