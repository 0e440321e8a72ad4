import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FormatError, type FormatPart } from '../errors.ts';

/** What all open files share. The inner pages of a million rows take 0.6 MB, and the clock keeps them. */
const FRAMES_BYTES = 2 * 1024 * 1024;
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;

/** Pages of one size in memory, whichever file they are of; what was not used for a round of the clock's hand makes room. */
class Frames {
  readonly #bytes: Buffer;
  readonly #pages: Buffer[];
  /** Who has a frame, and for which page. */
  readonly #holders: (Map<number, number> | null)[];
  readonly #numbers: Int32Array;
  readonly #used: Uint8Array;
  #hand = 0;

  constructor(pageBytes: number) {
    const count = Math.max(32, FRAMES_BYTES / pageBytes);
    this.#bytes = Buffer.alloc(count * pageBytes);
    this.#pages = Array.from({ length: count }, (_, i) =>
      this.#bytes.subarray(i * pageBytes, (i + 1) * pageBytes),
    );
    this.#holders = Array.from({ length: count }, () => null);
    this.#numbers = new Int32Array(count);
    this.#used = new Uint8Array(count);
  }

  page(frame: number): Buffer {
    const page = this.#pages[frame];
    if (!page) throw new RangeError(`no frame ${frame}`);
    this.#used[frame] = 1;
    return page;
  }

  /** A frame to fill; the caller says what for when it has. */
  take(): number {
    while (this.#used[this.#hand] === 1) {
      this.#used[this.#hand] = 0;
      this.#hand = (this.#hand + 1) % this.#used.length;
    }
    const frame = this.#hand;
    this.#hand = (frame + 1) % this.#used.length;
    this.#holders[frame]?.delete(this.#numbers[frame] ?? 0);
    this.#holders[frame] = null;
    return frame;
  }

  give(frame: number, holder: Map<number, number>, number: number): void {
    holder.set(number, frame);
    this.#holders[frame] = holder;
    this.#numbers[frame] = number;
    // Only what is used again stays for a second round.
    this.#used[frame] = 0;
  }

  letGo(holder: Map<number, number>): void {
    for (const frame of holder.values()) {
      this.#holders[frame] = null;
      this.#used[frame] = 0;
    }
    holder.clear();
  }
}

const frames = new Map<number, Frames>();

/** The pages of a file, by their numbers from 1. */
export class Pages {
  readonly part: FormatPart;
  readonly pageBytes: number;
  /** Without what is reserved at each page's end. */
  readonly usableBytes: number;
  /** Of an index's row, so much may be in its own page; and of any so much must. */
  readonly mostLocalInIndex: number;
  readonly leastLocal: number;
  readonly count: number;
  readonly #file: number;
  readonly #frames: Frames;
  /** By page, the frame that it is in. */
  readonly #held = new Map<number, number>();

  /** @throws FormatError where it is no database, or of a kind that CernVM-FS does not write */
  constructor(part: FormatPart, path: string) {
    this.part = part;
    this.#file = openSync(path, 'r');
    try {
      const header = Buffer.alloc(HEADER_BYTES);
      const refuse = (reason: string) => new FormatError(part, reason);
      if (
        readSync(this.#file, header, 0, HEADER_BYTES, 0) < HEADER_BYTES ||
        header.toString('latin1', 0, 16) !== MAGIC
      )
        throw refuse('it is no SQLite database');
      const size = header.readUInt16BE(16);
      this.pageBytes = size === 1 ? 65_536 : size;
      if (this.pageBytes < 512 || (this.pageBytes & (this.pageBytes - 1)) !== 0)
        throw refuse(`its pages have ${size} bytes`);
      // Write-ahead logging would want files beside it.
      if (header.readUInt8(18) > 1 || header.readUInt8(19) > 1) throw refuse('it has a write-ahead log');
      this.usableBytes = this.pageBytes - header.readUInt8(20);
      if (this.usableBytes < 480) throw refuse('nothing of its pages is left');
      this.mostLocalInIndex = Math.floor(((this.usableBytes - 12) * 64) / 255) - 23;
      this.leastLocal = Math.floor(((this.usableBytes - 12) * 32) / 255) - 23;
      if (header.readUInt32BE(56) !== 1) throw refuse('its text is not UTF-8');
      this.count = Math.floor(fstatSync(this.#file).size / this.pageBytes);
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
    const known = frames.get(this.pageBytes) ?? new Frames(this.pageBytes);
    frames.set(this.pageBytes, known);
    this.#frames = known;
  }

  /** The bytes stay what they are until the next page is asked for, of any file. @throws FormatError */
  page(number: number): Buffer {
    const held = this.#held.get(number);
    if (held !== undefined) return this.#frames.page(held);
    if (number < 1 || number > this.count)
      throw new FormatError(this.part, `there is no page ${number} of ${this.count}`);
    const frame = this.#frames.take();
    const page = this.#frames.page(frame);
    if (readSync(this.#file, page, 0, this.pageBytes, (number - 1) * this.pageBytes) < this.pageBytes)
      throw new FormatError(this.part, 'it is cut off');
    this.#frames.give(frame, this.#held, number);
    return page;
  }

  close(): void {
    this.#frames.letGo(this.#held);
    closeSync(this.#file);
  }
}
