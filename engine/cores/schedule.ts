import type { ScheduleWindow } from '../../protocol/preferences.ts';

type Window = ReturnType<typeof ScheduleWindow.parse>;

const DAY = 1440;
const WEEK = 7 * DAY;
const DAY_NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/**
 * Whether computing is allowed at a local time of the week. A window belongs to the day it starts on:
 * Friday 22:00 to 06:00 ends on Saturday morning. Equal ends mean the 24 hours from then on. No window: any
 * time. Works on the wall's hours, so an hour that a clock change skips or repeats is simply not, or twice, there.
 */
export function allowedBySchedule(schedule: readonly Window[], day: number, minute: number): boolean {
  if (schedule.length === 0) return true;
  const at = day * DAY + minute;
  return spans(schedule).some(({ start, length }) => (at - start + WEEK) % WEEK < length);
}

/** When the next window opens, for a person: "today at 20:00". null: no window, or inside one. */
export function nextOpening(schedule: readonly Window[], day: number, minute: number): string | null {
  if (allowedBySchedule(schedule, day, minute)) return null;
  const at = day * DAY + minute;
  const wait = Math.min(...spans(schedule).map(({ start }) => (start - at + WEEK) % WEEK));
  const opens = (at + wait) % WEEK;
  const openDay = Math.floor(opens / DAY);
  const daysAhead = Math.floor((minute + wait) / DAY);
  const when = daysAhead === 0 ? 'today' : daysAhead === 1 ? 'tomorrow' : `on ${DAY_NAMES[openDay]}`;
  return `${when} at ${clockTime(opens % DAY)}`;
}

function spans(schedule: readonly Window[]): { start: number; length: number }[] {
  return schedule.flatMap(({ days, fromMinute, toMinute }) => {
    const length = (toMinute - fromMinute + DAY) % DAY || DAY;
    return days.map((day) => ({ start: (day * DAY + fromMinute) % WEEK, length }));
  });
}

function clockTime(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
