import { FormatError } from '../errors.ts';
import type { PathKey } from '../paths.ts';
import type { Pages } from './pages.ts';
import { type LoadedRow, Varint } from './row.ts';

const INDEX_INNER = 2;
const TABLE_INNER = 5;
const INDEX_LEAF = 10;
const TABLE_LEAF = 13;
/** Pages of two cells and more: a tree of all that a file may hold is no deeper. */
const MOST_DEEP = 32;

/**
 * The trees of a file. No page is held while another is read, since its memory may be given to that one.
 * All throw FormatError, or RangeError where an offset leads out of its page.
 */
export class Btree {
  readonly #pages: Pages;
  readonly #row: LoadedRow;
  readonly #varint = new Varint();

  constructor(pages: Pages, row: LoadedRow) {
    this.#pages = pages;
    this.#row = row;
  }

  /** Loads a table's row. @returns false where there is none of this number */
  findRow(root: number, rowid: number): boolean {
    let number = root;
    for (let depth = 0; depth < MOST_DEEP; depth++) {
      const page = this.#pages.page(number);
      const isLeaf = this.#isLeaf(page, number, TABLE_LEAF, TABLE_INNER);
      const cells = cellsOf(page, number);
      let low = 0;
      let high = cells;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.#rowidAt(page, cellAt(page, number, middle), isLeaf) < rowid) low = middle + 1;
        else high = middle;
      }
      if (!isLeaf) {
        number = childAt(page, number, low, cells);
        continue;
      }
      if (low === cells) return false;
      const cell = cellAt(page, number, low);
      if (this.#rowidAt(page, cell, true) !== rowid) return false;
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
      const first = this.#pages.page(number);
      const isLeaf = this.#isLeaf(first, number, TABLE_LEAF, TABLE_INNER);
      const cells = cellsOf(first, number);
      for (let i = 0; i < cells; i++) {
        const page = this.#pages.page(number);
        if (isLeaf) {
          this.#loadRow(page, cellAt(page, number, i));
          if (!use()) return false;
        } else if (!visit(childAt(page, number, i, cells), depth + 1)) return false;
      }
      return isLeaf || visit(childAt(this.#pages.page(number), number, cells, cells), depth + 1);
    };
    visit(root, 0);
  }

  /**
   * The numbers of the rows whose first columns in an index are these integers.
   * @param most ends it; it is for the caller to say whether there may be more
   */
  findInIndex(root: number, key: PathKey, most: number): number[] {
    const found: number[] = [];
    let visits = 0;
    /** @returns whether the next page to the right may have more */
    const visit = (number: number, depth: number): boolean => {
      if (depth > MOST_DEEP || ++visits > this.#pages.count) throw this.#refuse('an index goes in circles');
      let page = this.#pages.page(number);
      const isLeaf = this.#isLeaf(page, number, INDEX_LEAF, INDEX_INNER);
      const cells = cellsOf(page, number);
      let low = 0;
      let high = cells;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.#compareKey(page, cellAt(page, number, middle), isLeaf, key) < 0) low = middle + 1;
        else high = middle;
      }
      for (let i = low; ; i++) {
        if (!isLeaf) {
          if (!visit(childAt(page, number, i, cells), depth + 1)) return false;
          page = this.#pages.page(number);
        }
        if (i >= cells) return true;
        if (found.length >= most || this.#compareKey(page, cellAt(page, number, i), isLeaf, key) !== 0)
          return false;
        found.push(this.#rowidOf());
      }
    };
    visit(root, 0);
    return found;
  }

  #isLeaf(page: Buffer, number: number, leaf: number, inner: number): boolean {
    const type = page.readUInt8(startOf(number));
    if (type !== leaf && type !== inner) throw this.#refuse('a tree leads to something else');
    return type === leaf;
  }

  #rowidAt(page: Buffer, cell: number, isLeaf: boolean): number {
    // In a leaf the length of the row comes first, above it the number of a page.
    if (!isLeaf) return this.#varint.read(page, cell + 4);
    this.#varint.read(page, cell);
    return this.#varint.read(page, this.#varint.end);
  }

  /** Reads no other page: keys of integers fit, and any other is refused. */
  #compareKey(page: Buffer, cell: number, isLeaf: boolean, key: PathKey): number {
    const bytes = this.#varint.read(page, isLeaf ? cell : cell + 4);
    if (bytes > this.#pages.mostLocalInIndex) throw this.#refuse('an index holds other things');
    this.#row.load(page, this.#varint.end, this.#varint.end + bytes);
    return this.#row.compareInteger(0, key.firstHalves) || this.#row.compareInteger(1, key.secondHalves);
  }

  /** Of the index entry that is loaded: its last column. */
  #rowidOf(): number {
    const rowid = this.#row.value(this.#row.columns - 1);
    if (typeof rowid !== 'number') throw this.#refuse('an index leads nowhere');
    return rowid;
  }

  #loadRow(page: Buffer, cell: number): void {
    const bytes = this.#varint.read(page, cell);
    this.#varint.read(page, this.#varint.end);
    this.#loadPayload(page, this.#varint.end, bytes);
  }

  /** A table's row: what is in the page itself, and what has run over into others ("Cell Payload Overflow Pages"). */
  #loadPayload(page: Buffer, at: number, bytes: number): void {
    const mostLocal = this.#pages.usableBytes - 35;
    if (bytes <= mostLocal) {
      this.#row.load(page, at, at + bytes);
      return;
    }
    const { usableBytes, count, pageBytes, leastLocal } = this.#pages;
    if (bytes > count * pageBytes) throw this.#refuse('a row is larger than the file');
    const fitting = leastLocal + ((bytes - leastLocal) % (usableBytes - 4));
    const local = fitting <= mostLocal ? fitting : leastLocal;
    if (at + local > page.length) throw this.#refuse('a row is cut off');
    const whole = Buffer.alloc(bytes);
    page.copy(whole, 0, at, at + local);
    let next = page.readUInt32BE(at + local);
    for (let done = local; done < bytes; ) {
      const overflow = this.#pages.page(next);
      const part = Math.min(bytes - done, usableBytes - 4);
      overflow.copy(whole, done, 4, 4 + part);
      done += part;
      next = overflow.readUInt32BE(0);
    }
    this.#row.load(whole, 0, bytes);
  }

  #refuse(reason: string): FormatError {
    return new FormatError(this.#pages.part, reason);
  }
}

/** Where a page's own header begins ("B-tree Pages"): the first page has that of the file before. */
function startOf(number: number): number {
  return number === 1 ? 100 : 0;
}

function cellsOf(page: Buffer, number: number): number {
  return page.readUInt16BE(startOf(number) + 3);
}

function isInner(page: Buffer, start: number): boolean {
  const type = page.readUInt8(start);
  return type === INDEX_INNER || type === TABLE_INNER;
}

function cellAt(page: Buffer, number: number, index: number): number {
  const start = startOf(number);
  return page.readUInt16BE(start + (isInner(page, start) ? 12 : 8) + 2 * index);
}

/** The page below and left of a cell; after the last cell the one to the right of all. */
function childAt(page: Buffer, number: number, index: number, cells: number): number {
  return page.readUInt32BE(index < cells ? cellAt(page, number, index) : startOf(number) + 8);
}
