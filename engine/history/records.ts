import type { Contribution, FinishedUnit } from '../../protocol/engine-api.ts';

/** What a unit filled, as its program told while it ran. */
export interface Fills {
  /** JSON with sorted keys: names the point of the campaign. */
  readonly parameters: string;
  readonly events: number;
  readonly counts: Readonly<Record<string, readonly number[]>>;
}

/** What this host's validated units fill of one point. */
export type PointSums = Fills;

/** A unit this host computed, as it stands now; recorded again when its verdict comes. */
export interface UnitRecord extends FinishedUnit {
  /** The project's name, as shown to the person. */
  readonly projectName: string;
  readonly cpuSeconds: number;
  /** Where it is valid and told what it filled. */
  readonly fills: Fills | null;
}

/** What the history knows of Contribution; the rate is measured live. */
export type Totals = Omit<Contribution, 'eventsPerSecond'>;

/** A unit's verdict after which it never changes again. */
export function isFinal(verdict: FinishedUnit['verdict']): boolean {
  return verdict !== 'unreported' && verdict !== 'pending';
}

/** Something the person can mend. `message` says how. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
}
