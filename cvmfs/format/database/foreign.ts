import { FormatError, type FormatPart } from '../errors.ts';
import type { PathKey } from '../paths.ts';
import { Btree } from './btree.ts';
import { Pages } from './pages.ts';
import { LoadedRow, type Value } from './row.ts';
import { checkSchema, columnsOf, MOST_ITEMS, type SchemaItem } from './schema.ts';

/** The least a row takes: what a file of a size can hold at most. */
const LEAST_ROW_BYTES = 8;
/** sqlite_schema: type, name, tbl_name, rootpage, sql. */
const SCHEMA_ROOT = 1;

export interface Table {
  readonly root: number;
  /** Where each column is in a row; -1 for one that it has not. */
  column(name: string): number;
}

/**
 * A database that somebody else wrote, open for reading. It may be hostile even where its hash is right: whatever is in
 * it ends in values or in a FormatError, and takes no more than reading the file once.
 */
export class ForeignDatabase {
  readonly part: FormatPart;
  /** More rows than fit the file: who finds as many goes in circles. */
  readonly mostRows: number;
  /** The row found last. */
  readonly row: LoadedRow;
  readonly #pages: Pages;
  readonly #tree: Btree;
  readonly #items: readonly SchemaItem[];

  /** @param tables that it must have. @throws FormatError */
  constructor(part: FormatPart, path: string, tables: readonly string[]) {
    this.part = part;
    this.#pages = new Pages(part, path);
    this.mostRows = Math.ceil((this.#pages.count * this.#pages.pageBytes) / LEAST_ROW_BYTES);
    this.row = new LoadedRow(part);
    this.#tree = new Btree(this.#pages, this.row);
    try {
      this.#items = this.#schema();
      checkSchema(part, this.#items, tables);
    } catch (cause) {
      this.close();
      throw asFormatError(part, cause);
    }
  }

  /** @returns null where there is none of this name */
  table(name: string): Table | null {
    const item = this.#items.find((one) => one.type === 'table' && one.name === name);
    if (!item) return null;
    const columns = columnsOf(item.sql);
    return { root: item.root, column: (column) => columns.indexOf(column) };
  }

  /** The root of the index that a table's primary key has made by itself. */
  primaryKey(table: string): number | null {
    return this.#index(table, `sqlite_autoindex_${table}_1`)?.root ?? null;
  }

  /** The root of an index, where it is over these columns. */
  index(table: string, name: string, columns: readonly string[]): number | null {
    const found = this.#index(table, name);
    return found && columnsOf(found.sql).join() === columns.join() ? found.root : null;
  }

  /** Each row of a table, as `row`. @param use false ends it. @throws FormatError */
  each(table: Table, use: () => boolean | undefined): void {
    let rows = 0;
    this.guarded(() =>
      this.#tree.eachRow(table.root, () => {
        if (++rows > this.mostRows) throw new FormatError(this.part, 'a table goes in circles');
        return use() !== false;
      }),
    );
  }

  /** Rows of a small table, as objects. @throws FormatError, also where it has not got a column */
  all<C extends string>(name: string, columns: readonly C[]): { readonly [column in C]: Value }[] {
    const table = this.table(name);
    const at = columns.map((column) => [column, table?.column(column) ?? -1] as const);
    const missing = at.find(([, index]) => index < 0);
    if (!table || missing)
      throw new FormatError(this.part, `it has no ${missing?.[0] ?? 'column'} in a table ${name}`);
    const rows: { readonly [column in C]: Value }[] = [];
    this.each(table, () => {
      const entries = at.map(([column, index]) => [column, kept(this.row.value(index))]);
      rows.push(Object.fromEntries(entries));
      return true;
    });
    return rows;
  }

  /** Numbers of rows, by the first two columns of an index. @throws FormatError */
  rowids(index: number, key: PathKey, most: number): number[] {
    return this.#tree.findInIndex(index, key, most);
  }

  /** Makes it `row`. @throws FormatError where an index has promised what there is not */
  load(table: Table, rowid: number): void {
    if (!this.#tree.findRow(table.root, rowid)) throw new FormatError(this.part, 'an index leads nowhere');
  }

  guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw asFormatError(this.part, cause);
    }
  }

  close(): void {
    this.#pages.close();
  }

  #index(table: string, name: string): SchemaItem | undefined {
    return this.#items.find((one) => one.type === 'index' && one.table === table && one.name === name);
  }

  #schema(): SchemaItem[] {
    const items: SchemaItem[] = [];
    const text = (column: number) => utf8(this.row.value(column));
    this.#tree.eachRow(SCHEMA_ROOT, () => {
      if (items.length >= MOST_ITEMS) throw new FormatError(this.part, 'its schema is too large');
      const root = this.row.value(3);
      items.push({
        type: text(0),
        name: text(1),
        table: text(2),
        root: typeof root === 'number' ? root : 0,
        sql: text(4),
      });
      return true;
    });
    return items;
  }
}

/** The table `properties` that catalogs, histories and reflogs have alike, values as byte strings. */
export function readProperties(database: ForeignDatabase): Map<string, string> {
  const rows = database.all('properties', ['key', 'value']);
  return new Map(rows.map(({ key, value }) => [String(key), value === null ? '' : byteString(value)]));
}

/** A schema "2.5" is compared by its whole part: the rest only adds. */
export function checkVersion(part: FormatPart, properties: ReadonlyMap<string, string>, known: number): void {
  const schema = properties.get('schema') ?? '';
  if (Math.floor(Number.parseFloat(schema)) !== known) {
    throw new FormatError(
      part,
      `its schema is ${JSON.stringify(schema.slice(0, 20))}, and ${known} is known here`,
    );
  }
}

export function wholeNumber(part: FormatPart, value: Value): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new FormatError(part, `${String(value)} is no whole number`);
  return value;
}

/** Text or bytes as they are; a number as its digits. */
export function byteString(value: Value): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value ?? '');
}

/** What people wrote. */
export function utf8(value: Value): string {
  return Buffer.from(byteString(value), 'latin1').toString('utf8');
}

export function asFormatError(part: FormatPart, cause: unknown): FormatError {
  if (cause instanceof FormatError) return cause;
  return new FormatError(part, cause instanceof Error ? cause.message : String(cause), { cause });
}

/** Beyond the next page. */
function kept(value: Value): Value {
  return value instanceof Uint8Array ? Uint8Array.from(value) : value;
}
