import { expect, test } from 'vitest';
import { type Claim, faded, ranksOf, Shares } from './shares.ts';

const claim = (owner: string, priority = 0, deadline: number | null = null): Claim => ({
  owner,
  priority,
  deadline,
});

test.each<[string, Claim[], Record<string, number[][]>]>([
  ['nobody', [], {}],
  ['equals', [claim('a'), claim('a')], { a: [[0, 1]] }],
  ['owners apart', [claim('a'), claim('b'), claim('a')], { a: [[0, 2]], b: [[1]] }],
  ['by priority', [claim('a', -1), claim('a'), claim('a', 5), claim('a', 5)], { a: [[2, 3], [1], [0]] }],
  ['by deadline', [claim('a'), claim('a', 0, 9), claim('a', 0, 3)], { a: [[2], [1], [0]] }],
  ['priority before deadline', [claim('a', 0, 3), claim('a', 1)], { a: [[1], [0]] }],
  ['equal deadlines', [claim('a', 0, 3), claim('a', 1, 9), claim('a', 0, 3)], { a: [[1], [0, 2]] }],
])('%s', (_what, claims, expected) => {
  expect(Object.fromEntries(ranksOf(claims).map(({ owner, ranks }) => [owner, ranks]))).toEqual(expected);
});

test('what was given counts half after an hour', () => {
  expect([0, 3_600_000, 7_200_000, -5].map((ms) => faded(8, ms))).toEqual([8, 4, 2, 8]);
});

test('shares add up over time, and old ones are forgotten', () => {
  const shares = new Shares();
  const at = (hours: number) => new Date(hours * 3_600_000);
  shares.charge('a', 1000, at(0));
  shares.charge('a', 1000, at(1));
  shares.charge('b', 100, at(1));
  expect(Object.fromEntries(shares.lately(at(1)))).toEqual({ a: 1500, b: 100 });
  expect(Object.fromEntries(shares.lately(at(2)))).toEqual({ a: 750, b: 50 });
  expect(Object.fromEntries(shares.lately(at(9)))).toEqual({ a: 1500 / 256 });
});
