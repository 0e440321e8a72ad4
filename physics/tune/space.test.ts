import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromUnit, toUnit } from './space.ts';

const RANGES = [
  { name: 'a', low: 0.1, high: 0.3 },
  { name: 'b', low: -5, high: 5 },
];

test('edges are -1 and 1, the middle 0', () => {
  expect(toUnit(RANGES, { a: 0.1, b: 5 })).toEqual([-1, 1]);
  expect(fromUnit(RANGES, [0, 0]).a).toBeCloseTo(0.2, 12);
  expect(() => toUnit(RANGES, { a: 1 })).toThrow('has no b');
});

test('there and back', () => {
  const unit = fc.double({ min: -2, max: 2, noNaN: true });
  fc.assert(
    fc.property(unit, unit, (x, y) => {
      const [a, b] = toUnit(RANGES, fromUnit(RANGES, [x, y]));
      expect(a).toBeCloseTo(x, 10);
      expect(b).toBeCloseTo(y, 10);
    }),
  );
});
