import type { EngineState } from '../../../protocol/engine-api.ts';
import type { Preferences } from '../../../protocol/preferences.ts';
import { significant } from '../../shared/format.ts';
import { t } from './index.ts';
import { capsuleName } from './words.ts';

/** Why work runs where it does, in one sentence for a person. */
export function whyCapsule(
  calibration: EngineState['calibrations'][number],
  capsules: EngineState['capsules'],
  preference: Preferences['capsule'],
): string {
  const chosen = capsuleName(calibration.chosen);
  if (preference === calibration.chosen) return t('capsules.because', { chosen });
  const own = calibration.eventsPerSecond[calibration.chosen];
  const [next] = Object.entries(calibration.eventsPerSecond)
    .filter(([kind, rate]) => kind !== calibration.chosen && rate > 0)
    .sort(([, a], [, b]) => b - a);
  if (own !== undefined && next && own >= next[1]) {
    const times = significant(own / next[1], 2);
    return t('capsules.faster', { chosen, times, other: capsuleName(next[0]) });
  }
  const out = capsules.find(({ kind, unavailable }) => kind !== calibration.chosen && unavailable !== null);
  return out
    ? t('capsules.otherCannot', { chosen, other: capsuleName(out.kind) })
    : t('capsules.only', { chosen });
}
