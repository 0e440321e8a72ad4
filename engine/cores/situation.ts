import type { PowerReport } from '../../protocol/engine-api.ts';

/** What is asked of the machine every few seconds. null: this machine cannot tell. */
export interface Facts {
  readonly memoryAvailableMb: number | null;
  /** null also where there is no battery. */
  readonly battery: { readonly discharging: boolean; readonly percent: number | null } | null;
  readonly temperatureC: number | null;
  /** Since the last key, pointer or terminal input; Infinity: nobody is logged in. */
  readonly personIdleSeconds: number | null;
  readonly fullScreen: boolean | null;
  readonly metered: boolean | null;
  /** As the system itself says; null: it does not. */
  readonly thermal: PowerReport['thermal'];
  /** The machine is about to sleep. */
  readonly suspending: boolean;
  /** One of the programs during which nothing is to be computed. */
  readonly program: string | null;
}

export const NO_FACTS: Facts = {
  memoryAvailableMb: null,
  battery: null,
  temperatureC: null,
  personIdleSeconds: null,
  fullScreen: null,
  metered: null,
  thermal: null,
  suspending: false,
  program: null,
};

/** Everything the policy looks at, of one moment. */
export interface Situation {
  /** Logical cores this engine may run on. */
  readonly cores: number;
  /** Cores' worth of time that programs other than ours used, mean of about the last half second. */
  readonly othersBusy: number;
  /** What the busiest other program does, in words ("you are compiling"); null: not known. */
  readonly busyWith: string | null;
  readonly facts: Facts;
  /** Capsules that hold memory now, running or paused. */
  readonly capsules: number;
  /** What one more capsule would take. */
  readonly capsuleMemoryMb: number;
  /** Promised to the capsules that live now and not yet taken by them. */
  readonly promisedMemoryMb: number;
}

/** The person's own pause. Ends at either moment: the monotonic one bounds it where the wall clock is set back. */
export interface Pause {
  /** null: until resumed. */
  readonly untilWallMs: number | null;
  readonly untilMonotonicMs: number | null;
}

export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
  /** Local time of the week, for the schedule: 0 = Sunday, minutes since midnight. */
  readonly day: number;
  readonly minute: number;
}

/** @param wallMs milliseconds since 1970; the process's time zone decides the rest */
export function momentOf(wallMs: number, monotonicMs: number): Moment {
  const local = new Date(wallMs);
  return {
    wallMs,
    monotonicMs,
    day: local.getDay(),
    minute: local.getHours() * 60 + local.getMinutes(),
  };
}
