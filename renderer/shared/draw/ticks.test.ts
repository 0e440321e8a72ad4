import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decadeTicks, linearTicks, roundAbove } from './ticks.ts';

describe('ticks', () => {
  it('are round', () => {
    expect(linearTicks(-1, 1, 4)).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(linearTicks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(linearTicks(-180, 180, 7)).toEqual([-100, 0, 100]);
    expect(linearTicks(0, 200_000, 5)).toEqual([0, 50_000, 100_000, 150_000, 200_000]);
  });

  it('of logarithmic axes are powers of ten', () => {
    expect(decadeTicks(0.5, 90_000, 6)).toEqual([1, 10, 100, 1000, 10_000]);
    expect(decadeTicks(0.5, 1e9, 4)).toEqual([1, 1000, 1e6, 1e9]);
  });

  it('lie within the axis, increase, and are not many more than wanted', () => {
    const axis = fc.tuple(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      fc.integer({ min: 1, max: 12 }),
    );
    fc.assert(
      fc.property(axis, ([from, span, wanted]) => {
        const to = from + span;
        const ticks = linearTicks(from, to, wanted);
        expect(ticks.length).toBeLessThanOrEqual(wanted + 1);
        const slack = 1e-6 * span;
        for (const [i, tick] of ticks.entries()) {
          expect(tick).toBeGreaterThanOrEqual(from - slack);
          expect(tick).toBeLessThanOrEqual(to + slack);
          if (i > 0) expect(tick).toBeGreaterThan(ticks[i - 1] ?? tick);
        }
      }),
    );
  });
});

describe('the top of an axis', () => {
  it.each([
    [0, 1],
    [1, 1],
    [7, 8],
    [101, 150],
    [80_001, 100_000],
    [0.03, 0.03],
  ])('over %d is %d', (value, top) => expect(roundAbove(value)).toBe(top));

  it('is never below the value nor more than twice it', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (value) => {
        const top = roundAbove(value);
        expect(top).toBeGreaterThanOrEqual(value * (1 - 1e-8));
        expect(top).toBeLessThanOrEqual(2 * value);
      }),
    );
  });
});
