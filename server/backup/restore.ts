import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SourceFault } from '../../cvmfs/publish/errors.ts';
import { readTar, type TarMember } from '../../cvmfs/publish/sources/tar.ts';
import { syncFolder } from '../../platform/files.ts';
import { lockFolder } from '../../platform/folder-lock.ts';
import { type ServerFiles, serverFiles } from '../files.ts';
import { openPglite } from '../store/pglite.ts';
import { openPostgresql, type PostgresqlOptions } from '../store/postgresql.ts';
import { makeDataFolder } from '../store/prepare.ts';
import { linesOf, loadSnapshot } from '../store/snapshot.ts';
import { About, BackupError, ENTRIES } from './backup.ts';

/**
 * Leases that were given after the backup are known to their hosts and not to the store. No later lease may have the
 * number of one of them: its result would be taken for another's.
 */
const AHEAD = { lease_id_seq: 1_000_000_000 };

export interface Restored {
  readonly about: About;
  readonly files: number;
}

/**
 * Makes a project's data folder of a backup, whole or not at all: only once all of it has proven sound it takes its
 * place.
 * @param folder empty, or not there
 * @param database an empty database of a PostgreSQL server, where the store is to be there and not in the folder
 * @throws BackupError, StoreError
 */
export async function restoreBackup(
  backup: string,
  folder: string,
  now: Date,
  database?: PostgresqlOptions,
): Promise<Restored> {
  const files = serverFiles(folder);
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await mustBeEmpty(files);
    return await restoreInto(files, backup, now, database);
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw error;
  }
}

async function restoreInto(
  files: ServerFiles,
  backup: string,
  now: Date,
  database: PostgresqlOptions | undefined,
): Promise<Restored> {
  const lock = await lockFolder(files.lock);
  try {
    const beside = serverFiles(files.restoring);
    await rm(files.restoring, { recursive: true, force: true });
    await mkdir(files.restoring, { mode: 0o700 });
    try {
      const restored = await unpack(backup, files.restoring);
      const snapshot = join(files.restoring, ENTRIES.store);
      await (database ? fillDatabase(database, snapshot, now) : fillStore(beside, snapshot, now));
      await rm(snapshot);
      await settle(files);
      return restored;
    } catch (error) {
      await rm(files.restoring, { recursive: true, force: true });
      throw error;
    }
  } finally {
    await lock.release();
  }
}

async function mustBeEmpty({ dataFolder, restoring }: ServerFiles): Promise<void> {
  const isOther = (name: string) => name !== 'lost+found' && join(dataFolder, name) !== restoring;
  const other = (await readdir(dataFolder)).find(isOther);
  if (other === undefined) return;
  throw new BackupError(`${dataFolder} is not empty (${other} is in it); restore into an empty folder`);
}

/** @throws BackupError where it is no backup, or not every byte of it is as it was written */
async function unpack(backup: string, folder: string): Promise<Restored> {
  const sums = new Map<string, string>();
  let about: About | null = null;
  let stated: string | null = null;
  try {
    for await (const member of readTar(createReadStream(backup))) {
      const path = member.path.slice(1);
      if (member.kind === 'directory') {
        await mkdir(join(folder, path), { recursive: true, mode: 0o700 });
        continue;
      }
      if (member.kind !== 'file' || stated !== null) throw damaged(backup, `${path} does not belong in it`);
      if (path === ENTRIES.sums) {
        stated = (await bytesOf(member)).toString('utf8');
        continue;
      }
      sums.set(path, await write(member, join(folder, path)));
      if (path === ENTRIES.about) about = await readAbout(backup, join(folder, path));
      if (!about) throw damaged(backup, 'it does not begin as one');
    }
  } catch (cause) {
    if (cause instanceof SourceFault) throw damaged(backup, cause.message, cause);
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'EACCES')
      throw new BackupError(`${backup} can not be read (${code})`, { cause });
    throw cause;
  }
  if (!about || stated === null) throw damaged(backup, 'it is cut off');
  const lines = [...sums].map(([path, sha256]) => `${sha256}  ${path}\n`).join('');
  if (lines !== stated) {
    const wrong = [...sums].find(([path, sha256]) => !stated.includes(`${sha256}  ${path}\n`));
    throw damaged(backup, wrong ? `${wrong[0]} is not as it was` : 'something of it is missing');
  }
  await rm(join(folder, ENTRIES.about));
  return { about, files: sums.size };
}

function damaged(backup: string, why: string, cause?: unknown): BackupError {
  return new BackupError(`${backup} is no whole backup of a project server: ${why}; take another one`, {
    cause,
  });
}

async function readAbout(backup: string, file: string): Promise<About> {
  try {
    return About.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw damaged(backup, 'it is of a kind that this server does not know', cause);
  }
}

/** @returns the SHA-256 */
async function write(member: TarMember, path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  const file = await open(path, 'wx', member.mode & 0o777);
  try {
    for await (const piece of member.body) {
      hash.update(piece);
      await file.writeFile(piece);
    }
    await file.datasync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

async function bytesOf(member: TarMember): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of member.body) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function fillStore({ database }: ServerFiles, snapshot: string, now: Date): Promise<void> {
  await makeDataFolder(database);
  const db = await openPglite(database);
  try {
    await loadSnapshot(db, linesOf(snapshot), now, AHEAD);
    await db.maintain();
  } finally {
    await db.close();
  }
}

const TABLES = `
  SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LIMIT 1`;
/** PostgreSQL's word for what a role may not do. */
const INSUFFICIENT_PRIVILEGE = '42501';

async function fillDatabase(database: PostgresqlOptions, snapshot: string, now: Date): Promise<void> {
  const db = await openPostgresql(database);
  try {
    const [table] = await db.query<{ name: string }>(TABLES);
    if (table) {
      throw new BackupError(`the database is not empty (${table.name} is in it); restore into an empty one`);
    }
    await loadSnapshot(db, linesOf(snapshot), now, AHEAD);
    await db.execute('ANALYZE');
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw cause;
    throw new BackupError(
      `this role may not load rows (${(cause as Error).message}); as PostgreSQL's superuser say GRANT SET ON PARAMETER session_replication_role TO the role, and make the database anew`,
      { cause },
    );
  } finally {
    await db.close();
  }
}

/** Its parts move up one by one; a server that finds some still waiting does not start. */
async function settle({ dataFolder, restoring }: ServerFiles): Promise<void> {
  await syncFolder(restoring);
  for (const name of await readdir(restoring)) await rename(join(restoring, name), join(dataFolder, name));
  await syncFolder(dataFolder);
  await rm(restoring, { recursive: true });
}
