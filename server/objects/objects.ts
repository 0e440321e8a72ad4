import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { sha256, sha256File, syncFolder } from '../../platform/files.ts';
import type { SmallObjects } from './small-objects.ts';

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

/** Objects whose bytes are known to be sound; forgotten all together, which costs a hash each. */
const REMEMBERED_SOUND = 100_000;

/**
 * Immutable objects by SHA-256. Those that came alone are a file each, FOLDER/ab/abcdef...: a file with such a name is
 * whole and was synced before it got the name. Those that came with reports are in packs. Each is hashed again before
 * this process first serves it.
 */
export class Objects {
  readonly #folder: string;
  readonly #small: SmallObjects;
  readonly #sound = new Set<string>();
  readonly #folders = new Set<string>();

  constructor(folder: string, small: SmallObjects) {
    this.#folder = folder;
    this.#small = small;
  }

  #path(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }

  /** @returns the length in bytes; null where there is no such object */
  async size(sha256: string): Promise<number | null> {
    return (await this.sizes([sha256])).get(sha256) ?? null;
  }

  /** Lengths of those that are there. */
  async sizes(hashes: readonly string[]): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for (const sha256 of new Set(hashes)) {
      const bytes = await this.#fileSize(sha256);
      if (bytes !== null) sizes.set(sha256, bytes);
    }
    const others = hashes.filter((sha256) => !sizes.has(sha256));
    for (const [sha256, { bytes }] of await this.#small.find(others)) sizes.set(sha256, bytes);
    return sizes;
  }

  async #fileSize(sha256: string): Promise<number | null> {
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
    if ((await this.#fileSize(sha256)) === null) return this.#readSmall(sha256);
    const bytes = await readFile(this.#path(sha256));
    await this.#see(sha256, async () => createHash('sha256').update(bytes).digest('hex'));
    return bytes;
  }

  async #readSmall(hash: string): Promise<Buffer | null> {
    const place = await this.#small.place(hash);
    if (!place) return null;
    const bytes = await this.#small.read(place);
    if (bytes && sha256(bytes) === hash) return bytes;
    await this.#small.forget(hash);
    throw new ObjectDamaged(hash);
  }

  /**
   * @param to last byte, inclusive
   * @throws ObjectDamaged
   */
  async stream(
    sha256: string,
    from: number,
    to: number,
  ): Promise<ReadableStream | Uint8Array<ArrayBuffer> | null> {
    if ((await this.#fileSize(sha256)) === null) {
      const bytes = await this.#readSmall(sha256);
      return bytes && new Uint8Array(bytes.subarray(from, to + 1));
    }
    const path = this.#path(sha256);
    await this.#see(sha256, () => sha256File(path));
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
      await this.adopt(sha256, beside);
      return { bytes, created };
    } finally {
      await rm(beside, { force: true });
    }
  }

  /** Takes a file of the same disk as an object: its bytes are known to have that hash and are synced. */
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
