import { expect, it } from 'vitest';
import { retryDelayMs } from './retry.ts';

it('doubles from half a second to a quarter of a minute', () => {
  expect([0, 1, 2, 3, 4, 5, 60].map((failures) => retryDelayMs(failures, 0.5))).toEqual([
    500, 1000, 2000, 4000, 8000, 15_000, 15_000,
  ]);
});

it('is spread by a quarter each way', () => {
  expect([retryDelayMs(0, 0), retryDelayMs(0, 0.999_999)]).toEqual([375, 625]);
});
