import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { advise, type Check, found, ok, problem, warning } from '../check.ts';

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
        found('disk-short', { freeMb, neededMb: NEEDED_MB }),
        advise('free-space'),
        'clear-cache',
      );
    const values = { freeMb, limitMb: preferences.diskLimitMb };
    if (freeMb < preferences.diskLimitMb)
      return warning(found('disk-under-limit', values), advise('lower-disk-limit'), 'clear-cache');
    return ok(found('disk-enough', values));
  },
};
