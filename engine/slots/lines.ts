/** Longer lines are dropped whole: no block or event is that long. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/**
 * Complete lines of a file that a program appends to, from the writes as they happen. A write that overlaps what
 * was seen is taken from where it goes on; after a gap (the program seeks) no more lines are told.
 */
export class AppendedLines {
  #onLine: (line: string) => void;
  #at = 0;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #tooLong = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(offset: number, data: Uint8Array): void {
    if (offset > this.#at || offset + data.length <= this.#at) return;
    const fresh = data.subarray(this.#at - offset);
    this.#at += fresh.length;
    let start = 0;
    for (let end = fresh.indexOf(10); end >= 0; end = fresh.indexOf(10, start)) {
      this.#keep(fresh.subarray(start, end));
      if (!this.#tooLong) this.#onLine(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#bytes = 0;
      this.#tooLong = false;
      start = end + 1;
    }
    this.#keep(fresh.subarray(start));
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > MAX_LINE_BYTES) {
      this.#tooLong = true;
      this.#parts = [];
    }
    // The writer's buffer is only ours during the call.
    if (!this.#tooLong) this.#parts.push(part.slice());
  }
}
