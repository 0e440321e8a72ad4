import { resolve } from 'node:path';
import { BackupError } from '../../server/backup/backup.ts';
import { restoreBackup } from '../../server/backup/restore.ts';
import { StoreError } from '../../server/store/database.ts';
import type { Command } from '../command.ts';
import { EXIT, RefusedError } from '../errors.ts';
import { count } from '../words.ts';
import { databaseOf, serverSettings } from './settings.ts';

export const restoreCommand: Command = {
  name: 'server restore',
  summary: 'make a project’s data folder of a backup',
  description:
    'Every byte of the backup is checked first; one that is damaged changes nothing. A backup of an earlier Beamtime is brought to this ' +
    'one’s schema. Then start "beamtime server --data FOLDER" at the old address: hosts go on with what they have ' +
    'in hand, and the results of their leases count. What was reported after the backup was made is lost, and is computed again.',
  positionals: {
    name: 'FILE FOLDER',
    min: 2,
    max: 2,
    help: 'the backup, and the data folder to make; it must be empty or not there',
  },
  options: {
    database: {
      value: 'URL',
      help: 'put the store into this empty PostgreSQL database (postgres://USER@HOST/NAME), not into the folder',
    },
    config: { value: 'FILE', help: 'the server’s configuration file, which may say its database' },
  },
  examples: [
    'beamtime server restore /backup/project-2026-11-28.tar /var/lib/beamtime',
    'beamtime server restore project.tar /srv/beamtime --database postgres://beamtime@db/beamtime',
  ],
  async run(input) {
    const [file = '', folder = ''] = input.positionals;
    try {
      const database = await databaseOf(await serverSettings(input));
      const { about, files } = await restoreBackup(file, resolve(folder), new Date(), database);
      input.terminal.document({
        folder: resolve(folder),
        files,
        takenAt: about.takenAt,
        bucket: about.bucket ?? null,
      });
      input.terminal.say(`${resolve(folder)}: ${count(files)} files, as of ${about.takenAt}.`);
      if (about.bucket !== undefined) {
        input.terminal.note(
          `programs and large outputs are in ${about.bucket}: start it with that setting, or copy all of that first`,
        );
      }
      input.terminal.say(`Start it with "beamtime server --data ${resolve(folder)}".`);
      return EXIT.done;
    } catch (error) {
      if (error instanceof BackupError || error instanceof StoreError)
        throw new RefusedError(error.message, { cause: error });
      throw error;
    }
  },
};
