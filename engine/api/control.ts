import type { DoctorCheck, HistoryDay, ProjectView } from '../../protocol/engine-api.ts';
import type { Preferences } from '../../protocol/preferences.ts';

/**
 * What a client may ask of the engine; engine.ts implements it, the API calls it. Inputs were parsed by the
 * schemas of protocol/engine-api.ts. Whatever can go wrong for a reason the person can mend is thrown as a
 * ControlError; anything else thrown is a bug and is answered with 500.
 */
export interface EngineControl {
  /** @param forSeconds null: until resumed (also over a restart of the engine) */
  pause(forSeconds: number | null): Promise<void>;
  resume(): Promise<void>;
  /** Stores and applies at once. */
  setPreferences(preferences: Preferences): Promise<void>;
  /** @param invitation as the person pasted it (docs: beamtime://join?... or http(s)://...#key=...) */
  join(invitation: string): Promise<ProjectView>;
  doctor(): Promise<DoctorCheck[]>;
  /** The last `days` days, oldest first; days without work are left out. */
  history(days: number): Promise<HistoryDay[]>;
  /** Console text of a running or recent work unit; null when nothing is known of it. */
  console(unitId: string): Promise<string | null>;
  /**
   * Ends the engine; resolves when that is under way, before the API closes.
   * @param finish true: running units are computed and reported first, no new ones are taken
   */
  stop(options: { finish: boolean }): Promise<void>;
}

export type ControlErrorCode = 'invalid' | 'conflict' | 'unreachable' | 'refused';

/** A request that cannot be done. `message` tells the person what to do; `place` is where in the input. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;
  readonly place: string | null;

  constructor(code: ControlErrorCode, message: string, place: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.place = place;
  }
}
