import type { PowerReport } from '../../protocol/engine-api.ts';

/** What the system has told so far. */
export interface PowerFacts {
  readonly onBattery: boolean | null;
  readonly idleSeconds: number | null;
  readonly screenLocked: boolean | null;
  readonly suspending: boolean;
  readonly thermal: PowerReport['thermal'];
}

export const UNKNOWN: PowerFacts = {
  onBattery: null,
  idleSeconds: null,
  screenLocked: null,
  suspending: false,
  thermal: null,
};

/**
 * Whether the system's idle time can be believed. Some Wayland desktops answer 0 for ever, which would read as a
 * person who never rests; once it has been more than that, it is known to count.
 */
export class IdleTime {
  #counts: boolean;

  constructor(env: NodeJS.ProcessEnv, platform: NodeJS.Platform) {
    this.#counts = platform !== 'linux' || env.XDG_SESSION_TYPE !== 'wayland';
  }

  /** @returns null where the system does not know */
  read(seconds: number): number | null {
    if (!Number.isFinite(seconds) || seconds < 0) return null;
    if (seconds > 1) this.#counts = true;
    return this.#counts ? seconds : null;
  }
}

const THERMAL = ['nominal', 'fair', 'serious', 'critical'] as const;

/** null: the system does not know. */
export function thermalOf(state: string): PowerReport['thermal'] {
  return THERMAL.find((one) => one === state) ?? null;
}
