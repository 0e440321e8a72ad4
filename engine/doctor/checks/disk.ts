import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Check, ok, problem, warning } from '../check.ts';

/** A VM snapshot and a few work units. */
const NEEDED_MB = 300;

export const disk: Check = {
  name: 'disk',
  title: 'Disk space',
  async run({ files, preferences }) {
    const facts = await statfs(files.dataFolder).catch(() => statfs(dirname(files.dataFolder)));
    const freeMb = Math.floor((facts.bavail * facts.bsize) / 1e6);
    if (freeMb < NEEDED_MB)
      return problem(
        `${freeMb} MB are free; work needs ${NEEDED_MB} MB`,
        'Free some space on this disk, or choose another with --data; programs that no unit needs now can be removed.',
        'clear-cache',
      );
    if (freeMb < preferences.diskLimitMb)
      return warning(
        `${freeMb} MB are free, less than the ${preferences.diskLimitMb} MB Beamtime may use`,
        'Lower the disk limit in preferences, or free some space.',
        'clear-cache',
      );
    return ok(`${freeMb} MB are free; Beamtime uses at most ${preferences.diskLimitMb} MB`);
  },
};
