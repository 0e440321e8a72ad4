import { existsSync } from 'node:fs';
import { Chunker } from '../format/chunker.ts';
import type { Chunk } from '../format/chunks.ts';
import { objectPath, type Suffix } from '../format/hashes.ts';
import { type Pool, Unsteady } from './pool.ts';
import type { Progress } from './progress.ts';
import type { Seen } from './seen.ts';
import type { Settings } from './settings.ts';
import type { Put } from './store.ts';
import type { FileStamp } from './tasks.ts';
import type { Content, Node } from './tree.ts';

/** The kernel stamps files by a clock that ticks some hundred times a second; a change within a tick leaves no trace. */
const TICK_NS = 50_000_000n;
const TURNS = 3;

interface Read {
  readonly content: Content;
  /** Of the file as it was read. */
  readonly stamp: FileStamp;
}

/** Takes what sources give: has it stored, and notes in the tree as what. */
export class Intake {
  readonly progress: Progress;
  /** Objects that were not there before, as paths below the repository. */
  readonly newObjects = new Set<string>();
  readonly #pool: Pool;
  readonly #settings: Settings;
  readonly #seen: Seen | null;
  readonly #readAll: boolean;
  readonly #byInode = new Map<string, Promise<Read>>();
  #underWay = 0;
  #onSettled = () => {};
  #failed: Error | null = null;

  /** @param readAll no file is taken for unchanged */
  constructor(pool: Pool, settings: Settings, seen: Seen | null, readAll: boolean, progress: Progress) {
    this.#pool = pool;
    this.#settings = settings;
    this.#seen = seen;
    this.#readAll = readAll;
    this.progress = progress;
  }

  /** Resolves when more may be given. @throws what went wrong with anything given before */
  async room(): Promise<void> {
    if (this.#failed) throw this.#failed;
    await this.#pool.room();
  }

  /** Resolves when all that was given is stored. */
  async settled(): Promise<void> {
    // Not a race of all of them: there may be a million.
    while (this.#underWay > 0 && !this.#failed) {
      await new Promise<void>((resolve) => {
        this.#onSettled = resolve;
      });
    }
    if (this.#failed) throw this.#failed;
  }

  /** A regular file on this computer. @param key where it is in its source; the same each time */
  file(node: Node, path: string, key: string, stamp: FileStamp): void {
    const known = this.#readAll ? null : (this.#seen?.find(key, stamp) ?? null);
    if (known && this.#isStored(known)) {
      this.#settle(node, known);
      this.progress.unchangedFiles++;
      this.progress.unchangedBytes += known.bytes;
      this.#seen?.keep(key);
      return;
    }
    const settledAt = BigInt(Date.now()) * 1_000_000n - TICK_NS;
    const shared = node.link === null ? undefined : this.#byInode.get(node.link);
    const reading = shared ?? this.#read(path, stamp.bytes);
    if (node.link !== null) this.#byInode.set(node.link, reading);
    this.#follow(
      reading.then((read) => {
        this.#settle(node, read.content);
        if (read.stamp.ctimeNs < settledAt) this.#seen?.note(key, read.stamp, read.content);
      }),
    );
  }

  /** A regular file whose bytes come one after another. */
  async stream(node: Node, bytes: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const { min, average, max } = this.#settings.chunkBytes;
    const chunker = new Chunker({ minBytes: min, averageBytes: average, maxBytes: max });
    const stored: Promise<Chunk>[] = [];
    let held: Uint8Array[] = [];
    let heldBytes = 0;
    let offset = 0;
    const whole = bytes <= min;
    const flush = (suffix: Suffix) => {
      const data = Buffer.concat(held);
      const at = offset;
      offset += data.length;
      held = [];
      heldBytes = 0;
      const put = this.#pool.ask<'bytes'>({ kind: 'bytes', data, bytes: data.length, suffix });
      const chunk = put.then((one) => ({
        offset: at,
        bytes: data.length,
        hash: this.#count(one, suffix).hash,
      }));
      // Looked at below; a fault may come before.
      chunk.catch(() => {});
      stored.push(chunk);
    };
    for await (const piece of pieces) {
      let from = 0;
      for (const cut of whole ? [] : chunker.feed(piece)) {
        held.push(piece.subarray(from, cut));
        from = cut;
        flush('P');
        await this.room();
      }
      held.push(piece.subarray(from));
      heldBytes += piece.length - from;
    }
    if (heldBytes > 0 || stored.length === 0) flush(stored.length === 0 ? '' : 'P');
    this.#follow(
      Promise.all(stored).then((chunks) => {
        const [first] = chunks;
        const single = chunks.length === 1 && first ? first.hash : null;
        this.#settle(node, { bytes: offset, hash: single, chunks: single === null ? chunks : null });
      }),
    );
    await this.room();
  }

  /** A regular file that is as another one, which is stored: call when all is settled. */
  copy(node: Node, from: Node): void {
    const { hash, size } = from.entry;
    if (hash === null && from.chunks === null) throw new Error('what is copied is not stored yet');
    this.#settle(node, { bytes: size, hash, chunks: from.chunks });
  }

  async #read(path: string, bytes: number): Promise<Read> {
    const isLarge = bytes > this.#settings.chunkBytes.min;
    for (let turn = 1; ; turn++) {
      try {
        return isLarge ? await this.#large(path, bytes) : await this.#small(path, bytes);
      } catch (error) {
        if (!(error instanceof Unsteady) || turn >= TURNS) throw error;
      }
    }
  }

  async #small(path: string, bytes: number): Promise<Read> {
    const { stamp, ...put } = await this.#pool.ask<'file'>({ kind: 'file', path, bytes });
    return { stamp, content: { bytes: stamp.bytes, hash: this.#count(put, '').hash, chunks: null } };
  }

  /** Cut by one thread; its pieces are stored by all. */
  async #large(path: string, bytes: number): Promise<Read> {
    const { cuts, stamp } = await this.#pool.ask<'cuts'>({ kind: 'cuts', path, bytes });
    const starts = [0, ...cuts];
    const suffix = starts.length === 1 ? '' : 'P';
    const chunks = await Promise.all(
      starts.map(async (offset, i): Promise<Chunk> => {
        const length = (starts[i + 1] ?? stamp.bytes) - offset;
        const put = await this.#pool.ask<'piece'>({
          kind: 'piece',
          path,
          offset,
          bytes: length,
          suffix,
          stamp,
        });
        return { offset, bytes: length, hash: this.#count(put, suffix).hash };
      }),
    );
    const single = suffix === '' ? (chunks[0]?.hash ?? null) : null;
    return { stamp, content: { bytes: stamp.bytes, hash: single, chunks: single === null ? chunks : null } };
  }

  #count(put: Put, suffix: Suffix): Put {
    const path = objectPath(put.hash, suffix);
    if (put.isNew && !this.newObjects.has(path)) {
      this.newObjects.add(path);
      this.progress.newObjects++;
      this.progress.newObjectBytes += put.storedBytes;
    }
    return put;
  }

  #settle(node: Node, content: Content): void {
    const { algorithm, compression } = this.#settings;
    node.entry = {
      ...node.entry,
      size: content.bytes,
      hash: content.hash,
      chunked: content.chunks !== null,
      algorithm,
      compression,
    };
    node.chunks = content.chunks;
    this.progress.files++;
    this.progress.bytes += content.bytes;
  }

  #follow(work: Promise<void>): void {
    this.#underWay++;
    const done = () => {
      this.#underWay--;
      if (this.#underWay === 0 || this.#failed) this.#onSettled();
    };
    work.then(done, (error: unknown) => {
      this.#failed ??= error instanceof Error ? error : new Error(String(error));
      done();
    });
  }

  /** What a garbage collection, or a person, has removed since is stored anew. */
  #isStored({ hash, chunks }: Content): boolean {
    const { folder } = this.#settings;
    if (hash !== null) return existsSync(`${folder}/${objectPath(hash, '')}`);
    return chunks?.every((chunk) => existsSync(`${folder}/${objectPath(chunk.hash, 'P')}`)) ?? false;
  }
}
