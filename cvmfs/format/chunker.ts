/** Bounds of the pieces a large file is cut into. */
export interface ChunkBounds {
  readonly minBytes: number;
  readonly averageBytes: number;
  readonly maxBytes: number;
}

const MIB = 1024 * 1024;
export const DEFAULT_BOUNDS: ChunkBounds = { minBytes: 4 * MIB, averageBytes: 8 * MIB, maxBytes: 16 * MIB };

/** A 32-bit value that is shifted by one for each byte forgets it after so many. */
const WINDOW_BYTES = 32;
const MIDDLE = 0x7fffffff;

/**
 * Finds where to cut a stream, by its content: the same bytes are cut alike wherever they stand, so that a file that
 * changed in one place shares its other pieces with what it was. The cuts are those of the reference implementation.
 */
export class Chunker {
  readonly #bounds: ChunkBounds;
  readonly #threshold: number;
  #rolling = 0;
  /** Bytes of the piece at hand that have been seen. */
  #seen = 0;

  constructor(bounds: ChunkBounds = DEFAULT_BOUNDS) {
    const { minBytes, averageBytes, maxBytes } = bounds;
    if (!(WINDOW_BYTES < minBytes && minBytes <= averageBytes && averageBytes <= maxBytes)) {
      throw new RangeError(`chunks of ${minBytes}, ${averageBytes}, ${maxBytes} bytes cannot be`);
    }
    this.#bounds = bounds;
    this.#threshold = Math.floor(0xffffffff / averageBytes);
  }

  /** @returns offsets within `data` before which to cut */
  feed(data: Uint8Array): number[] {
    const { minBytes, maxBytes } = this.#bounds;
    const cuts: number[] = [];
    let rolling = this.#rolling;
    let seen = this.#seen;
    for (let i = 0; i < data.length; ) {
      if (seen < minBytes - WINDOW_BYTES) {
        const skip = Math.min(minBytes - WINDOW_BYTES - seen, data.length - i);
        seen += skip;
        i += skip;
        continue;
      }
      rolling = (rolling << 1) ^ (data[i] ?? 0);
      const cut =
        seen >= maxBytes || (seen >= minBytes && Math.abs((rolling - MIDDLE) | 0) < this.#threshold);
      if (cut) {
        // The byte itself begins the next piece, and is looked at again there.
        cuts.push(i);
        rolling = 0;
        seen = 0;
        continue;
      }
      seen++;
      i++;
    }
    this.#rolling = rolling;
    this.#seen = seen;
    return cuts;
  }
}
