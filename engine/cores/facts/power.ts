import type { PowerReport } from '../../../protocol/engine-api.ts';
import type { Facts } from '../situation.ts';

/**
 * A desktop shell tells anew every half minute or so. One that has not for this long is gone or hangs: what it said
 * last says nothing any more, and a machine that was about to sleep is not asleep.
 */
export const POWER_HOLDS_MS = 5 * 60_000;

/** What the engine finds out itself, with what only a desktop shell knows laid over it. */
export function withPower(facts: Facts, report: PowerReport | null): Facts {
  if (!report) return facts;
  const { onBattery, screenLocked, thermal, suspending } = report;
  return {
    ...facts,
    battery:
      onBattery === null
        ? facts.battery
        : { discharging: onBattery, percent: facts.battery?.percent ?? null },
    personIdleSeconds: idleSeconds(facts.personIdleSeconds, report),
    // Behind a locked screen nobody watches a film.
    fullScreen: screenLocked ? false : facts.fullScreen,
    thermal,
    suspending,
  };
}

/** A locked screen: nobody is there. Else the shorter of two: each of us sees persons that the other does not. */
function idleSeconds(own: number | null, { screenLocked, idleSeconds: told }: PowerReport): number | null {
  if (screenLocked) return Number.POSITIVE_INFINITY;
  if (told === null || own === null) return told ?? own;
  return Math.min(told, own);
}
