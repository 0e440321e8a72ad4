import {
  Filling,
  fitted,
  INDEX_INNER,
  INDEX_LEAF,
  MOST_LOCAL,
  MOST_LOCAL_IN_INDEX,
  NewPages,
  TABLE_INNER,
  TABLE_LEAF,
} from './new-pages.ts';
import { type NewValue, putVarint, RecordWriter, varintBytes } from './record.ts';

/** A table that is written whole. */
export interface NewTable {
  readonly name: string;
  /** As sqlite_schema keeps it: "CREATE TABLE name (…)". */
  readonly sql: string;
  /** So many of its first columns are its primary key. */
  readonly keyColumns: number;
  readonly indices?: readonly NewIndex[];
  /** Columns in the table's order. */
  readonly rows: Iterable<readonly NewValue[]>;
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
  const schema: NewValue[][] = [];
  for (const { name, sql, keyColumns, indices = [], rows } of tables) {
    const own = { name: `sqlite_autoindex_${name}_1`, sql: null, columns: [...Array(keyColumns).keys()] };
    const all = [own, ...indices];
    const keys = all.map(({ columns }) => new Keys(columns));
    const root = writeTable(pages, records, kept(rows, keys));
    schema.push(['table', name, name, root, byteString(sql)]);
    for (const [i, { name: index, sql: text }] of all.entries()) {
      const sorted = keys[i]?.sorted(text === null) ?? [];
      const cellOf = (k: number) => {
        const key = keys[i]?.of(sorted[k] ?? 0) ?? [];
        return fitted(pages, records.encode(key), MOST_LOCAL_IN_INDEX);
      };
      const leaves = writeLevel(pages, INDEX_LEAF, sorted.length, cellOf);
      schema.push(['index', index, name, writeInner(pages, INDEX_INNER, leaves), text && byteString(text)]);
    }
  }
  const page = new Filling(pages, 1, TABLE_LEAF);
  for (const [i, row] of schema.entries()) {
    if (!page.add(records.encode(row, i + 1).cell)) throw new RangeError('the schema is larger than a page');
  }
  return pages.finished();
}

/** Rows in their order. @returns the root */
function writeTable(pages: NewPages, records: RecordWriter, rows: Iterable<readonly NewValue[]>): number {
  const first = pages.add();
  const leaves: Level = { numbers: [first], between: [] };
  let leaf = new Filling(pages, first, TABLE_LEAF);
  let rowid = 0;
  for (const row of rows) {
    rowid++;
    const cell = fitted(pages, records.encode(row, rowid), MOST_LOCAL);
    if (leaf.add(cell)) continue;
    const number = pages.add();
    leaves.numbers.push(number);
    leaves.between.push(varint(rowid - 1));
    leaf = new Filling(pages, number, TABLE_LEAF);
    leaf.add(cell);
  }
  return writeInner(pages, TABLE_INNER, leaves);
}

/** Pages beside one another, and what stands between each and the next: one fewer. */
interface Level {
  readonly numbers: number[];
  readonly between: Buffer[];
}

/**
 * Cells in their order, into as many pages as it takes; one between two pages goes to the level above.
 * @param children the pages below, of which one stands left of each cell and one right of the last
 */
function writeLevel(
  pages: NewPages,
  type: number,
  count: number,
  cellOf: (i: number) => Buffer,
  children?: readonly number[],
): Level {
  const first = pages.add();
  const level: Level = { numbers: [first], between: [] };
  let page = new Filling(pages, first, type);
  const next = (up: Buffer, right: number | undefined) => {
    if (right !== undefined) page.end(right);
    level.between.push(Buffer.from(up));
    const number = pages.add();
    level.numbers.push(number);
    page = new Filling(pages, number, type);
  };
  for (let i = 0; i < count; i++) {
    const cell = cellOf(i);
    if (page.add(cell, children?.[i])) continue;
    if (i < count - 1) next(cell, children?.[i]);
    else {
      // No page is empty: the one before goes up instead.
      next(page.takeLast(), children?.[i - 1]);
      page.add(cell, children?.[i]);
    }
  }
  const right = children?.[count];
  if (right !== undefined) page.end(right);
  return level;
}

/** The levels above. @returns the root */
function writeInner(pages: NewPages, type: number, { numbers, between }: Level): number {
  const [only] = numbers;
  if (only !== undefined && numbers.length === 1) return only;
  return writeInner(
    pages,
    type,
    writeLevel(pages, type, between.length, (i) => between[i] ?? NOTHING, numbers),
  );
}

const NOTHING = Buffer.alloc(0);

function varint(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(varintBytes(value));
  putVarint(bytes, 0, value);
  return bytes;
}

/** Rows as they are, while what indices hold of them is kept. */
function* kept(
  rows: Iterable<readonly NewValue[]>,
  indices: readonly Keys[],
): Generator<readonly NewValue[]> {
  for (const row of rows) {
    for (const keys of indices) keys.add(row);
    yield row;
  }
}

/** What an index holds of rows, by columns: an object for each row would be garbage of the costly kind. */
class Keys {
  readonly #from: readonly number[];
  readonly #columns: readonly NewValue[][];
  /** Of the first column, as a number: nearly always it tells which comes first. */
  readonly #rough: number[] = [];
  readonly #key: NewValue[];

  constructor(columns: readonly number[]) {
    this.#from = columns;
    this.#columns = columns.map(() => []);
    this.#key = Array(columns.length + 1).fill(null);
  }

  add(row: readonly NewValue[]): void {
    for (let i = 0; i < this.#from.length; i++) this.#columns[i]?.push(row[this.#from[i] ?? 0] ?? null);
    this.#rough.push(roughly(row[this.#from[0] ?? 0] ?? null));
  }

  /** Rows in the order of the index, from 0. @throws RangeError where two have one key and must not */
  sorted(isUnique: boolean): Uint32Array {
    const order = Uint32Array.from(this.#rough.keys());
    const rough = Float64Array.from(this.#rough);
    order.sort((a, b) => (rough[a] ?? 0) - (rough[b] ?? 0) || this.#compare(a, b) || a - b);
    for (let i = 1; isUnique && i < order.length; i++) {
      const [a, b] = [order[i - 1] ?? 0, order[i] ?? 0];
      if (rough[a] === rough[b] && this.#compare(a, b) === 0)
        throw new RangeError('two rows have the same key');
    }
    return order;
  }

  /** A row's columns, and its number. There until the next. */
  of(row: number): readonly NewValue[] {
    for (let i = 0; i < this.#columns.length; i++) this.#key[i] = this.#columns[i]?.[row] ?? null;
    this.#key[this.#columns.length] = row + 1;
    return this.#key;
  }

  #compare(a: number, b: number): number {
    for (const column of this.#columns) {
      const order = compare(column[a] ?? null, column[b] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  }
}

/** @throws TypeError for what is not in keys */
function roughly(value: NewValue): number {
  if (typeof value === 'string') return 0;
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (value === null || value instanceof Uint8Array)
    throw new TypeError('a key begins with something else than an integer or text');
  return value.high * 2 ** 32 + (value.low >>> 0);
}

/** Integers by value, texts by their bytes. In one column all are of one kind. */
function compare(a: NewValue, b: NewValue): number {
  // Of one directory all have the same.
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : 1;
  const [x, y] = [integer(a), integer(b)];
  return x === y ? 0 : x < y ? -1 : 1;
}

function integer(value: NewValue): number | bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (value === null || typeof value === 'string' || value instanceof Uint8Array)
    throw new TypeError('a key holds something else than integers or texts');
  return (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
}

function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
