import { expect, test } from 'vitest';
import { retryAfterSeconds } from './retry-after.ts';

test.each([
  // given, want, waiting, random -> seconds
  [2, 2, 10, 0.9, 0],
  [0, 0, 10, 0.9, 0],
  [0, 1, 1, 0, 2],
  [0, 1, 1, 0.5, 4],
  [1, 2, 1, 0.5, 4],
  [0, 1, 1000, 0.5, 20],
  [0, 1, 10_000_000, 0.999, 899.4],
])('%d of %d given, %d waiting, random %f: %f s', (given, want, waiting, random, seconds) => {
  expect(retryAfterSeconds(given, want, waiting, random)).toBe(seconds);
});

test('a thousand waiting hosts spread to at most 50 requests a second on average', () => {
  let sum = 0;
  for (let i = 0; i < 1000; i++) sum += retryAfterSeconds(0, 1, 1000, i / 1000);
  expect(1000 / (sum / 1000)).toBeLessThanOrEqual(51);
});
