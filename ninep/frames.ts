import { CodecError, decodeHeader } from './codec.ts';
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
   * The messages that this chunk completes.
   * @throws CodecError when a message is shorter than its header or larger than the limit: the stream is lost
   */
  *push(chunk: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#filled === 0 && chunk.length - at >= HEADER_BYTES) {
        const size = this.#size(chunk.subarray(at));
        if (chunk.length - at >= size) {
          yield chunk.subarray(at, at + size);
          at += size;
          continue;
        }
      }
      at += this.#collect(chunk, at);
      if (this.#frame && this.#filled === this.#frame.length) {
        const frame = this.#frame;
        this.#frame = null;
        this.#filled = 0;
        yield frame;
      }
    }
  }

  #collect(chunk: Buffer, at: number): number {
    const into = this.#frame ?? this.#head;
    const count = chunk.copy(into, this.#filled, at, Math.min(chunk.length, at + into.length - this.#filled));
    this.#filled += count;
    if (!this.#frame && this.#filled === HEADER_BYTES) {
      this.#frame = Buffer.allocUnsafeSlow(this.#size(this.#head));
      this.#head.copy(this.#frame);
    }
    return count;
  }

  #size(bytes: Uint8Array): number {
    const { size } = decodeHeader(bytes);
    if (size < HEADER_BYTES || size > this.#limit) {
      throw new CodecError(`a message of ${size} bytes, where ${HEADER_BYTES} to ${this.#limit} are allowed`);
    }
    return size;
  }
}
