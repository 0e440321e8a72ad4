import { createHash, randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../platform/files.ts';
import type { BucketShelf } from './bucket-shelf.ts';
import { HashMismatch, ObjectDamaged, TooLarge } from './errors.ts';
import { FolderShelf } from './folder-shelf.ts';
import type { Shelf } from './shelf.ts';
import type { SmallObjects } from './small-objects.ts';

/**
 * Immutable objects by SHA-256. Those that came alone are on a shelf: in the folder, or in a bucket where the project has
 * one (what was in the folder before is found there still). Those that came with reports are in packs.
 */
export class Objects {
  readonly #folder: string;
  readonly #small: SmallObjects;
  readonly #near: FolderShelf;
  readonly #bucket: BucketShelf | null;

  constructor(folder: string, small: SmallObjects, bucket: BucketShelf | null = null) {
    this.#folder = folder;
    this.#small = small;
    this.#near = new FolderShelf(folder);
    this.#bucket = bucket;
  }

  /** @returns the length in bytes; null where there is no such object */
  async size(sha256: string): Promise<number | null> {
    return (await this.sizes([sha256])).get(sha256) ?? null;
  }

  /** Lengths of those that are there. */
  async sizes(hashes: readonly string[]): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    const look = async (shelf: Shelf, sha256: string) => {
      const bytes = await shelf.size(sha256);
      if (bytes !== null) sizes.set(sha256, bytes);
    };
    const others = () => [...new Set(hashes)].filter((sha256) => !sizes.has(sha256));
    for (const sha256 of others()) await look(this.#near, sha256);
    for (const [sha256, { bytes }] of await this.#small.find(others())) sizes.set(sha256, bytes);
    if (this.#bucket) for (const sha256 of others()) await look(this.#bucket, sha256);
    return sizes;
  }

  /**
   * The whole object, in memory: for outputs and programs, whose sizes the release bounds.
   * @throws ObjectDamaged
   */
  async read(sha256: string): Promise<Buffer | null> {
    return (
      (await this.#near.read(sha256)) ??
      (await this.#readSmall(sha256)) ??
      (await this.#bucket?.read(sha256)) ??
      null
    );
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
    const near = await this.#near.stream(sha256, from, to);
    if (near) return near;
    const small = await this.#readSmall(sha256);
    if (small) return new Uint8Array(small.subarray(from, to + 1));
    return (await this.#bucket?.stream(sha256, from, to)) ?? null;
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

  /**
   * Takes a file of the same disk as an object: its bytes are known to have that hash and are synced.
   * @throws S3Fault where the bucket is away: the file stays then
   */
  adopt(sha256: string, path: string): Promise<void> {
    return (this.#bucket ?? this.#near).adopt(sha256, path);
  }

  /** The store names these now. */
  async named(hashes: readonly string[]): Promise<void> {
    await this.#bucket?.named(hashes);
  }
}
