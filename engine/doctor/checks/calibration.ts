import { loadCalibrations } from '../../calibration/record.ts';
import { type Check, ok, warning } from '../check.ts';

/** A capsule that failed its measurement is last for a day: the person may know that it was a bad moment. */
export const calibration: Check = {
  name: 'calibration',
  title: 'Which capsule is faster',
  async run({ files }) {
    const known = await loadCalibrations(files.machine);
    if (known.length === 0) return ok('not measured yet; the first work units tell');
    const failures = known.flatMap(({ application, failed }) =>
      Object.entries(failed).map(([kind, reason]) => `${application} in ${kind}: ${reason}`),
    );
    if (failures.length > 0)
      return warning(
        `no figure for ${failures.join('; ')}`,
        'It is measured again tomorrow, or now if you wish; until then the other capsule is used.',
        'measure-again',
      );
    return ok(known.map(({ application, version }) => `${application} ${version}`).join(', '));
  },
};
