import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Hungry, nextUnits } from '../campaigns/adaptive.ts';
import { portionsOf, unitsPerPoint } from '../campaigns/units.ts';
import { type Pace, portionsFor } from './pace.ts';

const PLAN = { unitMinutes: 5, eventsPerUnit: 100, blockEvents: 50 };
const pace = (eventsPerSecond: number, change: Partial<Pace> = {}): Pace => ({
  ...{ events: 1e6, seconds: 1e6 / eventsPerSecond, bytes: 1000, largest: 1e6 },
  ...change,
});

test.each<[string, Pace | null, number]>([
  ['nothing is known: the smallest', null, 1],
  ['as many as it does in the time', pace(10), 30],
  ['too slow for one: one all the same', pace(0.1), 1],
  ['no more than a few times what it has shown', pace(10, { largest: 200 }), 8],
  ['nor than the release lets an output have', pace(10, { bytes: 1e9 }), 5],
  [
    'nor blocks than are read at once',
    pace(1e9, { events: 1e9, seconds: 1, bytes: 0, largest: 1e9 }),
    50_000,
  ],
])('%s', (_what, known, portions) => {
  expect(portionsFor(known, PLAN, 1e6)).toBe(portions);
});

test('however fast hosts are and become, every event of a point is in one unit and none takes too long', () => {
  const size = fc.record({
    events: fc.integer({ min: 1, max: 3000 }),
    eventsPerUnit: fc.constantFrom(1, 7, 50),
    points: fc.integer({ min: 1, max: 3 }),
    extendedFrom: fc.array(fc.integer({ min: 1, max: 2999 }), { maxLength: 2 }),
  });
  const hosts = fc.array(fc.double({ min: 0.01, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(size, hosts, fc.array(fc.nat(3), { minLength: 1 }), (drawn, speeds, order) => {
      const { events, eventsPerUnit, points } = drawn;
      const extendedFrom = [...new Set(drawn.extendedFrom.filter((n) => n < events))].sort((a, b) => a - b);
      const cut = { points, events, eventsPerUnit, extendedFrom };
      const paces = new Map<number, Pace>();
      const made = Array.from({ length: points }, () => 0);
      const next = Array.from({ length: points }, () => 0);
      for (let turn = 0; ; turn++) {
        const host = (order[turn % order.length] ?? 0) % speeds.length;
        const known = paces.get(host) ?? null;
        const portions = portionsFor(known, { unitMinutes: 1, eventsPerUnit, blockEvents: 1 }, 1e9);
        const hungry = made.map(
          (unitsMade, index): Hungry => ({
            ...{ index, unitsMade, unitsWanted: unitsPerPoint(cut), eventsValid: 0, relativeError: null },
          }),
        );
        const [unit] = nextUnits(hungry, [portions], cut);
        if (!unit) break;
        expect(unit.firstEvent).toBe(next[unit.pointIndex]);
        next[unit.pointIndex] = unit.firstEvent + unit.events;
        made[unit.pointIndex] = (made[unit.pointIndex] ?? 0) + portionsOf(unit.events, eventsPerUnit);
        const seconds = unit.events / (speeds[host] ?? 1);
        if (unit.events > eventsPerUnit) expect(seconds).toBeLessThanOrEqual(60 * (1 + 1e-9));
        paces.set(host, { events: unit.events, seconds, bytes: unit.events, largest: unit.events });
      }
      expect(next).toEqual(next.map(() => events));
      expect(made).toEqual(made.map(() => unitsPerPoint(cut)));
    }),
    { numRuns: 200 },
  );
});
