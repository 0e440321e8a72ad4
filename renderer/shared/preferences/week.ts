import type { Preferences } from '../../../protocol/preferences.ts';

type Schedule = Preferences['schedule'];
/** hours[day][hour]: computing is allowed; day 0 = Sunday. */
export type Week = readonly (readonly boolean[])[];

const HOURS = 24;
const WEEK = 7 * HOURS;

export const ANY_TIME: Week = Array.from({ length: 7 }, () => Array.from({ length: HOURS }, () => true));

/** An hour counts as allowed where a window touches it; no window at all means any time. */
export function weekOf(schedule: Schedule): Week {
  if (schedule.length === 0) return ANY_TIME;
  const flat = Array.from({ length: WEEK }, () => false);
  for (const { days, fromMinute, toMinute } of schedule) {
    const length = (toMinute - fromMinute + 1440) % 1440 || 1440;
    for (const day of days) {
      const first = Math.floor((day * 1440 + fromMinute) / 60);
      const last = Math.ceil((day * 1440 + fromMinute + length) / 60);
      for (let hour = first; hour < last; hour += 1) flat[hour % WEEK] = true;
    }
  }
  return Array.from({ length: 7 }, (_, day) => flat.slice(day * HOURS, (day + 1) * HOURS));
}

/**
 * The fewest windows of whole hours that say the same: equal runs of hours on several days are one window.
 * @returns null for a week without any hour, which no schedule can say (an empty one means any time)
 */
export function scheduleOf(week: Week): Schedule | null {
  if (week.every((hours) => hours.every(Boolean))) return [];
  const runs = new Map<string, Schedule[number]>();
  week.forEach((hours, day) => {
    for (const [from, to] of runsOf(hours)) {
      const key = `${from} ${to}`;
      const same = runs.get(key);
      if (same) same.days.push(day);
      // A whole day is 0:00 to 24:00; equal ends would mean the same, but read like nothing.
      else runs.set(key, { days: [day], fromMinute: from * 60, toMinute: to * 60 });
    }
  });
  return runs.size === 0 ? null : [...runs.values()];
}

function runsOf(hours: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = [];
  let from: number | null = null;
  for (let hour = 0; hour <= HOURS; hour += 1) {
    if (hours[hour] && from === null) from = hour;
    if (!hours[hour] && from !== null) {
      runs.push([from, hour]);
      from = null;
    }
  }
  return runs;
}

/** The week with a rectangle of hours, from one corner to another, set alike. */
export function paint(
  week: Week,
  from: { readonly day: number; readonly hour: number },
  to: { readonly day: number; readonly hour: number },
  allowed: boolean,
): Week {
  const within = (value: number, a: number, b: number) => value >= Math.min(a, b) && value <= Math.max(a, b);
  return week.map((hours, day) =>
    hours.map((now, hour) =>
      within(day, from.day, to.day) && within(hour, from.hour, to.hour) ? allowed : now,
    ),
  );
}
