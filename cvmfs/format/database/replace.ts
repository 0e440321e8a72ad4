import {
  Filling,
  HEADER_BYTES,
  MOST_LOCAL,
  NewPages,
  PAGE_BYTES,
  TABLE_INNER,
  TABLE_LEAF,
} from './new-pages.ts';
import { type NewValue, RecordWriter } from './record.ts';
import { LoadedRow, Varint } from './row.ts';

/** By a table's name, and a row's number: what it says now. */
export type NewRows = ReadonlyMap<string, ReadonlyMap<number, readonly NewValue[]>>;

const MOST_DEEP = 32;

/**
 * A copy of a database of ours in which some rows say something else. Columns of keys MUST be what they were: indices stay.
 * @returns null where a row does not fit into its page, or nothing like it is there
 */
export function replaceRows(database: Buffer, rows: NewRows): Buffer | null {
  const bytes = Buffer.from(database);
  if (bytes.length % PAGE_BYTES !== 0 || bytes.readUInt16BE(16) !== PAGE_BYTES || bytes.readUInt8(20) !== 0)
    return null;
  const roots = rootsOf(bytes);
  const pages = new NewPages(bytes);
  const records = new RecordWriter();
  for (const [table, changed] of rows) {
    const byLeaf = new Map<number, [number, readonly NewValue[]][]>();
    for (const one of changed) {
      const leaf = leafOf(pages, roots.get(table) ?? 0, one[0]);
      if (leaf === null) return null;
      byLeaf.set(leaf, [...(byLeaf.get(leaf) ?? []), one]);
    }
    for (const [leaf, those] of byLeaf) {
      if (!replaceIn(pages, leaf, new Map(those), records)) return null;
    }
  }
  return bytes;
}

const varint = new Varint();

/** Where a page's own header begins. */
function startOf(number: number): number {
  return number === 1 ? HEADER_BYTES : 0;
}

/** Of the first page, which holds all of the schema. */
function rootsOf(bytes: Buffer): Map<string, number> {
  const page = bytes.subarray(0, PAGE_BYTES);
  const roots = new Map<string, number>();
  if (page.readUInt8(HEADER_BYTES) !== TABLE_LEAF) return roots;
  const row = new LoadedRow('catalog');
  for (const { cell } of cellsOf(page, 1) ?? []) {
    const rowBytes = varint.read(cell, 0);
    varint.read(cell, varint.end);
    row.load(cell, varint.end, varint.end + rowBytes);
    const [type, name, root] = [row.value(0), row.value(1), row.value(3)].map((value) =>
      value instanceof Uint8Array ? '' : value,
    );
    if (type === 'table' && typeof name === 'string' && typeof root === 'number') roots.set(name, root);
  }
  return roots;
}

function leafOf(pages: NewPages, root: number, rowid: number): number | null {
  let number = root;
  for (let depth = 0; depth < MOST_DEEP; depth++) {
    if (number < 1 || number > pages.count) return null;
    const page = pages.get(number);
    const start = startOf(number);
    const type = page.readUInt8(start);
    if (type === TABLE_LEAF) return number;
    if (type !== TABLE_INNER) return null;
    const cells = page.readUInt16BE(start + 3);
    let [low, high] = [0, cells];
    while (low < high) {
      const middle = (low + high) >> 1;
      const key = varint.read(page, page.readUInt16BE(start + 12 + 2 * middle) + 4);
      if (key < rowid) low = middle + 1;
      else high = middle;
    }
    number = page.readUInt32BE(low < cells ? page.readUInt16BE(start + 12 + 2 * low) : start + 8);
  }
  return null;
}

/** @returns null where one runs over into other pages */
function cellsOf(page: Buffer, number: number): { readonly rowid: number; readonly cell: Buffer }[] | null {
  const start = startOf(number);
  const cells: { rowid: number; cell: Buffer }[] = [];
  for (let i = 0; i < page.readUInt16BE(start + 3); i++) {
    const at = page.readUInt16BE(start + 8 + 2 * i);
    const rowBytes = varint.read(page, at);
    const rowid = varint.read(page, varint.end);
    if (rowBytes > MOST_LOCAL) return null;
    cells.push({ rowid, cell: Buffer.from(page.subarray(at, varint.end + rowBytes)) });
  }
  return cells;
}

function replaceIn(
  pages: NewPages,
  number: number,
  rows: ReadonlyMap<number, readonly NewValue[]>,
  records: RecordWriter,
): boolean {
  const page = pages.get(number);
  const cells = cellsOf(page, number);
  if (number === 1 || !cells) return false;
  page.fill(0);
  const leaf = new Filling(pages, number, TABLE_LEAF);
  let replaced = 0;
  for (const { rowid, cell } of cells) {
    const row = rows.get(rowid);
    const now = row ? records.encode(row, rowid) : null;
    if (now) replaced++;
    if ((now && now.rowBytes > MOST_LOCAL) || !leaf.add(now?.cell ?? cell)) return false;
  }
  return replaced === rows.size;
}
