import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerFiles } from '../files.ts';
import type { Database } from '../store/database.ts';
import { writeSnapshot } from '../store/snapshot.ts';

const NAME = 'store.jsonl';

/**
 * Writes the store's snapshot beside it, in place of one before: whoever makes the backup reads it there.
 * @returns its path
 */
export async function takeSnapshot(db: Database, { snapshots }: ServerFiles): Promise<string> {
  await rm(snapshots, { recursive: true, force: true });
  await mkdir(snapshots, { mode: 0o700 });
  const path = join(snapshots, NAME);
  const file = await open(path, 'wx', 0o600);
  try {
    await writeSnapshot(db, file);
  } finally {
    await file.close();
  }
  return path;
}
