import { CodecError } from './codec.ts';
import { HEADER_BYTES } from './defs.ts';

/**
 * Cuts a byte stream into messages. A message that came whole is a view of the chunk; one that came in parts
 * is put together once, in a buffer of its own size, and never larger than `limit`.
 */
export class FrameReader {
  readonly #limit: number;
  #head = Buffer.alloc(HEADER_BYTES);
  /** The message being put together, or null while its header is not complete. */
  #frame: Buffer | null = null;
  #filled = 0;

  /** @param limit the largest message taken, bytes: checked before anything is allocated */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of a message that is not complete yet. */
  get partial(): Buffer {
    return Buffer.from((this.#frame ?? this.#head).subarray(0, this.#filled));
  }

  /**
   * Takes a chunk of the stream.
   * @param take called with each message that is complete now; once it returns false the rest is ignored
   * @throws CodecError when a message is shorter than its header or larger than the limit: the stream is lost
   */
  push(chunk: Buffer, take: (frame: Buffer) => boolean): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#filled === 0 && chunk.length - at >= HEADER_BYTES) {
        const size = this.#size(chunk, at);
        if (chunk.length - at >= size) {
          // Mostly a chunk is one message.
          if (!take(at === 0 && size === chunk.length ? chunk : chunk.subarray(at, at + size))) return;
          at += size;
          continue;
        }
      }
      at += this.#collect(chunk, at);
      if (this.#frame && this.#filled === this.#frame.length) {
        const frame = this.#frame;
        this.#frame = null;
        this.#filled = 0;
        if (!take(frame)) return;
      }
    }
  }

  #collect(chunk: Buffer, at: number): number {
    const into = this.#frame ?? this.#head;
    const count = chunk.copy(into, this.#filled, at, Math.min(chunk.length, at + into.length - this.#filled));
    this.#filled += count;
    if (!this.#frame && this.#filled === HEADER_BYTES) {
      this.#frame = Buffer.allocUnsafeSlow(this.#size(this.#head, 0));
      this.#head.copy(this.#frame);
    }
    return count;
  }

  #size(bytes: Buffer, at: number): number {
    const size = bytes.readUInt32LE(at);
    if (size < HEADER_BYTES || size > this.#limit) {
      throw new CodecError(`a message of ${size} bytes, where ${HEADER_BYTES} to ${this.#limit} are allowed`);
    }
    return size;
  }
}
