import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { allowedBySchedule, nextOpening } from './schedule.ts';
import { momentOf } from './situation.ts';

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const everyDay = [0, 1, 2, 3, 4, 5, 6];

function allowedAt(utc: string, schedule: Parameters<typeof allowedBySchedule>[0]): boolean {
  const moment = momentOf(Date.parse(utc), 0);
  return allowedBySchedule(schedule, moment.day, moment.minute);
}

describe('allowedBySchedule', () => {
  it('allows any time without windows', () => {
    expect(allowedBySchedule([], 3, 700)).toBe(true);
    expect(nextOpening([], 3, 700)).toBeNull();
  });

  it('includes the first minute and excludes the last', () => {
    const office = [{ days: [1], fromMinute: 540, toMinute: 1020 }];
    expect([539, 540, 1019, 1020].map((minute) => allowedBySchedule(office, 1, minute))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('takes 24:00 as the end of the day and equal ends as a whole day', () => {
    expect(allowedBySchedule([{ days: [2], fromMinute: 0, toMinute: 1440 }], 2, 1439)).toBe(true);
    expect(allowedBySchedule([{ days: [2], fromMinute: 0, toMinute: 1440 }], 3, 0)).toBe(false);
    expect(allowedBySchedule([{ days: [2], fromMinute: 480, toMinute: 480 }], 3, 479)).toBe(true);
    expect(allowedBySchedule([{ days: [2], fromMinute: 480, toMinute: 480 }], 3, 480)).toBe(false);
  });

  it('follows the wall clock when summer time begins (02:00 to 03:00 does not exist)', () => {
    process.env.TZ = 'Europe/Zurich';
    const night = [{ days: everyDay, fromMinute: 60, toMinute: 240 }];
    // 29 March 2026: 01:00 UTC is 02:00 CET, which the clocks show as 03:00 CEST.
    expect(allowedAt('2026-03-28T23:59:00Z', night)).toBe(false);
    expect(allowedAt('2026-03-29T00:00:00Z', night)).toBe(true);
    expect(allowedAt('2026-03-29T01:59:00Z', night)).toBe(true);
    expect(allowedAt('2026-03-29T02:00:00Z', night)).toBe(false);
    // A window inside the missing hour is simply not there that night.
    const missing = [{ days: everyDay, fromMinute: 125, toMinute: 175 }];
    expect(allowedAt('2026-03-29T00:59:00Z', missing)).toBe(false);
    expect(allowedAt('2026-03-29T01:00:00Z', missing)).toBe(false);
  });

  it('follows the wall clock when summer time ends (02:00 to 03:00 comes twice)', () => {
    process.env.TZ = 'Europe/Zurich';
    const twice = [{ days: everyDay, fromMinute: 120, toMinute: 180 }];
    expect(allowedAt('2026-10-25T00:30:00Z', twice)).toBe(true);
    expect(allowedAt('2026-10-25T01:30:00Z', twice)).toBe(true);
    expect(allowedAt('2026-10-25T02:00:00Z', twice)).toBe(false);
  });

  it('says the next opening such that waiting for it opens', () => {
    const windows = fc.array(
      fc.record({
        days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
        fromMinute: fc.integer({ min: 0, max: 1440 }),
        toMinute: fc.integer({ min: 0, max: 1440 }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(
        windows,
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 0, max: 1439 }),
        (schedule, day, minute) => {
          const words = nextOpening(schedule, day, minute);
          expect(words === null).toBe(allowedBySchedule(schedule, day, minute));
          if (words === null) return;
          const [, when, hour, minutes] = /^(today|tomorrow|on \w+) at (\d\d):(\d\d)$/.exec(words) ?? [];
          const names = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
          const opens =
            when === 'today'
              ? day
              : when === 'tomorrow'
                ? (day + 1) % 7
                : names.indexOf(when?.slice(3) ?? '');
          expect(allowedBySchedule(schedule, opens, Number(hour) * 60 + Number(minutes))).toBe(true);
        },
      ),
    );
  });
});
