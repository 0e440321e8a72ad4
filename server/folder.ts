import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FolderInUse, type FolderLock, lockFolder } from '../platform/folder-lock.ts';
import { ServerStartError } from './errors.ts';
import type { ServerFiles } from './files.ts';
import type { Database } from './store/database.ts';

/** What servers that share a folder are still writing is younger. */
const LEFT_MS = 86_400_000;

/**
 * Takes a data folder. With an embedded store it is one server's at a time. With a PostgreSQL server any number of servers
 * share it, and no server without one may begin an empty store in it, or the other way round.
 * @throws ServerStartError
 */
export async function holdFolder(files: ServerFiles, isShared: boolean): Promise<FolderLock> {
  const { dataFolder, lock, shared, database } = files;
  try {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 });
    if (isShared) {
      if (existsSync(database)) {
        throw new ServerStartError(
          `${dataFolder} has a store of its own (database/): make a backup of it, and restore that into the PostgreSQL database and an empty folder (docs/operations.md)`,
        );
      }
      await writeFile(
        shared,
        'The store of this project is in a PostgreSQL server: see its setting database.\n',
      );
      return { release: async () => {} };
    }
    if (existsSync(shared)) {
      throw new ServerStartError(
        `the store of ${dataFolder} is in a PostgreSQL server: say which with --database, or in its configuration`,
      );
    }
    return await lockFolder(lock);
  } catch (cause) {
    if (cause instanceof FolderInUse) {
      throw new ServerStartError(`the data folder ${dataFolder} is ${cause.message}`, { cause });
    }
    throw words(cause, dataFolder);
  }
}

/** Objects that were being written when a server was killed. */
export async function removeUnfinished(
  { objects, snapshots }: ServerFiles,
  isShared: boolean,
): Promise<void> {
  if (!isShared) await rm(snapshots, { recursive: true, force: true });
  for (const name of await readdir(objects)) {
    const path = join(objects, name);
    if (!name.endsWith('.new')) continue;
    if (isShared && Date.now() - (await stat(path).catch(() => ({ mtimeMs: 0 }))).mtimeMs < LEFT_MS) continue;
    await rm(path, { force: true });
  }
}

/**
 * Sees that this store and this folder are one project's: a server on another's folder would sign with another key, and
 * not find what its hosts uploaded.
 * @throws ServerStartError
 */
export async function mustBeOurs(db: Database, keyFingerprint: string, dataFolder: string): Promise<void> {
  const [project] = await db.transaction(async (tx) => {
    await tx.query('INSERT INTO project (key_fingerprint) VALUES ($1) ON CONFLICT DO NOTHING', [
      keyFingerprint,
    ]);
    return tx.query<{ key_fingerprint: string }>('SELECT key_fingerprint FROM project');
  });
  if (project?.key_fingerprint === keyFingerprint) return;
  throw new ServerStartError(
    `the database is of the project with key ${project?.key_fingerprint}, the data folder ${dataFolder} of that with key ${keyFingerprint}; all servers of a project share one folder`,
  );
}

/** An error of the folder, in words. */
export function words(cause: unknown, dataFolder: string): unknown {
  const why = unusable(cause);
  if (why === null) return cause;
  return new ServerStartError(
    `the data folder ${dataFolder} can not be used: ${why}; mend that, or choose another folder`,
    { cause },
  );
}

/** @returns why a folder can not be written to, in words; null where the error says nothing of that kind */
function unusable(error: unknown): string | null {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there';
    case 'ENOENT': // mkdir's word for a folder that can not be made where the disk is read-only
      return 'it can not be made there';
    case 'EROFS':
      return 'its disk is read-only';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'its disk is full';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'it is not a folder';
    default:
      return null;
  }
}
