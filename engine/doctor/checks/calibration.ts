import { loadCalibrations } from '../../calibration/record.ts';
import { advise, type Check, found, ok, warning } from '../check.ts';

/** A capsule that failed its measurement is last for a day: the person may know that it was a bad moment. */
export const calibration: Check = {
  name: 'calibration',
  title: 'Which capsule is faster',
  async run({ files }) {
    const known = await loadCalibrations(files.machine);
    if (known.length === 0) return ok(found('calibration-none'));
    const failures = known.flatMap(({ application, failed }) =>
      Object.entries(failed).map(([kind, error]) =>
        found('calibration-failed', { application, kind, error }),
      ),
    );
    if (failures.length > 0) return warning(failures, advise('measured-again'), 'measure-again');
    return ok(known.map(({ application, version }) => found('calibration-known', { application, version })));
  },
};
