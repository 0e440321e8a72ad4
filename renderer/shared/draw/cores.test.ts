import { expect, it } from 'vitest';
import { shares, totals } from './cores.ts';

it('makes the shares of a core fit: others first, then ours, the rest free', () => {
  expect(shares({ index: 0, others: 0.25, ours: 0.5 })).toEqual({ others: 0.25, ours: 0.5, free: 0.25 });
  expect(shares({ index: 0, others: 0.75, ours: 0.5 })).toEqual({ others: 0.75, ours: 0.25, free: 0 });
  expect(shares({ index: 0, others: 1.2, ours: -0.1 })).toEqual({ others: 1, ours: 0, free: 0 });
});

it('adds up to the number of cores', () => {
  const { others, ours, free } = totals([
    { index: 0, others: 0.5, ours: 0 },
    { index: 1, others: 0, ours: 1 },
  ]);
  expect([others, ours, free]).toEqual([0.5, 1, 0.5]);
});
