import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../../platform/files.ts';
import { advise, type Check, found, ok, problem, reasonOf } from '../check.ts';

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
      return ok(found('folder-writable', { folder: files.dataFolder }));
    } catch (error) {
      return problem(
        found('folder-not-writable', { folder: files.dataFolder, error: reasonOf(error) }),
        advise('make-writable'),
      );
    }
  },
};
