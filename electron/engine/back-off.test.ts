import { expect, test } from 'vitest';
import { BackOff } from './back-off.ts';

test('it waits longer each time, then gives up; a life that went well, or the person, counts anew', () => {
  const backOff = new BackOff();
  const deaths = Array.from({ length: 9 }, () => backOff.died(100));
  expect(deaths).toEqual([1, 2, 5, 10, 30, 60, 60, 60, null]);
  expect(backOff.died(60_000)).toBe(1);
  backOff.died(0);
  backOff.forget();
  expect(backOff.died(0)).toBe(1);
});
