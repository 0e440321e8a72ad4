import { expect, test } from 'vitest';
import { dimensionsOf, moved, type Point } from './sweep.ts';

const grid: Point[] = [91.2, 44, 200].flatMap((energy, i) =>
  ['mu', 'tau'].map((process, j) => ({ index: 2 * i + j, parameters: { energy, process, seed: 1 } })),
);

test('a grid is chosen by its parameters: those that differ, numbers in their order', () => {
  expect(dimensionsOf(grid)).toEqual([
    { name: 'energy', values: [44, 91.2, 200] },
    { name: 'process', values: ['mu', 'tau'] },
  ]);
  const [first] = grid;
  if (!first) throw new Error('no point');
  expect(moved(grid, first, 'energy', 200).index).toBe(4);
  expect(moved(grid, first, 'process', 'tau').index).toBe(1);
  expect(moved(grid, first, 'energy', 17)).toBe(first);
});

test('one point has nothing to choose, and scattered points only themselves', () => {
  expect(dimensionsOf(grid.slice(0, 1))).toEqual([]);
  expect(dimensionsOf(grid.slice(1))).toBeNull();
  expect(dimensionsOf([])).toBeNull();
});
