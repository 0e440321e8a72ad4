import { expect, test } from 'vitest';
import { paceOf, type Sample, sampled } from './pace.ts';

test('the pace is that of the last minutes, falls while nothing comes, and is not known at once', () => {
  let samples: Sample[] = [];
  expect(paceOf(samples, 0)).toBeNull();
  for (let s = 0; s <= 600; s += 10)
    samples = sampled(samples, { atMs: s * 1000, events: s < 300 ? 0 : (s - 300) * 50 });
  expect(samples.length).toBeLessThan(25);
  expect(paceOf(samples, 600_000)).toBeCloseTo(50, 0);
  expect(paceOf(samples, 800_000)).toBeLessThan(30);
  expect(paceOf([{ atMs: 0, events: 7 }], 1000)).toBeNull();
  // Withdrawn contributions are no pace.
  expect(
    paceOf(
      [
        { atMs: 0, events: 7 },
        { atMs: 9000, events: 3 },
      ],
      10_000,
    ),
  ).toBe(0);
});
