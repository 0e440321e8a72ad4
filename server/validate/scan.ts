/**
 * Reads bytes of known form from their start, without an object for each piece. Everything returns whether they went on as
 * expected; after the first `false` nothing that is left in the scanner means anything.
 */
export class Scanner {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;
  /** The number read last. */
  value = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  literal(expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    const here = this.#at;
    for (let i = 0; i < expected.length; i++) if (bytes[here + i] !== expected[i]) return false;
    this.#at = here + expected.length;
    return true;
  }

  /** A whole number as JSON writes it, of 15 digits at most and therefore exact. */
  count(): boolean {
    const sums = [0];
    this.value = this.addCounts(sums, 0, 1);
    return this.value >= 0;
  }

  /** A positive number in one of the ways JSON writes it. */
  positive(): boolean {
    const ahead = this.#bytes.toString('latin1', this.#at, this.#at + LONGEST_NUMBER);
    const [written] = NUMBER.exec(ahead) ?? [];
    if (written === undefined) return false;
    this.#at += written.length;
    this.value = Number(written);
    return this.value > 0 && this.value < Number.POSITIVE_INFINITY;
  }

  /**
   * As many counts as there are places, with commas between, added to `sums` from `at` on.
   * @returns their total; -1 where the bytes go on otherwise
   */
  addCounts(sums: number[], at: number, places: number): number {
    // In locals: this loop reads nearly all there is.
    const bytes = this.#bytes;
    const view = this.#view;
    const last = bytes.length - 8;
    const end = at + places;
    let here = this.#at;
    let total = 0;
    for (let place = at; place < end; place++) {
      // Most bins of most blocks are empty: four at a time, as long as another follows.
      while (
        place + 4 < end &&
        here <= last &&
        view.getUint32(here) === TWO_EMPTY &&
        view.getUint32(here + 4) === TWO_EMPTY
      ) {
        here += 8;
        place += 4;
      }
      let digit = (bytes[here] ?? 0) - ZERO;
      if (digit === 0) {
        digit = (bytes[++here] ?? 0) - ZERO;
        if (digit >= 0 && digit <= 9) return -1;
      } else {
        const start = here;
        let value = 0;
        while (digit >= 0 && digit <= 9) {
          value = value * 10 + digit;
          digit = (bytes[++here] ?? 0) - ZERO;
        }
        if (here === start || here - start > 15) return -1;
        total += value;
        sums[place] = (sums[place] ?? 0) + value;
      }
      if (place < end - 1 && bytes[here++] !== COMMA) return -1;
    }
    this.#at = here;
    return total;
  }
}

const COMMA = 44;
const ZERO = 48;
/** "0,0," */
const TWO_EMPTY = 0x302c302c;
/** Longer ones can not be read here. */
const LONGEST_NUMBER = 40;
/** RFC 8259, section 6, without the sign. */
const NUMBER = /^(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/;
