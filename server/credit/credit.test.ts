import { expect, test } from 'vitest';
import { creditMicroseconds } from './credit.ts';

test.each([
  [1, 1, 1],
  [1000, 3.5, 3500],
  [3, 0.5, 2], // 1.5 rounds up, once
  [1, 0.4, 0],
  [100_000, 12.3456, 1_234_560],
])('%d events at %f us: %d', (events, cost, credit) => {
  expect(creditMicroseconds(events, cost)).toBe(credit);
});

test('refuses what is not exact', () => {
  expect(() => creditMicroseconds(Number.MAX_SAFE_INTEGER, 2)).toThrow(RangeError);
});
