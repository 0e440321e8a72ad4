import { expect, test } from 'vitest';
import { Registrations } from './registrations.ts';

test('an address may bring many computers at once, then one a second; others are not held up', () => {
  const registrations = new Registrations();
  let taken = 0;
  while (registrations.take('a', 1000) === 0) taken++;
  expect(taken).toBe(1500);
  expect(registrations.take('a', 1000)).toBe(1);
  expect(registrations.take('b', 1000)).toBe(0);
  expect(registrations.take('a', 1900)).toBe(1);
  expect(registrations.take('a', 2001)).toBe(0);
  expect(registrations.take('a', 2001)).toBe(1);
  // A clock set back gives nothing away and takes nothing.
  expect(registrations.take('a', 0)).toBe(1);
  expect(registrations.take('a', 1001)).toBe(0);
});
