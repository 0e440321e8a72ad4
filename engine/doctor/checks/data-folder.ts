import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../../platform/files.ts';
import { type Check, ok, problem } from '../check.ts';

/** Everything the engine keeps is there: without it nothing survives. */
export const dataFolder: Check = {
  name: 'data-folder',
  title: 'Data folder',
  async run({ files }) {
    const probe = join(files.dataFolder, `.doctor-${process.pid}`);
    try {
      await makeFolder(files.dataFolder, 0o700);
      await writeFileAtomic(probe, 'probe');
      await rm(probe, { force: true });
      return ok(`${files.dataFolder} can be written`);
    } catch (error) {
      return problem(
        `${files.dataFolder} cannot be written: ${error instanceof Error ? error.message : error}`,
        'Make it writable for you, or choose another folder with --data or BEAMTIME_DATA.',
      );
    }
  },
};
