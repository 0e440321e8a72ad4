import { NOFID } from './defs.ts';
import type { Place } from './places.ts';
import { type OpenFile, type OpenMode, TreeError } from './tree.ts';

/** What opening a fid gives: the file, and where the fid moves (Tlcreate), for the fid to hold. */
export interface Opened {
  readonly file: OpenFile;
  readonly place?: Place;
}

/** How many files one connection may have open, so that no guest uses up the descriptors of all. */
class Slots {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  take(): void {
    if (this.#used >= this.#limit) throw new TreeError('EMFILE', `${this.#limit} open files are the most`);
    this.#used += 1;
  }

  give(): void {
    this.#used -= 1;
  }
}

/** What a fid stands for. */
export class Fid {
  readonly number: number;
  readonly #slots: Slots;
  #place: Place;
  #file: OpenFile | null = null;
  #how: OpenMode | null = null;
  #uses = 0;
  #clunked = false;

  constructor(number: number, place: Place, slots: Slots) {
    this.number = number;
    this.#slots = slots;
    this.#place = place.hold();
  }

  get place(): Place {
    return this.#place;
  }

  get how(): OpenMode | null {
    return this.#how;
  }

  get isOpen(): boolean {
    return this.#file !== null;
  }

  /** @throws TreeError EBADF when the fid is not open */
  get file(): OpenFile {
    if (!this.#file) throw new TreeError('EBADF', `fid ${this.number} is not open`);
    return this.#file;
  }

  /**
   * Opens the fid with what `make` gives; the file that was open (a listing begun anew) is closed.
   * @throws TreeError EMFILE when too many are open, and what `make` throws
   */
  async open(how: OpenMode | null, make: () => Promise<Opened>): Promise<void> {
    this.#slots.take();
    let made: Opened;
    try {
      made = await make();
    } catch (error) {
      this.#slots.give();
      throw error;
    }
    const place = made.place?.hold();
    if (this.#clunked) {
      // By a request that overtook this one.
      place?.release();
      await this.#closeFile(made.file);
      return;
    }
    if (place) {
      this.#place.release();
      this.#place = place;
    }
    const before = this.#file;
    this.#file = made.file;
    this.#how = how;
    if (before) await this.#closeFile(before);
  }

  /** The file stays open until every use has ended. */
  async using<T>(use: () => Promise<T>): Promise<T> {
    this.#uses += 1;
    try {
      return await use();
    } finally {
      this.#uses -= 1;
      if (this.#clunked && this.#uses === 0) await this.#close();
    }
  }

  async clunk(): Promise<void> {
    if (this.#clunked) return;
    this.#clunked = true;
    this.#place.release();
    if (this.#uses === 0) await this.#close();
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file) await this.#closeFile(file);
  }

  async #closeFile(file: OpenFile): Promise<void> {
    this.#slots.give();
    await file.close();
  }
}

/** The fids of one connection. */
export class FidTable {
  readonly #fids = new Map<number, Fid>();
  /** Fids of a resumed session whose file is not there any more: known, but stale. */
  readonly #lost = new Set<number>();
  readonly #limit: number;
  readonly #slots: Slots;

  constructor(limit: number, openFiles: number) {
    this.#limit = limit;
    this.#slots = new Slots(openFiles);
  }

  get size(): number {
    return this.#fids.size + this.#lost.size;
  }

  /** Files that are open, or being opened. */
  get openFiles(): number {
    return this.#slots.used;
  }

  [Symbol.iterator](): IterableIterator<Fid> {
    return this.#fids.values();
  }

  get lost(): Iterable<number> {
    return this.#lost;
  }

  find(number: number): Fid | undefined {
    return this.#fids.get(number);
  }

  /** @throws TreeError EBADF, ESTALE */
  get(number: number): Fid {
    const fid = this.#fids.get(number);
    if (fid) return fid;
    if (this.#lost.has(number)) throw new TreeError('ESTALE', `fid ${number}: the file is gone`);
    throw new TreeError('EBADF', `fid ${number} is not known`);
  }

  /** @throws TreeError EBADF when the number is taken or none, EMFILE when there are too many */
  mustBeFree(number: number): void {
    if (number === NOFID || this.#fids.has(number) || this.#lost.has(number)) {
      throw new TreeError('EBADF', `fid ${number} cannot be given out`);
    }
    if (this.size >= this.#limit) throw new TreeError('EMFILE', `${this.#limit} fids are the most`);
  }

  /** Puts the fid at a place; one of this number is clunked. */
  async put(number: number, place: Place): Promise<Fid> {
    const before = this.#fids.get(number);
    const fid = new Fid(number, place, this.#slots);
    this.#fids.set(number, fid);
    await before?.clunk();
    return fid;
  }

  /** The file of a resumed fid is not there, or cannot be opened any more. */
  async lose(number: number): Promise<void> {
    if (this.#fids.has(number)) await this.clunk(number);
    this.#lost.add(number);
  }

  /** @throws TreeError EBADF */
  async clunk(number: number): Promise<void> {
    if (this.#lost.delete(number)) return;
    const fid = this.get(number);
    this.#fids.delete(number);
    await fid.clunk();
  }

  async clunkAll(): Promise<void> {
    const fids = [...this.#fids.values()];
    this.#fids.clear();
    this.#lost.clear();
    // Each is closed even when one fails to; the first failure is told.
    const closed = await Promise.allSettled(fids.map((fid) => fid.clunk()));
    const failed = closed.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
