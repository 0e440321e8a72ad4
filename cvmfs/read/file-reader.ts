import { type Chunk, chunksOf } from '../format/chunks.ts';
import type { Entry } from '../format/entry.ts';
import type { CachedObject } from './cache.ts';
import type { Objects, WantedObject } from './objects.ts';

interface Piece {
  readonly chunk: Chunk;
  readonly object: Promise<CachedObject>;
  /** Reads under way: other readers of the file may be at another piece meanwhile. */
  users: number;
}

/** A regular file, open. Its objects are fetched as they are read. */
export class FileReader {
  readonly entry: Entry;
  readonly #objects: Objects;
  readonly #pieces: readonly Chunk[];
  /** The piece read last, which mostly is the one read next. */
  #current: Piece | null = null;
  #closed = false;

  /** @param chunks null: the file is one object */
  constructor(objects: Objects, entry: Entry, chunks: readonly Chunk[] | null) {
    this.entry = entry;
    this.#objects = objects;
    this.#pieces =
      chunks ?? (entry.hash === null ? [] : [{ offset: 0, bytes: entry.size, hash: entry.hash }]);
  }

  /**
   * At most `count` bytes; fewer only at the file's end.
   * @throws NoServer, Refusal, CacheFault
   */
  async read(offset: number, count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (const chunk of chunksOf(this.#pieces, offset, Math.min(count, this.entry.size - offset))) {
      const from = Math.max(0, offset - chunk.offset);
      const until = Math.min(chunk.bytes, offset + count - chunk.offset);
      const piece = await this.#use(chunk);
      try {
        parts.push(await (await piece.object).read(from, until - from));
      } finally {
        piece.users--;
        await this.#closeUnused(piece);
      }
    }
    const [first] = parts;
    return parts.length === 1 && first ? first : Buffer.concat(parts);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#replace(null);
  }

  /** The caller counts itself out again. */
  async #use(chunk: Chunk): Promise<Piece> {
    if (this.#closed) throw new Error('this file was closed');
    if (this.#current?.chunk === chunk) {
      this.#current.users++;
      return this.#current;
    }
    const piece: Piece = { chunk, object: this.#objects.open(this.#wanted(chunk)), users: 1 };
    // What could not be opened is tried anew by the next read.
    piece.object.catch(() => {
      if (this.#current === piece) this.#current = null;
    });
    await this.#replace(piece);
    return piece;
  }

  async #replace(piece: Piece | null): Promise<void> {
    const former = this.#current;
    this.#current = piece;
    if (former) await this.#closeUnused(former);
  }

  async #closeUnused(piece: Piece): Promise<void> {
    if (piece.users > 0 || piece === this.#current) return;
    const object = await piece.object.catch(() => null);
    await object?.close();
  }

  #wanted(chunk: Chunk): WantedObject {
    return {
      hash: chunk.hash,
      suffix: this.entry.chunked ? 'P' : '',
      compression: this.entry.compression,
      mostBytes: chunk.bytes,
      exact: true,
    };
  }
}
