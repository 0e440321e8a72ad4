import { describe, expect, it } from 'vitest';
import type { HistoryDay } from '../../../protocol/engine-api.ts';
import { daysUpTo, localDay, seriesOf, streak } from './days.ts';

const worked = (day: string, part: Partial<HistoryDay> = {}): HistoryDay => ({
  day,
  project: 'p',
  projectName: 'P',
  campaign: 'c',
  unitsValid: 1,
  eventsValid: 10,
  creditMicroseconds: 2_000_000,
  cpuSeconds: 7200,
  ...part,
});

describe('calendar days', () => {
  it('go over months, leap days and changes of the clock', () => {
    expect(daysUpTo('2028-03-01', 3)).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
    for (const today of ['2026-03-30', '2026-10-26']) expect(new Set(daysUpTo(today, 400)).size).toBe(400);
  });

  it('are the person’s own', () => {
    expect(localDay(new Date(2026, 0, 5, 0, 1))).toBe('2026-01-05');
    expect(localDay(new Date(2026, 0, 5, 23, 59))).toBe('2026-01-05');
  });
});

describe('a streak', () => {
  const days = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-10', '2026-11-11'].map((day) =>
    worked(day),
  );

  it('runs up to today, or to yesterday while today has nothing yet', () => {
    expect(streak(days, '2026-11-11')).toEqual({ now: 2, longest: 3, total: 5 });
    expect(streak(days, '2026-11-12').now).toBe(2);
    expect(streak(days, '2026-11-13').now).toBe(0);
  });

  it('counts days on which something was validated only, each once', () => {
    const more = [...days, worked('2026-11-11', { campaign: 'd' }), worked('2026-11-12', { unitsValid: 0 })];
    expect(streak(more, '2026-11-12')).toEqual({ now: 2, longest: 3, total: 5 });
    expect(streak([], '2026-11-12')).toEqual({ now: 0, longest: 0, total: 0 });
  });
});

describe('series', () => {
  const calendar = daysUpTo('2026-11-03', 3);

  it('sums by name and day, the largest first, and leaves out other days', () => {
    const days = [
      worked('2026-11-01', { campaign: 'a' }),
      worked('2026-11-03', { campaign: 'b', eventsValid: 50 }),
      worked('2026-11-03', { campaign: 'b', project: 'q', eventsValid: 5 }),
      worked('2026-10-01', { campaign: 'b', eventsValid: 999 }),
    ];
    expect(seriesOf(days, calendar, 'events', (day) => day.campaign)).toEqual([
      { name: 'b', values: [0, 0, 55] },
      { name: 'a', values: [10, 0, 0] },
    ]);
    expect(seriesOf(days, calendar, 'hours', () => 'all')).toEqual([{ name: 'all', values: [2, 0, 4] }]);
  });

  it('puts what is beyond four together', () => {
    const days = Array.from({ length: 9 }, (_, i) =>
      worked('2026-11-02', { campaign: `${i}`, eventsValid: i + 1 }),
    );
    const series = seriesOf(days, calendar, 'events', (day) => day.campaign);
    expect(series.map(({ name }) => name)).toEqual(['8', '7', '6', '5', '']);
    expect(series.at(-1)?.values).toEqual([0, 1 + 2 + 3 + 4 + 5, 0]);
  });
});
