/** Chunks are small enough that holes pay and large enough that a read of a megabyte touches few. */
const CHUNK_BYTES = 65536;
const SMALLEST_CHUNK = 256;

/**
 * The bytes of a file in memory, with holes. A chunk that is missing, or shorter than asked, reads as zeros;
 * chunks grow by doubling so that many small files stay small.
 */
export class SparseBytes {
  #chunks = new Map<number, Uint8Array>();
  #size = 0;
  #allocated = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory that the file takes. */
  get allocated(): number {
    return this.#allocated;
  }

  /** A copy of at most count bytes at offset. */
  read(offset: number, count: number): Uint8Array {
    const length = Math.max(0, Math.min(count, this.#size - offset));
    const out = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const index = Math.floor((offset + done) / CHUNK_BYTES);
      const from = (offset + done) % CHUNK_BYTES;
      const step = Math.min(CHUNK_BYTES - from, length - done);
      const chunk = this.#chunks.get(index);
      if (chunk && chunk.length > from)
        out.set(chunk.subarray(from, Math.min(from + step, chunk.length)), done);
      done += step;
    }
    return out;
  }

  write(offset: number, data: Uint8Array): void {
    for (let done = 0; done < data.length; ) {
      const index = Math.floor((offset + done) / CHUNK_BYTES);
      const from = (offset + done) % CHUNK_BYTES;
      const step = Math.min(CHUNK_BYTES - from, data.length - done);
      this.#chunk(index, from + step).set(data.subarray(done, done + step), from);
      done += step;
    }
    if (data.length > 0) this.#size = Math.max(this.#size, offset + data.length);
  }

  resize(size: number): void {
    if (size < this.#size) {
      const last = Math.floor(size / CHUNK_BYTES);
      for (const [index, chunk] of this.#chunks) {
        if (index <= last) continue;
        this.#chunks.delete(index);
        this.#allocated -= chunk.length;
      }
      // What is cut off must read as zeros when the file grows again.
      this.#chunks.get(last)?.fill(0, size % CHUNK_BYTES);
    }
    this.#size = size;
  }

  #chunk(index: number, needed: number): Uint8Array {
    const chunk = this.#chunks.get(index);
    if (chunk && chunk.length >= needed) return chunk;
    let length = Math.max(SMALLEST_CHUNK, chunk?.length ?? 0);
    while (length < needed) length *= 2;
    const larger = new Uint8Array(length);
    if (chunk) larger.set(chunk);
    this.#chunks.set(index, larger);
    this.#allocated += length - (chunk?.length ?? 0);
    return larger;
  }
}
