export const PAGE_BYTES = 4096;
export const HEADER_BYTES = 100;
export const INDEX_INNER = 2;
export const TABLE_INNER = 5;
export const INDEX_LEAF = 10;
export const TABLE_LEAF = 13;
/** How much of a row is in its own page, and the rest in others ("Cell Payload Overflow Pages"). */
export const MOST_LOCAL = PAGE_BYTES - 35;
export const MOST_LOCAL_IN_INDEX = Math.floor(((PAGE_BYTES - 12) * 64) / 255) - 23;
const LEAST_LOCAL = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;

/** Pages of a file that is being made, by their numbers from 1. */
export class NewPages {
  #bytes: Buffer;
  #count: number;

  /** @param from pages of one that is there; they are changed */
  constructor(from = Buffer.alloc(0)) {
    this.#count = from.length / PAGE_BYTES;
    this.#bytes = from.length > 0 ? from : Buffer.alloc(64 * PAGE_BYTES);
  }

  get count(): number {
    return this.#count;
  }

  /** @returns its number, from 1 */
  add(): number {
    this.#count++;
    if (this.#count * PAGE_BYTES > this.#bytes.length) {
      const larger = Buffer.alloc(2 * this.#bytes.length);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    return this.#count;
  }

  /** Not to be kept while another is added. */
  get(number: number): Buffer {
    return this.#bytes.subarray((number - 1) * PAGE_BYTES, number * PAGE_BYTES);
  }

  /** With the header of the file ("The Database Header"). */
  finished(): Buffer {
    const header = this.get(1);
    header.write('SQLite format 3\0', 0, 'latin1');
    header.writeUInt16BE(PAGE_BYTES, 16);
    // Versions to write and to read by: no write-ahead log; nothing reserved; three fractions that are always these.
    header.set([1, 1, 0, 64, 32, 32], 18);
    // How often it was changed; its size counts where the number at 92 is the same.
    header.writeUInt32BE(1, 24);
    header.writeUInt32BE(this.#count, 28);
    // How often its schema was changed; format 4 of schemas; UTF-8.
    header.writeUInt32BE(1, 40);
    header.writeUInt32BE(4, 44);
    header.writeUInt32BE(1, 56);
    header.writeUInt32BE(1, 92);
    header.writeUInt32BE(SQLITE_VERSION, 96);
    return this.#bytes.subarray(0, this.#count * PAGE_BYTES);
  }
}

/** "SQLITE_VERSION_NUMBER of who wrote it last": 3.8.3, which the reference implementation brings along; nobody goes by it. */
const SQLITE_VERSION = 3_008_003;

/** A page of a tree while cells are put into it: from its end, and pointers to them from its head ("B-tree Pages"). */
export class Filling {
  readonly #pages: NewPages;
  readonly #number: number;
  readonly #start: number;
  readonly #headerBytes: number;
  #cells = 0;
  #content = PAGE_BYTES;
  /** Of what was put in last: its bytes with its child, and without. */
  #last = 0;
  #lastCell = 0;

  constructor(pages: NewPages, number: number, type: number) {
    this.#pages = pages;
    this.#number = number;
    this.#start = number === 1 ? HEADER_BYTES : 0;
    this.#headerBytes = type === INDEX_INNER || type === TABLE_INNER ? 12 : 8;
    const page = pages.get(number);
    page.writeUInt8(type, this.#start);
    this.#count(page);
  }

  /** @returns false where there is no room for it */
  add(cell: Uint8Array, child?: number): boolean {
    const bytes = cell.length + (child === undefined ? 0 : 4);
    const pointer = this.#start + this.#headerBytes + 2 * this.#cells;
    if (pointer + 2 + bytes > this.#content) return false;
    const page = this.#pages.get(this.#number);
    this.#content -= bytes;
    if (child !== undefined) page.writeUInt32BE(child, this.#content);
    page.set(cell, this.#content + bytes - cell.length);
    page.writeUInt16BE(this.#content, pointer);
    this.#cells++;
    this.#last = bytes;
    this.#lastCell = cell.length;
    this.#count(page);
    return true;
  }

  /** Takes out what was put in last, without its child. */
  takeLast(): Buffer {
    const page = this.#pages.get(this.#number);
    const cell = Buffer.from(
      page.subarray(this.#content + this.#last - this.#lastCell, this.#content + this.#last),
    );
    this.#content += this.#last;
    this.#cells--;
    this.#count(page);
    return cell;
  }

  /** The page right of all cells. */
  end(child: number): void {
    this.#pages.get(this.#number).writeUInt32BE(child, this.#start + 8);
  }

  #count(page: Buffer): void {
    page.writeUInt16BE(this.#cells, this.#start + 3);
    page.writeUInt16BE(this.#content, this.#start + 5);
  }
}

/** @param most of a row that fits is all in its own page */
export function fitted(
  pages: NewPages,
  { cell, rowBytes }: { readonly cell: Buffer; readonly rowBytes: number },
  most: number,
): Buffer {
  if (rowBytes <= most) return cell;
  const row = cell.subarray(cell.length - rowBytes);
  const step = PAGE_BYTES - 4;
  const fitting = LEAST_LOCAL + ((rowBytes - LEAST_LOCAL) % step);
  const local = fitting <= most ? fitting : LEAST_LOCAL;
  const next = Buffer.alloc(4);
  let number = pages.add();
  next.writeUInt32BE(number);
  for (let at = local; at < rowBytes; at += step) {
    const isLast = at + step >= rowBytes;
    const following = isLast ? 0 : pages.add();
    const page = pages.get(number);
    page.writeUInt32BE(following);
    page.set(row.subarray(at, at + step), 4);
    number = following;
  }
  return Buffer.concat([cell.subarray(0, cell.length - rowBytes + local), next]);
}
