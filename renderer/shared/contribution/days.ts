import type { HistoryDay } from '../../../protocol/engine-api.ts';

/** What a day is measured by. */
export const MEASURES = ['events', 'credit', 'hours', 'units'] as const;
export type Measure = (typeof MEASURES)[number];

export function measured(day: HistoryDay, measure: Measure): number {
  switch (measure) {
    case 'events':
      return day.eventsValid;
    case 'credit':
      return day.creditMicroseconds / 1e6;
    case 'hours':
      return day.cpuSeconds / 3600;
    case 'units':
      return day.unitsValid;
  }
}

/** A calendar day in the person's own time: "2026-11-24". */
export function localDay(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** `count` calendar days up to `today`, oldest first. */
export function daysUpTo(today: string, count: number): string[] {
  // At noon no change of the clock can make a day twice or not at all.
  return Array.from({ length: count }, (_, i) => {
    const at = new Date(`${today}T12:00:00`);
    at.setDate(at.getDate() - (count - 1 - i));
    return localDay(at);
  });
}

function after(day: string): string {
  const at = new Date(`${day}T12:00:00`);
  at.setDate(at.getDate() + 1);
  return localDay(at);
}

export interface Streak {
  /** Days in a row with validated work up to today, or to yesterday while today has none yet. */
  readonly now: number;
  readonly longest: number;
  /** Days with validated work. */
  readonly total: number;
}

export function streak(days: readonly HistoryDay[], today: string): Streak {
  const active = new Set(days.filter(({ unitsValid }) => unitsValid > 0).map(({ day }) => day));
  const before = (day: string, by: number) => daysUpTo(day, by + 1)[0] ?? day;
  const begins = [...active].filter((day) => !active.has(before(day, 1)));
  const back = (from: string): number => {
    let length = 0;
    while (active.has(before(from, length))) length += 1;
    return length;
  };
  const now = active.has(today) ? back(today) : back(before(today, 1));
  const forth = (from: string): number => {
    let length = 0;
    for (let day = from; active.has(day); day = after(day)) length += 1;
    return length;
  };
  const longest = Math.max(0, ...begins.map(forth));
  return { now, longest, total: active.size };
}

export interface Series {
  readonly name: string;
  /** One value a day. */
  readonly values: readonly number[];
}

/** At most so many series of their own; the smaller ones are one together, named "". */
const SERIES_SHOWN = 4;

/** Sums by day and by what `nameOf` says, the largest series first. */
export function seriesOf(
  days: readonly HistoryDay[],
  calendar: readonly string[],
  measure: Measure,
  nameOf: (day: HistoryDay) => string,
): Series[] {
  const place = new Map(calendar.map((day, i) => [day, i]));
  const sums = new Map<string, number[]>();
  for (const day of days) {
    const at = place.get(day.day);
    if (at === undefined) continue;
    const name = nameOf(day);
    const values = sums.get(name) ?? calendar.map(() => 0);
    values[at] = (values[at] ?? 0) + measured(day, measure);
    sums.set(name, values);
  }
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const sorted = [...sums]
    .map(([name, values]) => ({ name, values }))
    .sort((a, b) => total(b.values) - total(a.values));
  if (sorted.length <= SERIES_SHOWN + 1) return sorted;
  const rest = sorted.slice(SERIES_SHOWN);
  const together = calendar.map((_, i) => rest.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
  return [...sorted.slice(0, SERIES_SHOWN), { name: '', values: together }];
}
