import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { sha256 } from '../../platform/files.ts';
import type { S3 } from '../../platform/s3.ts';
import { ObjectDamaged } from './errors.ts';
import { PlacingNotes } from './placing-notes.ts';
import type { Shelf } from './shelf.ts';

/** A report follows its uploads at once, a release its programs; an engine may be switched off in between. */
const UNNAMED_MS = 7 * 86_400_000;
/** Whoever had seen an object before it counted as gone has named it by then. */
const GOING_MS = 3_600_000;
const AT_ONCE = 1000;

export interface BucketShelfParts {
  readonly s3: S3;
  /** Of PlacingNotes. */
  readonly notes: string;
  /** Does what no other server does meanwhile. */
  readonly inTurn: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  readonly now: () => Date;
}

/**
 * A bucket of an S3-compatible store, with the folder's names: objects/ab/abcdef... A PUT is there whole and for good
 * when it is answered, or not at all.
 */
export class BucketShelf implements Shelf {
  readonly #s3: S3;
  readonly #notes: PlacingNotes;
  readonly #inTurn: BucketShelfParts['inTurn'];
  readonly #now: () => Date;

  constructor({ s3, notes, inTurn, now }: BucketShelfParts) {
    this.#s3 = s3;
    this.#notes = new PlacingNotes(notes);
    this.#inTurn = inTurn;
    this.#now = now;
  }

  async size(sha256: string): Promise<number | null> {
    if (await this.#notes.isGoing(sha256)) return null;
    return this.#s3.size(keyOf(sha256));
  }

  async read(hash: string): Promise<Buffer | null> {
    const bytes = await this.#s3.ask({ method: 'GET', key: keyOf(hash) });
    if (bytes && sha256(bytes) !== hash) return this.#damaged(hash);
    return bytes;
  }

  /** What is asked for as a whole breaks off before its end where it is not sound; who asks for a part looks himself. */
  async stream(sha256: string, from: number, to: number): Promise<ReadableStream | null> {
    const bytes = await this.#s3.size(keyOf(sha256));
    if (bytes === null) return null;
    const end = Math.min(to, bytes - 1);
    if (end < from) return new Blob([]).stream();
    const stream = await this.#s3.stream(keyOf(sha256), from, end);
    if (!stream || from > 0 || end < bytes - 1) return stream;
    const hash = createHash('sha256');
    let last: Uint8Array | null = null;
    return stream.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          hash.update(chunk);
          if (last) controller.enqueue(last);
          last = chunk;
        },
        flush: async (controller) => {
          if (hash.digest('hex') !== sha256) await this.#damaged(sha256);
          if (last) controller.enqueue(last);
        },
      }),
    );
  }

  adopt(sha256: string, path: string): Promise<void> {
    return this.#turn(sha256, async () => {
      const { size: bytes } = await stat(path);
      if ((await this.size(sha256)) !== bytes) {
        await this.#notes.begin(sha256, this.#now());
        const body = { path, bytes, sha256 };
        const headers = { 'content-type': 'application/octet-stream' };
        await this.#s3.ask({ method: 'PUT', key: keyOf(sha256), headers, body });
      }
      await rm(path, { force: true });
    });
  }

  /** The store names these now: they stay. */
  async named(hashes: Iterable<string>): Promise<void> {
    for (const sha256 of hashes) await this.#notes.end(sha256);
  }

  /**
   * Removes what was put long ago and is named by nothing: first it counts as gone, so that nobody relies on it any more,
   * an hour later it goes.
   * @returns how many are gone
   */
  async collect(areNamed: (hashes: readonly string[]) => Promise<ReadonlySet<string>>): Promise<number> {
    const ms = this.#now().getTime();
    const before = { noted: new Date(ms - UNNAMED_MS), going: new Date(ms - GOING_MS) };
    const noted = await this.#notes.since(before, AT_ONCE);
    if (noted.length === 0) return 0;
    const named = await areNamed(noted.map(({ sha256 }) => sha256));
    let gone = 0;
    for (const { sha256, isGoing } of noted) {
      if (named.has(sha256)) await this.#notes.end(sha256);
      else if (!isGoing) await this.#notes.go(sha256, this.#now());
      else if (await this.#collectOne(sha256)) gone++;
    }
    return gone;
  }

  /** @returns whether it went: it may have been put again meanwhile */
  #collectOne(sha256: string): Promise<boolean> {
    return this.#turn(sha256, async () => {
      if (!(await this.#notes.isGoing(sha256))) return false;
      await this.#s3.ask({ method: 'DELETE', key: keyOf(sha256) });
      await this.#notes.end(sha256);
      return true;
    });
  }

  /** It counts as gone, so that it is sent and put again; it is not removed by what may be a fault of the line. */
  async #damaged(sha256: string): Promise<never> {
    await this.#notes.go(sha256, this.#now());
    throw new ObjectDamaged(sha256);
  }

  #turn<T>(sha256: string, work: () => Promise<T>): Promise<T> {
    return this.#inTurn(`object ${sha256}`, work);
  }
}

const keyOf = (sha256: string) => `objects/${sha256.slice(0, 2)}/${sha256}`;
