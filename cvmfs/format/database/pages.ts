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
  readonly #keys: number[];
  readonly #used: Uint8Array;
  readonly #byKey = new Map<number, number>();
  #hand = 0;

  constructor(pageBytes: number) {
    const count = Math.max(32, FRAMES_BYTES / pageBytes);
    this.#bytes = Buffer.alloc(count * pageBytes);
    this.#pages = Array.from({ length: count }, (_, i) =>
      this.#bytes.subarray(i * pageBytes, (i + 1) * pageBytes),
    );
    this.#keys = Array.from({ length: count }, () => -1);
    this.#used = new Uint8Array(count);
  }

  get(key: number, fill: (page: Buffer) => void): Buffer {
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      this.#used[known] = 1;
      return this.#page(known);
    }
    while (this.#used[this.#hand] === 1) {
      this.#used[this.#hand] = 0;
      this.#hand = (this.#hand + 1) % this.#used.length;
    }
    const frame = this.#hand;
    this.#hand = (frame + 1) % this.#used.length;
    this.#byKey.delete(this.#keys[frame] ?? -1);
    this.#keys[frame] = -1;
    const page = this.#page(frame);
    fill(page);
    this.#keys[frame] = key;
    this.#byKey.set(key, frame);
    return page;
  }

  #page(frame: number): Buffer {
    const page = this.#pages[frame];
    if (!page) throw new RangeError(`no frame ${frame}`);
    return page;
  }

  forget(first: number, end: number): void {
    this.#keys.forEach((key, frame) => {
      if (key < first || key >= end) return;
      this.#keys[frame] = -1;
      this.#used[frame] = 0;
      this.#byKey.delete(key);
    });
  }
}

const frames = new Map<number, Frames>();
let files = 0;

/** The pages of a file, by their numbers from 1. */
export class Pages {
  readonly part: FormatPart;
  readonly pageBytes: number;
  /** Without what is reserved at each page's end. */
  readonly usableBytes: number;
  readonly count: number;
  readonly #file: number;
  readonly #firstKey: number;
  readonly #frames: Frames;
  readonly #fill: (page: Buffer) => void;
  #filling = 0;

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
      if (header.readUInt32BE(56) !== 1) throw refuse('its text is not UTF-8');
      this.count = Math.floor(fstatSync(this.#file).size / this.pageBytes);
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
    // A file has fewer than 2^32 pages.
    this.#firstKey = files++ * 2 ** 32;
    const known = frames.get(this.pageBytes) ?? new Frames(this.pageBytes);
    frames.set(this.pageBytes, known);
    this.#frames = known;
    this.#fill = (page) => {
      const at = (this.#filling - 1) * this.pageBytes;
      if (readSync(this.#file, page, 0, this.pageBytes, at) < this.pageBytes)
        throw new FormatError(this.part, 'it is cut off');
    };
  }

  /** The bytes stay what they are until the next page is asked for, of any file. @throws FormatError */
  page(number: number): Buffer {
    if (number < 1 || number > this.count)
      throw new FormatError(this.part, `there is no page ${number} of ${this.count}`);
    this.#filling = number;
    return this.#frames.get(this.#firstKey + number, this.#fill);
  }

  close(): void {
    this.#frames.forget(this.#firstKey, this.#firstKey + 2 ** 32);
    closeSync(this.#file);
  }
}
