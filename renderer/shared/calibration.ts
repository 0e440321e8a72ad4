import type { EngineState } from '../../protocol/engine-api.ts';
import type { Preferences } from '../../protocol/preferences.ts';
import { capsuleName } from './capsule-names.ts';
import { significant } from './format.ts';

/** Why work runs where it does, in one sentence for a person. */
export function whyCapsule(
  calibration: EngineState['calibrations'][number],
  capsules: EngineState['capsules'],
  preference: Preferences['capsule'],
): string {
  const chosen = capsuleName(calibration.chosen);
  if (preference === calibration.chosen) return `${chosen}, because your preferences say so.`;
  const own = calibration.eventsPerSecond[calibration.chosen];
  const others = Object.entries(calibration.eventsPerSecond)
    .filter(([kind, rate]) => kind !== calibration.chosen && rate > 0)
    .sort(([, a], [, b]) => b - a);
  const next = others[0];
  if (own !== undefined && next && own >= next[1]) {
    return `${chosen}: measured ${significant(own / next[1], 2)} times as fast as ${capsuleName(next[0])} on this computer.`;
  }
  const out = capsules.find(({ kind, unavailable }) => kind !== calibration.chosen && unavailable !== null);
  if (out) return `${chosen}: ${capsuleName(out.kind)} cannot run here.`;
  return `${chosen}: the one measured so far.`;
}
