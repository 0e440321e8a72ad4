import { expect, it } from 'vitest';
import { layOutBars } from './bars.ts';

const FRAME = { left: 100, top: 0, right: 400, bottom: 200 };

it('stacks series on each other, to scale, from zero', () => {
  const plot = layOutBars(
    [
      [10, 0, 5],
      [30, 0, 0],
    ],
    FRAME,
    4,
  );
  expect(plot.totals).toEqual([40, 0, 5]);
  expect(plot.yTicks.map(({ value }) => value)).toEqual([0, 10, 20, 30, 40]);
  const first = plot.pieces.filter(({ x }) => x < 200);
  expect(first.map(({ y, height }) => [y, height])).toEqual([
    [150, 50],
    [0, 150],
  ]);
  expect(plot.pieces).toHaveLength(3);
});

it('has places for days without anything, and a scale where there is nothing at all', () => {
  const plot = layOutBars([[0, 0]], FRAME, 4);
  expect(plot.pieces).toEqual([]);
  expect(plot.places).toEqual([
    { left: 100, right: 250 },
    { left: 250, right: 400 },
  ]);
  expect(layOutBars([], FRAME, 4).places).toEqual([]);
});
