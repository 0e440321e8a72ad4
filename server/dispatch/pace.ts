import type { CampaignSpec } from '../../protocol/campaign.ts';

/**
 * How large a work unit is cut for a host, where a campaign says how long one is to take. What is counted here are portions:
 * pieces of `eventsPerUnit` events, of which a unit has one or several that follow each other (campaigns/units.ts).
 */

/** What a host's validated results of an application were lately: means of which the newest count most. */
export interface Pace {
  readonly events: number;
  /** As the host says. A wrong figure makes its units too small or too large, and nothing else. */
  readonly seconds: number;
  readonly bytes: number;
  /** Events of its largest unit. */
  readonly largest: number;
}

/** No unit has more than so many times the events of the largest that the host has done. */
const GROWTH = 4;
/** Of what the release allows an output to have: larger events may follow. */
const SPARE_BYTES = 0.5;
/** A result's blocks are read as a whole. */
export const MAX_BLOCKS_PER_UNIT = 100_000;

/** Portions for one unit of a host; one as long as nothing is known of it. */
export function portionsFor(
  pace: Pace | null,
  {
    unitMinutes,
    eventsPerUnit,
    blockEvents,
  }: Pick<CampaignSpec, 'eventsPerUnit' | 'blockEvents'> & {
    readonly unitMinutes: number;
  },
  outputBytes: number,
): number {
  if (!pace) return 1;
  const { events, seconds, bytes, largest } = pace;
  const most = Math.min(
    (events / seconds) * unitMinutes * 60,
    largest * GROWTH,
    bytes > 0 ? (outputBytes * SPARE_BYTES * events) / bytes : Number.POSITIVE_INFINITY,
    MAX_BLOCKS_PER_UNIT * blockEvents,
  );
  return Math.max(1, Math.floor(most / eventsPerUnit));
}

/**
 * Whether a unit that is there already may go to a host for which a unit of `portions` would be cut. What others have begun
 * or computed stays as it is; of what nobody has, the host gets as much as is right for it.
 */
export function suits(
  unit: { readonly portions: number; readonly isUntouched: boolean },
  portions: number,
): boolean {
  return unit.isUntouched || !isTooLarge(unit.portions, portions);
}

/** Twice as long as meant is near enough. */
export function isTooLarge(unit: number, portions: number): boolean {
  return unit > 2 * portions;
}
