import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Hungry, nextUnits, type PointStanding, unitsWanted } from './adaptive.ts';

const CUT = { points: 3, events: 10_000, eventsPerUnit: 100 };
const standing = (more: Partial<PointStanding>): PointStanding => ({
  ...{ unitsMade: 0, unitsOpen: 0, eventsValid: 0, relativeError: null },
  ...more,
});

test.each<[string, Partial<PointStanding>, number]>([
  ['a new point begins with a few', {}, 2],
  ['none is back yet', { unitsMade: 2, unitsOpen: 2 }, 2],
  ['one was set aside, and another takes its place', { unitsMade: 2, unitsOpen: 1 }, 3],
  ['precise enough: no more', { unitsMade: 2, unitsOpen: 1, eventsValid: 100, relativeError: 0.01 }, 2],
  ['twice the error: four times the events', { unitsMade: 2, eventsValid: 200, relativeError: 0.02 }, 9],
  ['just above it: one more', { unitsMade: 4, eventsValid: 400, relativeError: 0.01 + 1e-15 }, 5],
  [
    'what is cut is not taken back',
    { unitsMade: 30, unitsOpen: 28, eventsValid: 200, relativeError: 0.02 },
    30,
  ],
  ['never more than a point may have', { unitsMade: 2, eventsValid: 200, relativeError: 0.5 }, 100],
  ['of those set aside nothing comes', { unitsMade: 9, eventsValid: 700, relativeError: 0.011 }, 11],
  ['a short unit among them', { unitsMade: 4, eventsValid: 350, relativeError: 0.0101 }, 5],
])('%s', (_what, more, units) => {
  expect(unitsWanted(standing(more), 0.01, CUT)).toBe(units);
});

test('a point may be smaller than what others begin with', () => {
  expect(unitsWanted(standing({}), 0.01, { points: 1, events: 50, eventsPerUnit: 100 })).toBe(1);
});

const hungry = (index: number, more: Partial<Hungry>): Hungry => ({
  ...{ index, unitsMade: 0, unitsWanted: 2, eventsValid: 0, relativeError: null },
  ...more,
});
const ones = (count: number) => new Array<number>(count).fill(1);
const taken = (points: readonly Hungry[], count: number) =>
  nextUnits(points, ones(count), CUT).map((unit) => unit.pointIndex);

test('points of which nothing is known take turns, and nothing is cut that is not wanted', () => {
  expect(taken([hungry(0, {}), hungry(1, {}), hungry(2, {})], 99)).toEqual([0, 1, 2, 0, 1, 2]);
});

test('the largest error comes first, until it is the smaller one', () => {
  const known = { unitsMade: 2, unitsWanted: 50, eventsValid: 200 };
  const points = [hungry(4, { ...known, relativeError: 0.02 }), hungry(7, { ...known, relativeError: 0.04 })];
  // 0.04 falls to 0.02 at four times the two units it has.
  expect(taken(points, 9)).toEqual([7, 7, 7, 7, 7, 7, 4, 7, 7]);
});

test('what is cut but not back counts as if it were', () => {
  const known = { unitsWanted: 50, eventsValid: 200, relativeError: 0.02 };
  const points = [hungry(0, { ...known, unitsMade: 8 }), hungry(1, { ...known, unitsMade: 2 })];
  expect(taken(points, 6)).toEqual([1, 1, 1, 1, 1, 1]);
});

test('units of a point follow each other, the last one shorter', () => {
  const cut = { points: 1, events: 250, eventsPerUnit: 100 };
  expect(nextUnits([hungry(0, { unitsMade: 1, unitsWanted: 3 })], ones(9), cut)).toEqual([
    { pointIndex: 0, firstEvent: 100, events: 100 },
    { pointIndex: 0, firstEvent: 200, events: 50 },
  ]);
});

test('a unit of several portions ends where its point, or what was wanted of it, does', () => {
  const cut = { points: 2, events: 250, eventsPerUnit: 100, extendedFrom: [130] };
  const points = [hungry(0, { unitsWanted: 4 }), hungry(1, { unitsMade: 1, unitsWanted: 3 })];
  expect(nextUnits(points, [9, 9, 9, 9], cut)).toEqual([
    { pointIndex: 0, firstEvent: 0, events: 130 },
    { pointIndex: 1, firstEvent: 100, events: 30 },
    { pointIndex: 0, firstEvent: 130, events: 120 },
    { pointIndex: 1, firstEvent: 130, events: 100 },
  ]);
});

/** Computes a campaign as its hosts would: `hosts` units at a time, errors c / sqrt(events). @returns units of each point */
function compute(constants: readonly number[], precision: number, hosts: number): number[] {
  const points = constants.map((c, index) => ({ index, c, unitsMade: 0, valid: 0, wanted: 2 }));
  const error = ({ c, valid }: { c: number; valid: number }) =>
    valid > 0 ? c / Math.sqrt(100 * valid) : null;
  for (;;) {
    const asking = points.map((point) =>
      hungry(point.index, {
        unitsMade: point.unitsMade,
        unitsWanted: point.wanted,
        eventsValid: 100 * point.valid,
        relativeError: error(point),
      }),
    );
    const units = nextUnits(asking, ones(hosts), CUT);
    if (units.length === 0) return points.map((point) => point.unitsMade);
    for (const { pointIndex, firstEvent } of units) {
      const point = points[pointIndex];
      if (!point) throw new Error(`no point ${pointIndex}`);
      expect(firstEvent).toBe(100 * point.unitsMade);
      point.unitsMade += 1;
    }
    for (const point of points) {
      point.valid = point.unitsMade;
      const { unitsMade, valid } = point;
      point.wanted = unitsWanted(
        standing({ unitsMade, eventsValid: 100 * valid, relativeError: error(point) }),
        precision,
        CUT,
      );
    }
  }
}

test('every point is precise enough with one unit too many at most, or has all it may have', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 3, noNaN: true }), { minLength: 1, maxLength: 12 }),
      fc.double({ min: 0.005, max: 0.2, noNaN: true }),
      fc.integer({ min: 1, max: 300 }),
      (constants, precision, hosts) => {
        compute(constants, precision, hosts).forEach((units, i) => {
          const needed = ((constants[i] ?? 0) / precision) ** 2 / 100;
          expect(units).toBeLessThanOrEqual(Math.min(100, Math.max(2, Math.floor(needed) + 1)));
          expect(units).toBeGreaterThanOrEqual(Math.min(100, needed * (1 - 1e-12)));
        });
      },
    ),
  );
});
