import { putVarint, RecordWriter, varintBytes } from './record.ts';
import type { Value } from './row.ts';

/** A table that is written whole. */
export interface NewTable {
  readonly name: string;
  /** As sqlite_schema keeps it: "CREATE TABLE name (…)". */
  readonly sql: string;
  /** So many of its first columns are its primary key. */
  readonly keyColumns: number;
  readonly indices?: readonly NewIndex[];
  /** Columns in the table's order. */
  readonly rows: Iterable<readonly Value[]>;
}

export interface NewIndex {
  readonly name: string;
  readonly sql: string;
  /** Their places in the table. */
  readonly columns: readonly number[];
}

/**
 * A database of these tables, as SQLite would write it: each tree at once, from its leaves up, for all that is to be in it is
 * known. https://www.sqlite.org/fileformat2.html
 */
export function encodeDatabase(tables: readonly NewTable[]): Buffer {
  const pages = new NewPages();
  pages.add();
  const records = new RecordWriter();
  const schema: Value[][] = [];
  for (const { name, sql, keyColumns, indices = [], rows } of tables) {
    const own = { name: `sqlite_autoindex_${name}_1`, sql: null, columns: [...Array(keyColumns).keys()] };
    const all = [own, ...indices];
    const keys = all.map((): Value[][] => []);
    const root = writeTable(pages, records, kept(rows, all, keys));
    schema.push(['table', name, name, root, byteString(sql)]);
    for (const [i, { name: index, sql: text }] of all.entries()) {
      const entries = keys[i] ?? [];
      entries.sort(compareKeys);
      if (text === null) refuseTwins(name, entries);
      schema.push(['index', index, name, writeIndex(pages, records, entries), text && byteString(text)]);
    }
  }
  const page = new Filling(pages, 1, TABLE_LEAF);
  for (const [i, row] of schema.entries()) {
    if (!page.add(tableCell(pages, records.encode(row), i + 1)))
      throw new RangeError('the schema is larger than a page');
  }
  return pages.finished();
}

const PAGE_BYTES = 4096;
const HEADER_BYTES = 100;
const INDEX_INNER = 2;
const TABLE_INNER = 5;
const INDEX_LEAF = 10;
const TABLE_LEAF = 13;
/** How much of a row is in its own page, and the rest in others ("Cell Payload Overflow Pages"). */
const MOST_LOCAL = PAGE_BYTES - 35;
const MOST_LOCAL_IN_INDEX = Math.floor(((PAGE_BYTES - 12) * 64) / 255) - 23;
const LEAST_LOCAL = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;

class NewPages {
  #bytes = Buffer.alloc(64 * PAGE_BYTES);
  #count = 0;

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
class Filling {
  readonly #pages: NewPages;
  readonly #number: number;
  readonly #start: number;
  readonly #headerBytes: number;
  #cells = 0;
  #content = PAGE_BYTES;

  constructor(pages: NewPages, number: number, type: number) {
    this.#pages = pages;
    this.#number = number;
    this.#start = number === 1 ? HEADER_BYTES : 0;
    this.#headerBytes = type === INDEX_INNER || type === TABLE_INNER ? 12 : 8;
    const page = pages.get(number);
    page.writeUInt8(type, this.#start);
    page.writeUInt16BE(PAGE_BYTES, this.#start + 5);
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
    page.writeUInt16BE(this.#cells, this.#start + 3);
    page.writeUInt16BE(this.#content, this.#start + 5);
    return true;
  }

  /** The page right of all cells. */
  end(child: number): void {
    this.#pages.get(this.#number).writeUInt32BE(child, this.#start + 8);
  }
}

/** Rows in their order. @returns the root */
function writeTable(pages: NewPages, records: RecordWriter, rows: Iterable<readonly Value[]>): number {
  const leaves = [pages.add()];
  const lastRowids: Buffer[] = [];
  let leaf = new Filling(pages, leaves[0] ?? 0, TABLE_LEAF);
  let rowid = 0;
  for (const row of rows) {
    rowid++;
    const cell = tableCell(pages, records.encode(row), rowid);
    if (leaf.add(cell)) continue;
    const number = pages.add();
    leaves.push(number);
    lastRowids.push(varint(rowid - 1));
    leaf = new Filling(pages, number, TABLE_LEAF);
    leaf.add(cell);
  }
  return writeInner(pages, TABLE_INNER, leaves, lastRowids);
}

/** Keys in their order, each with its row's number at its end. @returns the root */
function writeIndex(pages: NewPages, records: RecordWriter, keys: readonly (readonly Value[])[]): number {
  const cells = keys.map((key) => indexCell(pages, records.encode(key)));
  const leaves: number[] = [];
  const between: Buffer[] = [];
  for (const { from, to } of split(cells, PAGE_BYTES - 8, 2)) {
    const number = pages.add();
    const leaf = new Filling(pages, number, INDEX_LEAF);
    for (let i = from; i < to; i++) leaf.add(cells[i] ?? NOTHING);
    leaves.push(number);
    const next = cells[to];
    if (next) between.push(next);
  }
  return writeInner(pages, INDEX_INNER, leaves, between);
}

const NOTHING = Buffer.alloc(0);

/** The levels above. @param between what stands between one page below and the next */
function writeInner(
  pages: NewPages,
  type: number,
  children: readonly number[],
  between: readonly Buffer[],
): number {
  const [only] = children;
  if (only !== undefined && children.length === 1) return only;
  const above: number[] = [];
  const betweenAbove: Buffer[] = [];
  for (const { from, to } of split(between, PAGE_BYTES - 12, 6)) {
    const number = pages.add();
    const page = new Filling(pages, number, type);
    for (let i = from; i < to; i++) page.add(between[i] ?? NOTHING, children[i]);
    page.end(children[to] ?? 0);
    above.push(number);
    const next = between[to];
    if (next) betweenAbove.push(next);
  }
  return writeInner(pages, type, above, betweenAbove);
}

/**
 * Which cells go into which page. The one after a page's last goes to the level above; no page is empty.
 * @param each so much more does a cell take
 */
function split(
  cells: readonly Buffer[],
  room: number,
  each: number,
): { readonly from: number; readonly to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  let from = 0;
  let used = 0;
  for (const [i, cell] of cells.entries()) {
    used += cell.length + each;
    if (used <= room) continue;
    // Of the last two one goes up and one stays.
    const to = i === cells.length - 1 ? i - 1 : i;
    ranges.push({ from, to });
    from = to + 1;
    used = from === i ? cell.length + each : 0;
  }
  ranges.push({ from, to: cells.length });
  return ranges;
}

function tableCell(pages: NewPages, payload: Buffer, rowid: number): Buffer {
  const head = Buffer.allocUnsafe(varintBytes(payload.length) + varintBytes(rowid));
  putVarint(head, putVarint(head, 0, payload.length), rowid);
  return withOverflow(pages, head, payload, MOST_LOCAL);
}

function indexCell(pages: NewPages, payload: Buffer): Buffer {
  return withOverflow(pages, varint(payload.length), payload, MOST_LOCAL_IN_INDEX);
}

/** @param most of a row that fits is all in its own page */
function withOverflow(pages: NewPages, head: Buffer, payload: Buffer, most: number): Buffer {
  if (payload.length <= most) return Buffer.concat([head, payload]);
  const step = PAGE_BYTES - 4;
  const fitting = LEAST_LOCAL + ((payload.length - LEAST_LOCAL) % step);
  const local = fitting <= most ? fitting : LEAST_LOCAL;
  const next = Buffer.alloc(4);
  let number = pages.add();
  next.writeUInt32BE(number);
  for (let at = local; at < payload.length; at += step) {
    const isLast = at + step >= payload.length;
    const following = isLast ? 0 : pages.add();
    const page = pages.get(number);
    page.writeUInt32BE(following);
    page.set(payload.subarray(at, at + step), 4);
    number = following;
  }
  return Buffer.concat([head, payload.subarray(0, local), next]);
}

function varint(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(varintBytes(value));
  putVarint(bytes, 0, value);
  return bytes;
}

/** Rows as they are, while what indices hold of them is kept. */
function* kept(
  rows: Iterable<readonly Value[]>,
  indices: readonly { readonly columns: readonly number[] }[],
  keys: readonly Value[][][],
): Generator<readonly Value[]> {
  let rowid = 0;
  for (const row of rows) {
    rowid++;
    for (const [i, { columns }] of indices.entries())
      keys[i]?.push([...columns.map((column) => row[column] ?? null), rowid]);
    yield row;
  }
}

/** Integers by value, then texts by their bytes. Nothing else is in a key. */
function compareKeys(a: readonly Value[], b: readonly Value[]): number {
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? null, b[i] ?? null];
    if (x === y) continue;
    if (
      x === null ||
      y === null ||
      typeof x === 'object' ||
      typeof y === 'object' ||
      (typeof x === 'string') !== (typeof y === 'string')
    )
      throw new TypeError('a key holds other things than numbers or texts');
    if (x < y) return -1;
    if (x > y) return 1;
  }
  return 0;
}

/** @param sorted each with its row's number at its end */
function refuseTwins(table: string, sorted: readonly (readonly Value[])[]): void {
  for (let i = 1; i < sorted.length; i++) {
    const [one, next] = [sorted[i - 1]?.slice(0, -1) ?? [], sorted[i]?.slice(0, -1) ?? []];
    if (compareKeys(one, next) === 0) throw new RangeError(`two rows of ${table} have the same key`);
  }
}

function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
