import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pointSeed, unitCount, unitRange, unitsPerPoint } from './units.ts';

test.each([
  // points, events, per unit -> units
  [1, 10, 10, 1],
  [1, 11, 10, 2],
  [3, 100, 40, 9],
  [1000, 1, 1000, 1000],
])('%d points of %d events by %d: %d units', (points, events, eventsPerUnit, units) => {
  expect(unitCount({ points, events, eventsPerUnit })).toBe(units);
});

test('points take turns and the last unit of a point is shorter', () => {
  const cut = { points: 2, events: 25, eventsPerUnit: 10 };
  expect(Array.from({ length: 6 }, (_, n) => unitRange(cut, n))).toEqual([
    { pointIndex: 0, firstEvent: 0, events: 10 },
    { pointIndex: 1, firstEvent: 0, events: 10 },
    { pointIndex: 0, firstEvent: 10, events: 10 },
    { pointIndex: 1, firstEvent: 10, events: 10 },
    { pointIndex: 0, firstEvent: 20, events: 5 },
    { pointIndex: 1, firstEvent: 20, events: 5 },
  ]);
  expect(() => unitRange(cut, 6)).toThrow(RangeError);
});

test('an extension begins where the events ended, and leaves the units before it as they were', () => {
  const before = { points: 2, events: 25, eventsPerUnit: 10 };
  const cut = { ...before, events: 45, extendedFrom: [25] };
  for (let n = 0; n < unitCount(before); n++) expect(unitRange(cut, n)).toEqual(unitRange(before, n));
  expect(Array.from({ length: 4 }, (_, n) => unitRange(cut, 6 + n))).toEqual([
    { pointIndex: 0, firstEvent: 25, events: 10 },
    { pointIndex: 1, firstEvent: 25, events: 10 },
    { pointIndex: 0, firstEvent: 35, events: 10 },
    { pointIndex: 1, firstEvent: 35, events: 10 },
  ]);
  expect(() => unitRange(cut, 10)).toThrow(RangeError);
});

test('every (seed, event) of a campaign comes exactly once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
      (points, first, eventsPerUnit, seed, more) => {
        const extendedFrom: number[] = [];
        let events = first;
        for (const by of more) {
          extendedFrom.push(events);
          events += by;
        }
        const cut = { points, events, eventsPerUnit, extendedFrom };
        const seen = new Set<string>();
        for (let n = 0; n < unitCount(cut); n++) {
          const unit = unitRange(cut, n);
          for (let event = unit.firstEvent; event < unit.firstEvent + unit.events; event++) {
            seen.add(`${pointSeed(seed, unit.pointIndex)} ${event}`);
          }
        }
        expect(seen.size).toBe(points * events);
        expect(unitsPerPoint(cut) * points).toBe(unitCount(cut));
      },
    ),
  );
});
