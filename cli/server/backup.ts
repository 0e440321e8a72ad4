import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FolderInUse, type FolderLock, lockFolder } from '../../platform/folder-lock.ts';
import { isAlive } from '../../platform/processes.ts';
import { ServerEndpoint, StoreSnapshot } from '../../protocol/staff-api.ts';
import { BackupError, writeBackup } from '../../server/backup/backup.ts';
import { takeSnapshot } from '../../server/backup/take-snapshot.ts';
import { VARIABLES } from '../../server/config.ts';
import { type ServerFiles, serverFiles } from '../../server/files.ts';
import { SERVER_VERSION } from '../../server/project.ts';
import { type Database, StoreError } from '../../server/store/database.ts';
import { openPglite } from '../../server/store/pglite.ts';
import { openPostgresql, type PostgresqlOptions } from '../../server/store/postgresql.ts';
import { ask } from '../api.ts';
import type { Command } from '../command.ts';
import { readEndpoint } from '../endpoints.ts';
import { CliError, EXIT, RefusedError } from '../errors.ts';
import { dataOption } from '../folders.ts';
import { count } from '../words.ts';
import { databaseOf, serverSettings } from './settings.ts';

/** A store of millions of results takes minutes to be written. */
const SNAPSHOT_MS = 6 * 3_600_000;

export const backupCommand: Command = {
  name: 'server backup',
  summary: 'write all that a project has into one file, while it runs',
  description:
    'On the server’s machine, as its user. The file holds the store as it was at one moment, all objects, the published software ' +
    'and the keys: whoever has it is the project, so keep it as you keep those. A server need not be stopped for it; ' +
    'while the store is read, requests wait.',
  positionals: { name: 'FILE', min: 1, max: 1, help: 'the file to write (a tar archive); must not be there' },
  options: {
    ...dataOption('project'),
    config: { value: 'FILE', help: 'the server’s configuration file, which may say where its data is' },
  },
  examples: ['beamtime server backup /backup/project-2026-11-28.tar'],
  async run(input) {
    const [target = ''] = input.positionals;
    const settings = await serverSettings(input);
    const files = serverFiles(settings.values.data);
    const turn = await heldBy(files.backupLock, files, 'another backup is being made there');
    try {
      const { snapshot, unlock } = await snapshotOf(files, await databaseOf(settings));
      try {
        const { file, takenAt, serverVersion } = snapshot;
        const written = await writeBackup(files, file, { takenAt, serverVersion }, target);
        for (const link of written.links)
          input.terminal.note(`${link} is a link to elsewhere; what it leads to is not in the backup`);
        if (written.bucket !== null) {
          input.terminal.note(
            `programs and large outputs are in ${written.bucket} and not in the backup: see that the bucket is kept as long as it`,
          );
        }
        input.terminal.document({ file: target, takenAt, ...written });
        input.terminal.say(
          `${target}: ${count(written.files)} files, ${count(written.bytes)} bytes, as of ${takenAt}. It holds the project’s keys.`,
        );
        return EXIT.done;
      } finally {
        await rm(dirname(snapshot.file), { recursive: true, force: true });
        await unlock();
      }
    } catch (error) {
      if (error instanceof BackupError) throw new RefusedError(error.message, { cause: error });
      if (error instanceof StoreError) throw new CliError(EXIT.failed, error.message, { cause: error });
      throw error;
    } finally {
      await turn.release();
    }
  },
};

/** @throws RefusedError where somebody else holds it, or there is no such folder */
async function heldBy(lock: string, { dataFolder }: ServerFiles, other: string): Promise<FolderLock> {
  try {
    return await lockFolder(lock);
  } catch (cause) {
    if (cause instanceof FolderInUse)
      throw new RefusedError(`${dataFolder}: ${other}; make the backup after that`, { cause });
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new RefusedError(`${dataFolder} is no project’s data folder; name it with --data`, { cause });
    throw cause;
  }
}

/**
 * From the server that runs on this machine; where none does, from the PostgreSQL server, or from the folder, which none may
 * take meanwhile.
 */
async function snapshotOf(
  files: ServerFiles,
  database: PostgresqlOptions | undefined,
): Promise<{ snapshot: StoreSnapshot; unlock: () => Promise<void> }> {
  const endpoint = await readEndpoint(files.endpoint, ServerEndpoint);
  if (endpoint && isAlive(endpoint.pid)) {
    const api = {
      who: 'the project server',
      url: endpoint.url,
      token: endpoint.staffToken,
      remedy: 'look into its log',
    };
    const request = { method: 'POST', path: '/staff/snapshots', timeoutMs: SNAPSHOT_MS } as const;
    return { snapshot: await ask(api, { ...request, schema: StoreSnapshot }), unlock: async () => {} };
  }
  if (database) {
    const snapshot = await taken(await openPostgresql(database), files);
    return { snapshot, unlock: async () => {} };
  }
  if (existsSync(files.shared)) {
    throw new RefusedError(
      `the store of ${files.dataFolder} is in a PostgreSQL server: say which with --config or ${VARIABLES.database}`,
    );
  }
  const lock = await heldBy(files.lock, files, 'a project server is just starting or ending there');
  try {
    return { snapshot: await taken(await openPglite(files.database), files), unlock: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function taken(db: Database, files: ServerFiles): Promise<StoreSnapshot> {
  try {
    const takenAt = new Date().toISOString();
    return { file: await takeSnapshot(db, files), takenAt, serverVersion: SERVER_VERSION };
  } finally {
    await db.close();
  }
}
