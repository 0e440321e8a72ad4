import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANY_TIME, paint, scheduleOf, weekOf } from './week.ts';

describe('the week', () => {
  it('without a window is any time, and any time is without a window', () => {
    expect(weekOf([])).toEqual(ANY_TIME);
    expect(scheduleOf(ANY_TIME)).toEqual([]);
  });

  it('reads a window over midnight, on into the next day and week', () => {
    const week = weekOf([{ days: [6], fromMinute: 22 * 60, toMinute: 6 * 60 }]);
    expect(week[6]?.map(Number).join('')).toBe(`${'0'.repeat(22)}11`);
    expect(week[0]?.map(Number).join('')).toBe(`${'1'.repeat(6)}${'0'.repeat(18)}`);
  });

  it('reads equal ends as 24 hours, and half hours as the whole hour', () => {
    expect(weekOf([{ days: [1], fromMinute: 0, toMinute: 0 }])[1]?.every(Boolean)).toBe(true);
    const week = weekOf([{ days: [1], fromMinute: 90, toMinute: 150 }]);
    expect(week[1]?.indexOf(true)).toBe(1);
    expect(week[1]?.lastIndexOf(true)).toBe(2);
  });

  it('puts the same hours of several days into one window', () => {
    const evenings = paint(
      paint(ANY_TIME, { day: 0, hour: 0 }, { day: 6, hour: 23 }, false),
      { day: 1, hour: 18 },
      { day: 5, hour: 23 },
      true,
    );
    expect(scheduleOf(evenings)).toEqual([{ days: [1, 2, 3, 4, 5], fromMinute: 1080, toMinute: 1440 }]);
  });

  it('cannot be empty', () =>
    expect(scheduleOf(paint(ANY_TIME, { day: 6, hour: 23 }, { day: 0, hour: 0 }, false))).toBeNull());

  it('comes back the same from its schedule, whatever is painted', () => {
    const hours = fc.array(fc.boolean(), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(fc.array(hours, { minLength: 7, maxLength: 7 }), (week) => {
        const schedule = scheduleOf(week);
        if (schedule !== null) expect(weekOf(schedule)).toEqual(week);
      }),
    );
  });
});
