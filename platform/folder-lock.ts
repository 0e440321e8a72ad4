import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { isAlive, startedAt } from './processes.ts';

/** Who holds a folder. `started` tells a process from a later one with the same number. */
const Holder = z.strictObject({ pid: z.number().int().positive(), started: z.string(), nonce: z.string() });
type Holder = z.infer<typeof Holder>;

/** Another living process holds the folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
  readonly pid: number;
  constructor(lockPath: string, pid: number) {
    super(`already in use by process ${pid} (${lockPath}); stop that one first, or use another data folder`);
    this.pid = pid;
  }
}

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Holds a folder for this process. A lock left by a process that died, however it died, is taken over.
 * Node has no flock(2): the lock is a file with the holder's identity, made whole by link(2), and the
 * takeover of a stale one is itself guarded, so that of two heirs one wins.
 * @throws FolderInUse
 */
export async function lockFolder(lockPath: string): Promise<FolderLock> {
  const mine: Holder = {
    pid: process.pid,
    started: startedAt(process.pid),
    nonce: randomBytes(8).toString('hex'),
  };
  const beside = `${lockPath}.${mine.nonce}`;
  await writeFile(beside, JSON.stringify(mine), { mode: 0o600, flag: 'wx' });
  living.add(mine.nonce);
  try {
    for (;;) {
      if (await linked(beside, lockPath)) break;
      const holder = await readHolder(lockPath);
      if (holder && holds(holder)) throw new FolderInUse(lockPath, holder.pid);
      const guard = `${lockPath}.heir`;
      if (!(await linked(beside, guard))) {
        const heir = await readHolder(guard);
        if (!heir || !holds(heir)) await rm(guard, { force: true });
        continue;
      }
      try {
        const again = await readHolder(lockPath);
        if (again && holds(again)) throw new FolderInUse(lockPath, again.pid);
        await rename(beside, lockPath);
        break;
      } finally {
        await rm(guard, { force: true });
      }
    }
  } catch (error) {
    living.delete(mine.nonce);
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
  return {
    async release() {
      if (!living.delete(mine.nonce)) return;
      const holder = await readHolder(lockPath);
      if (holder?.nonce === mine.nonce) await rm(lockPath, { force: true });
    },
  };
}

/** Locks held or sought by this very process: a file naming our own pid is ours only if its nonce is here. */
const living = new Set<string>();

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** @returns null where there is none, or it is not readable as a lock (then nobody living wrote it: link is whole) */
async function readHolder(path: string): Promise<Holder | null> {
  try {
    return Holder.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EACCES' || code === 'EPERM') throw error;
    return null;
  }
}

function holds(holder: Holder): boolean {
  if (holder.pid === process.pid) return living.has(holder.nonce);
  if (!isAlive(holder.pid)) return false;
  const started = startedAt(holder.pid);
  return started === '' || holder.started === '' || started === holder.started;
}
