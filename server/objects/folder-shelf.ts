import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { sha256, sha256File, syncFolder } from '../../platform/files.ts';
import { ObjectDamaged } from './errors.ts';
import type { Shelf } from './shelf.ts';

/** Objects whose bytes are known to be sound; forgotten all together, which costs a hash each. */
const REMEMBERED_SOUND = 100_000;

/**
 * A file each, FOLDER/ab/abcdef...: a file with such a name is whole and was synced before it got the name. Each is
 * hashed again before this process first serves it.
 */
export class FolderShelf implements Shelf {
  readonly #folder: string;
  readonly #sound = new Set<string>();
  readonly #folders = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }

  async size(sha256: string): Promise<number | null> {
    try {
      return (await stat(this.#path(sha256))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async read(hash: string): Promise<Buffer | null> {
    if ((await this.size(hash)) === null) return null;
    const bytes = await readFile(this.#path(hash));
    await this.#see(hash, async () => sha256(bytes));
    return bytes;
  }

  async stream(sha256: string, from: number, to: number): Promise<ReadableStream | null> {
    if ((await this.size(sha256)) === null) return null;
    const path = this.#path(sha256);
    await this.#see(sha256, () => sha256File(path));
    return Readable.toWeb(createReadStream(path, { start: from, end: to })) as ReadableStream;
  }

  /** @param path on the same disk */
  async adopt(sha256: string, path: string): Promise<void> {
    const to = this.#path(sha256);
    const folder = dirname(to);
    if (!this.#folders.has(folder)) {
      await mkdir(folder, { recursive: true });
      await syncFolder(this.#folder);
      this.#folders.add(folder);
    }
    await rename(path, to);
    await syncFolder(folder);
    this.#isSound(sha256);
  }

  async #see(sha256: string, hashed: () => Promise<string>): Promise<void> {
    if (this.#sound.has(sha256)) return;
    if ((await hashed()) !== sha256) {
      await rm(this.#path(sha256), { force: true });
      this.#sound.delete(sha256);
      throw new ObjectDamaged(sha256);
    }
    this.#isSound(sha256);
  }

  #isSound(sha256: string): void {
    if (this.#sound.size >= REMEMBERED_SOUND) this.#sound.clear();
    this.#sound.add(sha256);
  }
}
