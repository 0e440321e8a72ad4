import { FormatError } from '../errors.ts';
import type { Pages } from './pages.ts';
import { type LoadedRow, varint } from './row.ts';

const INDEX_INNER = 2;
const TABLE_INNER = 5;
const INDEX_LEAF = 10;
const TABLE_LEAF = 13;
/** Pages of two cells and more: a tree of all that a file may hold is no deeper. */
const MOST_DEEP = 32;

/** An integer of 64 bits. */
export interface Halves {
  readonly high: number;
  readonly low: number;
}

/** A page's header ("B-tree Pages"). */
interface Header {
  readonly type: number;
  readonly cells: number;
  /** Of the first pointer to a cell. */
  readonly pointers: number;
  readonly rightmost: number;
}

/**
 * The trees of a file. No page is held while another is read, since its memory may be given to that one.
 * All throw FormatError, or RangeError where an offset leads out of its page.
 */
export class Btree {
  readonly #pages: Pages;
  readonly #row: LoadedRow;

  constructor(pages: Pages, row: LoadedRow) {
    this.#pages = pages;
    this.#row = row;
  }

  /** Loads a table's row. @returns false where there is none of this number */
  findRow(root: number, rowid: number): boolean {
    let number = root;
    for (let depth = 0; depth < MOST_DEEP; depth++) {
      const page = this.#pages.page(number);
      const header = headerOf(page, number);
      const isLeaf = header.type === TABLE_LEAF;
      if (!isLeaf && header.type !== TABLE_INNER) throw this.#refuse('a table leads to something else');
      const rowidAt = (cell: number) =>
        (isLeaf ? varint(page, varint(page, cell).end) : varint(page, cell + 4)).value;
      let low = 0;
      let high = header.cells;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (rowidAt(cellAt(page, header, middle)) < rowid) low = middle + 1;
        else high = middle;
      }
      if (!isLeaf) {
        number = low < header.cells ? page.readUInt32BE(cellAt(page, header, low)) : header.rightmost;
        continue;
      }
      if (low === header.cells) return false;
      const cell = cellAt(page, header, low);
      if (rowidAt(cell) !== rowid) return false;
      this.#loadRow(page, cell);
      return true;
    }
    throw this.#refuse('a table goes in circles');
  }

  /** Every row of a table, loaded one after another. @param use MUST not wait; false ends it */
  eachRow(root: number, use: () => boolean): void {
    let visits = 0;
    const visit = (number: number, depth: number): boolean => {
      if (depth > MOST_DEEP || ++visits > this.#pages.count) throw this.#refuse('a table goes in circles');
      const header = headerOf(this.#pages.page(number), number);
      if (header.type !== TABLE_LEAF && header.type !== TABLE_INNER)
        throw this.#refuse('a table leads to something else');
      for (let i = 0; i < header.cells; i++) {
        const page = this.#pages.page(number);
        const cell = cellAt(page, header, i);
        if (header.type === TABLE_INNER) {
          if (!visit(page.readUInt32BE(cell), depth + 1)) return false;
          continue;
        }
        this.#loadRow(page, cell);
        if (!use()) return false;
      }
      return header.type === TABLE_LEAF || visit(header.rightmost, depth + 1);
    };
    visit(root, 0);
  }

  /**
   * The numbers of the rows whose first columns in an index are these integers.
   * @param most ends it; it is for the caller to say whether there may be more
   */
  findInIndex(root: number, key: readonly [Halves, Halves], most: number): number[] {
    const found: number[] = [];
    let visits = 0;
    /** @returns whether the next page to the right may have more */
    const visit = (number: number, depth: number): boolean => {
      if (depth > MOST_DEEP || ++visits > this.#pages.count) throw this.#refuse('an index goes in circles');
      const first = this.#pages.page(number);
      const header = headerOf(first, number);
      const isLeaf = header.type === INDEX_LEAF;
      if (!isLeaf && header.type !== INDEX_INNER) throw this.#refuse('an index leads to something else');
      let low = 0;
      let high = header.cells;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.#compareKey(number, header, middle, key) < 0) low = middle + 1;
        else high = middle;
      }
      for (let i = low; ; i++) {
        if (!isLeaf) {
          const page = this.#pages.page(number);
          const child = i < header.cells ? page.readUInt32BE(cellAt(page, header, i)) : header.rightmost;
          if (!visit(child, depth + 1)) return false;
        }
        if (i >= header.cells) return true;
        if (found.length >= most || this.#compareKey(number, header, i, key) !== 0) return false;
        found.push(this.#rowidOf());
      }
    };
    visit(root, 0);
    return found;
  }

  #compareKey(
    number: number,
    header: Header,
    index: number,
    [first, second]: readonly [Halves, Halves],
  ): number {
    const page = this.#pages.page(number);
    const cell = cellAt(page, header, index) + (header.type === INDEX_INNER ? 4 : 0);
    const size = varint(page, cell);
    this.#row.load(this.#payload(page, size.end, size.value, this.#mostLocalInIndex));
    return (
      this.#row.compareInteger(0, first.high, first.low) ||
      this.#row.compareInteger(1, second.high, second.low)
    );
  }

  /** Of the index entry that is loaded: its last column. */
  #rowidOf(): number {
    const rowid = this.#row.value(this.#row.columns - 1);
    if (typeof rowid !== 'number') throw this.#refuse('an index leads nowhere');
    return rowid;
  }

  #loadRow(page: Buffer, cell: number): void {
    const size = varint(page, cell);
    this.#row.load(this.#payload(page, varint(page, size.end).end, size.value, this.#pages.usableBytes - 35));
  }

  get #mostLocalInIndex(): number {
    return Math.floor(((this.#pages.usableBytes - 12) * 64) / 255) - 23;
  }

  /** What is in the page itself, and what has run over into others ("Cell Payload Overflow Pages"). */
  #payload(page: Buffer, at: number, bytes: number, mostLocal: number): Buffer {
    const { usableBytes, count, pageBytes } = this.#pages;
    if (bytes <= mostLocal) {
      if (at + bytes > page.length) throw this.#refuse('a row is cut off');
      return page.subarray(at, at + bytes);
    }
    if (bytes > count * pageBytes) throw this.#refuse('a row is larger than the file');
    const least = Math.floor(((usableBytes - 12) * 32) / 255) - 23;
    const fitting = least + ((bytes - least) % (usableBytes - 4));
    const local = fitting <= mostLocal ? fitting : least;
    const whole = Buffer.alloc(bytes);
    if (at + local > page.length) throw this.#refuse('a row is cut off');
    page.copy(whole, 0, at, at + local);
    let next = page.readUInt32BE(at + local);
    for (let done = local; done < bytes; ) {
      const overflow = this.#pages.page(next);
      const part = Math.min(bytes - done, usableBytes - 4);
      overflow.copy(whole, done, 4, 4 + part);
      done += part;
      next = overflow.readUInt32BE(0);
    }
    return whole;
  }

  #refuse(reason: string): FormatError {
    return new FormatError(this.#pages.part, reason);
  }
}

function headerOf(page: Buffer, number: number): Header {
  // The first page begins with the file's header.
  const at = number === 1 ? 100 : 0;
  const type = page.readUInt8(at);
  const inner = type === INDEX_INNER || type === TABLE_INNER;
  return {
    type,
    cells: page.readUInt16BE(at + 3),
    pointers: at + (inner ? 12 : 8),
    rightmost: inner ? page.readUInt32BE(at + 8) : 0,
  };
}

function cellAt(page: Buffer, { pointers }: Header, index: number): number {
  return page.readUInt16BE(pointers + 2 * index);
}
