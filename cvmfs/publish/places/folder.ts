import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../../platform/files.ts';
import { lockFolder } from '../../../platform/folder-lock.ts';
import { algorithmOf, type ContentHash, hasher } from '../../format/hashes.ts';
import { ObjectCorrupt } from '../../read/errors.ts';
import { bootIdentity } from '../boot.ts';
import { STAGING } from '../filenames.ts';
import { allObjects, makeStore, place, sweepStaging, syncStore } from '../store.ts';
import type { Held, ListedObject, Place } from './place.ts';

const LOCK = '.cvmfs_replica.lock';
const UNFINISHED = '.cvmfs_replica.unfinished';

/** A folder that a web server serves. */
export class FolderPlace implements Place {
  readonly shown: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.shown = folder;
    this.#folder = folder;
  }

  async hold(): Promise<Held> {
    const folder = this.#folder;
    await makeFolder(folder);
    const lock = await lockFolder(join(folder, LOCK));
    try {
      await makeStore(folder);
      await sweepStaging(folder);
      const unfinished = join(folder, UNFINISHED);
      const begunIn = await readFile(unfinished, 'utf8').catch(() => null);
      if (begunIn === null) await writeFileAtomic(unfinished, bootIdentity());
      return {
        doubtful: begunIn !== null && (begunIn === '' || begunIn !== bootIdentity()),
        finished: () => rm(unfinished, { force: true }),
        release: () => lock.release(),
      };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async has(path: string): Promise<boolean> {
    return existsSync(join(this.#folder, path));
  }

  async read(path: string): Promise<Buffer | null> {
    return readFile(join(this.#folder, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
  }

  localPath(path: string): string {
    return join(this.#folder, path);
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    if (path.startsWith('data/')) place(this.#folder, join(this.#folder, path), bytes);
    else await writeFileAtomic(join(this.#folder, path), bytes, 0o644);
  }

  async receive(path: string, hash: ContentHash, body: AsyncIterable<Uint8Array>): Promise<number> {
    const making = join(this.#folder, STAGING, randomBytes(12).toString('hex'));
    try {
      const taking = hasher(algorithmOf(hash));
      const file = await open(making, 'w', 0o644);
      let count = 0;
      try {
        for await (const piece of body) {
          taking.update(piece);
          count += piece.length;
          await file.writeFile(piece);
        }
      } finally {
        await file.close();
      }
      if (taking.digest() !== hash) throw new ObjectCorrupt(hash, 'other bytes');
      await rename(making, join(this.#folder, path));
      return count;
    } catch (error) {
      await rm(making, { force: true });
      throw error;
    }
  }

  settle(written: readonly string[]): Promise<void> {
    return syncStore(this.#folder, written);
  }

  async *list(): AsyncGenerator<ListedObject> {
    const folder = this.#folder;
    for (const path of allObjects(folder)) {
      yield {
        path,
        // Mostly nobody asks.
        get bytes() {
          return statSync(join(folder, path), { throwIfNoEntry: false })?.size ?? 0;
        },
      };
    }
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.#folder, path), { force: true });
  }
}
