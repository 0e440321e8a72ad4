import type { Contribution, FinishedUnit } from '../../protocol/engine-api.ts';

/** A unit this host computed, as it stands now; recorded again when its verdict comes. */
export interface UnitRecord extends FinishedUnit {
  /** The project's name, as shown to the person. */
  readonly projectName: string;
  readonly cpuSeconds: number;
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
