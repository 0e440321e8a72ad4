import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rounded, valueIn } from './range.ts';

const LAST = 1 - 2 ** -53;

test.each([
  ['low end', { low: 0.11, high: 0.14 }, 0, 0.11],
  ['middle', { low: 0.11, high: 0.14 }, 0.5, 0.125],
  ['six digits', { low: 0, high: 1 }, 1 / 3, 0.333333],
  ['about zero', { low: -1, high: 1 }, 0.5, 0],
  ['never below, however it is rounded', { low: 0.12345674, high: 1 }, 0, 0.12345674],
  ['never above', { low: 0, high: 0.987654351 }, LAST, 0.987654351],
  ['first whole number', { low: 3, high: 6, integer: true }, 0, 3],
  ['each as likely', { low: 3, high: 6, integer: true }, 0.49999, 4],
  ['last whole number', { low: 3, high: 6, integer: true }, LAST, 6],
  ['middle factor', { low: 1, high: 100, logarithmic: true }, 0.5, 10],
  ['a decade', { low: 0.001, high: 1000, logarithmic: true }, 0.25, 0.03162278],
  ['tiny', { low: 1e-20, high: 1e-10, logarithmic: true }, 0.5, 1e-15],
  ['whole factors', { low: 1, high: 1023, integer: true, logarithmic: true }, 0.35, 11],
  ['last whole factor', { low: 1, high: 1023, integer: true, logarithmic: true }, LAST, 1023],
])('%s', (_what, range, u, value) => {
  expect(valueIn({ name: 'a', ...range }, u)).toBe(value);
});

test('lies within, is where the formula says, and grows with u', () => {
  const end = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  const unit = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((k) => k / 2 ** 32);
  fc.assert(
    fc.property(end, end, unit, fc.boolean(), (a, b, u, logarithmic) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b) * 1.001];
      const value = valueIn({ name: 'a', low, high, logarithmic }, u);
      expect(value).toBeGreaterThanOrEqual(low);
      expect(value).toBeLessThanOrEqual(high);
      const exact = logarithmic ? low * (high / low) ** u : low + u * (high - low);
      expect(Math.abs(value - exact)).toBeLessThan(1e-6 * (high - low) + 1e-14 * high);
      expect(valueIn({ name: 'a', low, high, logarithmic }, u / 2)).toBeLessThanOrEqual(value);
    }),
  );
});

test.each([
  [0.120481, 0.0013, 0.1205],
  [0.86, 0.031, 0.86],
  [123.456, 20, 123],
  [123.456, 3, 123.5],
  [0.5, 1e-30, 0.5],
])('%d with an error of %d is written %d', (value, error, written) => {
  expect(rounded(value, error)).toBe(written);
});
