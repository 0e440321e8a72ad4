import type { Badge } from '../../protocol/people-api.ts';

const DAY_MICROSECONDS = 86_400e6;

/** For computing: a day, a month, a year of one reference core. */
const FOR_CREDIT: readonly (readonly [Badge, number])[] = [
  ['day', DAY_MICROSECONDS],
  ['month', 30 * DAY_MICROSECONDS],
  ['year', 365 * DAY_MICROSECONDS],
];

/** @param place among those with most credit, from 1; null: not among them */
export function badgesOf(creditMicroseconds: number, eventsValid: number, place: number | null): Badge[] {
  return [
    ...(eventsValid > 0 ? (['first-event'] as const) : []),
    ...FOR_CREDIT.filter(([, wanted]) => creditMicroseconds >= wanted).map(([badge]) => badge),
    ...(place !== null && place <= 10 ? (['top-10'] as const) : []),
    ...(place !== null && place > 10 && place <= 100 ? (['top-100'] as const) : []),
  ];
}
