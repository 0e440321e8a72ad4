import type { Preferences } from '../protocol/preferences.ts';
import type { CalibrationCandidate, Calibrator } from './calibration/index.ts';
import type { CapsuleKind } from './capsules/capsule.ts';
import type { DriverPool } from './slots/drivers.ts';
import type { Desk, WorkUnit } from './work/index.ts';

export interface CapsuleChoiceOptions {
  readonly desk: Desk;
  readonly drivers: DriverPool;
  readonly calibrator: Calibrator;
  readonly preference: () => Preferences['capsule'];
}

/** Which capsule runs a unit: what the person wants, else what was measured to be faster. */
export class CapsuleChoice {
  readonly #options: CapsuleChoiceOptions;

  constructor(options: CapsuleChoiceOptions) {
    this.#options = options;
  }

  /** Best first; none while the one that the person wants lacks the unit's program. */
  for({ release, programs }: WorkUnit): readonly CapsuleKind[] {
    const kinds = [...programs.keys()];
    const wanted = this.#options.preference();
    if (wanted !== 'auto') return kinds.filter((kind) => kind === wanted);
    return release ? this.#options.calibrator.order(release, kinds) : kinds;
  }

  /** Has measured what is not known yet of the units that wait here. */
  considerMeasuring(): void {
    if (this.#options.preference() !== 'auto') return;
    const ready = this.#options.desk.list(({ state }) => state.state === 'ready');
    this.#options.calibrator.consider(ready.flatMap(candidateOf));
  }

  /** Which capsules may be used has changed: units that wait have their programs for all of them fetched. */
  async changed(): Promise<void> {
    const { desk, drivers } = this.#options;
    for (const unit of desk.list(({ state, inSlot }) => state.state === 'ready' && !inSlot)) {
      const { release, programs } = unit;
      const usable = await drivers.usable(unit.spooled.project);
      const hasAll = usable.every(({ kind, platform }) => !release?.programs[platform] || programs.has(kind));
      const hasOne = usable.some(({ kind }) => programs.has(kind));
      if ((hasAll && hasOne) || unit.state.state !== 'ready' || unit.inSlot) continue;
      await desk.apply(unit, { event: 'programMissing' });
    }
  }
}

function candidateOf({ release, programs, spooled }: WorkUnit): CalibrationCandidate[] {
  return release ? [{ project: spooled.project, release, programs, card: spooled.lease.card }] : [];
}
