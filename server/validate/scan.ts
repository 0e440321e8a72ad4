/**
 * Reads a text of known form from its start, without an object for each piece. Everything returns whether the text
 * went on as expected; after the first `false` nothing that is left in the scanner means anything.
 */
export class Scanner {
  readonly #text: string;
  #at = 0;
  /** The number read last. */
  value = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  literal(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
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
    NUMBER.lastIndex = this.#at;
    const [written] = NUMBER.exec(this.#text) ?? [];
    if (written === undefined) return false;
    this.#at += written.length;
    this.value = Number(written);
    return this.value > 0 && this.value < Number.POSITIVE_INFINITY;
  }

  /**
   * As many counts as there are places, with commas between, added to `sums` from `at` on.
   * @returns their total; -1 where the text goes on otherwise
   */
  addCounts(sums: number[], at: number, places: number): number {
    // In locals: this loop reads nearly all there is.
    const text = this.#text;
    let here = this.#at;
    let total = 0;
    for (let place = at; place < at + places; place++) {
      if (place > at && text.charCodeAt(here++) !== COMMA) return -1;
      let digit = text.charCodeAt(here) - ZERO;
      // Most bins of most blocks are empty.
      if (digit === 0) {
        const next = text.charCodeAt(++here) - ZERO;
        if (next >= 0 && next <= 9) return -1;
        continue;
      }
      const start = here;
      let value = 0;
      while (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        digit = text.charCodeAt(++here) - ZERO;
      }
      if (here === start || here - start > 15) return -1;
      total += value;
      sums[place] = (sums[place] ?? 0) + value;
    }
    this.#at = here;
    return total;
  }
}

const COMMA = 44;
const ZERO = 48;
/** RFC 8259, section 6, without the sign. */
const NUMBER = /(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
