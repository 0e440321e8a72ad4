import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../platform/files.ts';

const GOING = '.going';

/**
 * What was put into a bucket, or was about to be, and is not yet known to be named by anything in the store:
 *
 *     FOLDER/SHA256         since its time; written before the bucket has it
 *     FOLDER/SHA256.going   nothing named it, or it was read and is damaged: it counts as gone, and will be if nothing names it
 *
 * So whatever a crash leaves in the bucket is known without listing it.
 */
export class PlacingNotes {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Durable when it resolves. */
  async begin(sha256: string, now: Date): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, sha256);
    await writeFile(path, '', { mode: 0o600 });
    await utimes(path, now, now);
    await rm(path + GOING, { force: true });
    await syncFolder(this.#folder);
  }

  /** Something names it now; or it is gone. */
  async end(sha256: string): Promise<void> {
    const path = join(this.#folder, sha256);
    await rm(path, { force: true });
    await rm(path + GOING, { force: true });
  }

  async go(sha256: string, now: Date): Promise<void> {
    const path = join(this.#folder, sha256);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFile(path + GOING, '', { mode: 0o600 });
    await utimes(path + GOING, now, now);
    await rm(path, { force: true });
  }

  async isGoing(sha256: string): Promise<boolean> {
    return (await timeOf(join(this.#folder, sha256 + GOING))) !== null;
  }

  /** At most so many that are noted since before then. */
  async since(before: { readonly noted: Date; readonly going: Date }, most: number): Promise<Noted[]> {
    const found: Noted[] = [];
    for (const name of await readdir(this.#folder).catch(nonePresent)) {
      if (found.length >= most) break;
      const isGoing = name.endsWith(GOING);
      const at = await timeOf(join(this.#folder, name));
      if (at !== null && at < (isGoing ? before.going : before.noted))
        found.push({ sha256: isGoing ? name.slice(0, -GOING.length) : name, isGoing });
    }
    return found;
  }
}

export interface Noted {
  readonly sha256: string;
  readonly isGoing: boolean;
}

async function timeOf(path: string): Promise<Date | null> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return found?.mtime ?? null;
}

function nonePresent(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
