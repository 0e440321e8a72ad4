import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { sha256File, syncFolder } from '../../platform/files.ts';

/** An object's bytes are not what its name says: the disk damaged it. Putting it again mends it. */
export class ObjectDamaged extends Error {
  override readonly name = 'ObjectDamaged';
  constructor(sha256: string) {
    super(`object ${sha256} was damaged on the project's disk and has been removed; upload it again`);
  }
}

/** Bytes do not have the hash they were announced with. */
export class HashMismatch extends Error {
  override readonly name = 'HashMismatch';
  constructor(expected: string, actual: string) {
    super(
      `the bytes have the SHA-256 ${actual}, not ${expected}; compute the hash anew or send the right bytes`,
    );
  }
}

/** More bytes than allowed or announced. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/**
 * Immutable objects by SHA-256, a file each: FOLDER/ab/abcdef... A file with such a name is whole and was
 * synced before it got the name. Each is hashed again before it is first served by this process.
 */
export class Objects {
  readonly #folder: string;
  readonly #sound = new Set<string>();
  readonly #folders = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }

  /** @returns the length in bytes; null where there is no such object */
  async size(sha256: string): Promise<number | null> {
    try {
      return (await stat(this.#path(sha256))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /**
   * The whole object, in memory: for outputs and programs, whose sizes the release bounds.
   * @throws ObjectDamaged
   */
  async read(sha256: string): Promise<Buffer | null> {
    if ((await this.size(sha256)) === null) return null;
    const bytes = await readFile(this.#path(sha256));
    await this.#see(sha256, async () => createHash('sha256').update(bytes).digest('hex'));
    return bytes;
  }

  /**
   * Where the object lies, for readers that stream it.
   * @throws ObjectDamaged
   */
  async verified(sha256: string): Promise<string | null> {
    if ((await this.size(sha256)) === null) return null;
    const path = this.#path(sha256);
    await this.#see(sha256, () => sha256File(path));
    return path;
  }

  /** @param to last byte, inclusive */
  async stream(sha256: string, from: number, to: number): Promise<ReadableStream | null> {
    const path = await this.verified(sha256);
    if (path === null) return null;
    return Readable.toWeb(createReadStream(path, { start: from, end: to })) as ReadableStream;
  }

  /**
   * Stores bytes as they come.
   * @returns whether it was new
   * @throws HashMismatch, TooLarge
   */
  async put(
    sha256: string,
    chunks: AsyncIterable<Uint8Array>,
    maximumBytes: number,
  ): Promise<{ bytes: number; created: boolean }> {
    const beside = join(this.#folder, `${randomBytes(8).toString('hex')}.new`);
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      const file = await open(beside, 'wx', 0o600);
      try {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          if (bytes > maximumBytes) throw new TooLarge(`an object may have at most ${maximumBytes} bytes`);
          hash.update(chunk);
          await file.writeFile(chunk);
        }
        const actual = hash.digest('hex');
        if (actual !== sha256) throw new HashMismatch(sha256, actual);
        await file.datasync();
      } finally {
        await file.close();
      }
      const created = (await this.size(sha256)) === null;
      await this.#adopt(sha256, beside);
      return { bytes, created };
    } finally {
      await rm(beside, { force: true });
    }
  }

  /**
   * Takes a file of the same disk as an object: its bytes are known to have that hash and are synced.
   */
  async adopt(sha256: string, path: string): Promise<void> {
    await this.#adopt(sha256, path);
  }

  async #adopt(sha256: string, path: string): Promise<void> {
    const to = this.#path(sha256);
    const folder = dirname(to);
    if (!this.#folders.has(folder)) {
      await mkdir(folder, { recursive: true });
      await syncFolder(this.#folder);
      this.#folders.add(folder);
    }
    await rename(path, to);
    await syncFolder(folder);
    this.#sound.add(sha256);
  }

  async #see(sha256: string, hashed: () => Promise<string>): Promise<void> {
    if (this.#sound.has(sha256)) return;
    if ((await hashed()) !== sha256) {
      await rm(this.#path(sha256), { force: true });
      throw new ObjectDamaged(sha256);
    }
    this.#sound.add(sha256);
  }
}
