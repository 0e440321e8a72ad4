import type { CatalogItem, CatalogReference } from './catalog-writer.ts';
import { type Chunk, checkChunks } from './chunks.ts';
import {
  byteString,
  checkVersion,
  ForeignDatabase,
  readProperties,
  type Table,
  wholeNumber,
} from './database/foreign.ts';
import type { Value } from './database/row.ts';
import { decodeEntry, type Entry } from './entry.ts';
import { FormatError } from './errors.ts';
import { decodeFlags } from './flags.ts';
import { type ContentHash, hashFromBytes, parseHash } from './hashes.ts';
import type { Compression } from './objects.ts';
import { checkPath, halvesOf, isWithin, PathKey, pathKey, type RepositoryPath } from './paths.ts';
import { type Statistics, statisticsFromRows } from './statistics.ts';

/** Since when catalogs have a column or a table. */
const REVISION_OF: ReadonlyMap<string, number> = new Map([
  ['nestedSize', 1],
  ['xattr', 2],
  ['bind_mountpoints', 4],
  ['mtimens', 7],
]);

/** An object that a catalog names. */
export interface StoredAs {
  readonly hash: ContentHash;
  readonly suffix: '' | 'P';
  readonly compression: Compression;
  /** Of its content. */
  readonly bytes: number;
}

/** Bits of `flags` that say whether a row is a regular file: it, and neither link nor special. */
const FILE_BIT = 4;
const FILE_BITS = 4 | 8 | 16;

/** What is read of a row. */
type Column =
  | 'hardlinks'
  | 'hash'
  | 'size'
  | 'mode'
  | 'mtime'
  | 'mtimens'
  | 'flags'
  | 'name'
  | 'symlink'
  | 'uid'
  | 'gid'
  | 'xattr'
  | 'md5path_1'
  | 'md5path_2'
  | 'parent_1'
  | 'parent_2';

/** A catalog that somebody wrote, open for reading. All that comes out is checked. */
export class CatalogReader {
  readonly properties: ReadonlyMap<string, string>;
  /** "" for the catalog of the repository's root. */
  readonly rootPath: RepositoryPath;
  readonly #database: ForeignDatabase;
  readonly #schemaRevision: number;
  readonly #catalog: Table;
  readonly #at: Readonly<Record<Column, number>>;
  readonly #byKey: number | null;
  readonly #byParent: number;

  /** @throws FormatError */
  constructor(file: string) {
    this.#database = new ForeignDatabase('catalog', file, [
      'catalog',
      'chunks',
      'nested_catalogs',
      'properties',
    ]);
    try {
      this.properties = readProperties(this.#database);
      checkVersion('catalog', this.properties, 2);
      this.#schemaRevision = Number(this.properties.get('schema_revision') ?? 0);
      this.rootPath = checkPath(this.properties.get('root_prefix') ?? '');
      this.#catalog = this.#table('catalog');
      this.#at = columnsAt(this.#catalog, (column) => this.#has(column));
      this.#byKey = this.#database.primaryKey('catalog');
      const byParent = this.#database.index('catalog', 'idx_catalog_parent', ['parent_1', 'parent_2']);
      if (byParent === null) throw new FormatError('catalog', 'it has no index of what is in a directory');
      this.#byParent = byParent;
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  find(key: PathKey): Entry | null {
    return this.#database.guarded(() => (this.#findRow(key) ? this.#entry() : null));
  }

  /** What is in a directory, in no order. */
  children(key: PathKey): Entry[] {
    return this.#database.guarded(() => {
      const { mostRows } = this.#database;
      const rowids = this.#database.rowids(this.#byParent, key, mostRows + 1);
      if (rowids.length > mostRows) throw new FormatError('catalog', 'a directory goes in circles');
      const entries = rowids.map((rowid) => {
        this.#database.load(this.#catalog, rowid);
        return this.#entry();
      });
      return checkNames(entries);
    });
  }

  /**
   * All entries as they were written: the root, then each after its directory. Of a catalog of ours, whose keys are believed.
   * @returns null where they are in another order
   */
  inOrder(): CatalogItem[] | null {
    const { row } = this.#database;
    const at = this.#at;
    const above = new Map<string, RepositoryPath>();
    const found: { path: RepositoryPath; entry: Entry }[] = [];
    let isInOrder = true;
    this.#database.each(this.#catalog, () => {
      const key = row.keyText(at.md5path_1, at.md5path_2);
      const parent = above.get(row.keyText(at.parent_1, at.parent_2));
      const entry = this.#entry();
      const isFirst = found.length === 0;
      isInOrder = isFirst ? key === pathKey(this.rootPath).text : parent !== undefined;
      const path = isFirst ? this.rootPath : `${parent ?? ''}/${entry.name}`;
      if (entry.kind === 'directory' && !entry.nestedMountpoint) above.set(key, path);
      found.push({ path, entry });
      return isInOrder;
    });
    if (!isInOrder || found.length === 0) return null;
    return found.map((one) =>
      one.entry.chunked ? { ...one, chunks: this.chunks(pathKey(one.path), one.entry) } : one,
    );
  }

  /**
   * What is in each directory, by the text of its key. Costs far less than going by directories, and holds all entries at
   * once.
   */
  allChildren(): Map<string, Entry[]> {
    const { row } = this.#database;
    const all = new Map<string, Entry[]>();
    this.#database.each(this.#catalog, () => {
      const parent = row.keyText(this.#at.parent_1, this.#at.parent_2);
      const others = all.get(parent);
      if (others) others.push(this.#entry());
      else all.set(parent, [this.#entry()]);
      return true;
    });
    return all;
  }

  /** The pieces of a chunked file, in order and without gaps. */
  chunks(key: PathKey, entry: Entry): readonly Chunk[] {
    return this.#database.guarded(() => {
      const table = this.#table('chunks');
      const [offset, size, hash] = ['offset', 'size', 'hash'].map((name) => table.column(name));
      const byKey = this.#database.primaryKey('chunks');
      if (byKey === null) throw new FormatError('catalog', 'it has no index of pieces');
      const rowids = this.#database.rowids(byKey, key, this.#database.mostRows);
      const { row } = this.#database;
      const chunks = rowids.map((rowid) => {
        this.#database.load(table, rowid);
        return {
          offset: wholeNumber('chunks', row.value(offset ?? -1)),
          bytes: wholeNumber('chunks', row.value(size ?? -1)),
          hash: hashFromBytes(entry.algorithm, bytesOf(row.value(hash ?? -1)) ?? new Uint8Array(0)),
        };
      });
      return checkChunks(
        chunks.sort((a, b) => a.offset - b.offset),
        entry.size,
      );
    });
  }

  /** Everything that files and their pieces are stored as; some of it several times. Costs far less than going by directories. */
  objects(): StoredAs[] {
    const { row } = this.#database;
    const objects: StoredAs[] = [];
    this.#database.each(this.#catalog, () => {
      const flags = wholeNumber('catalog', row.value(this.#at.flags));
      const hash = bytesOf(row.value(this.#at.hash));
      if (hash && (flags & FILE_BITS) === FILE_BIT)
        objects.push(...storedAs(flags, hash, wholeNumber('catalog', row.value(this.#at.size)), ''));
      return true;
    });
    const pieces = this.#database.all('chunks', ['md5path_1', 'md5path_2', 'size', 'hash']);
    return this.#database.guarded(() => {
      for (const { md5path_1, md5path_2, size, hash } of pieces) {
        const key = new PathKey(halvesOf(integer(md5path_1)), halvesOf(integer(md5path_2)));
        if (!this.#findRow(key)) continue;
        const flags = wholeNumber('catalog', row.value(this.#at.flags));
        const bytes = bytesOf(hash) ?? new Uint8Array(0);
        objects.push(...storedAs(flags, bytes, wholeNumber('catalog', size), 'P'));
      }
      return objects;
    });
  }

  /** How many rows there are, also of what no path leads to. */
  rows(): { readonly entries: number; readonly chunks: number; readonly nested: number } {
    const count = (name: 'catalog' | 'chunks' | 'nested_catalogs') => {
      let rows = 0;
      this.#database.each(this.#table(name), () => {
        rows++;
        return true;
      });
      return rows;
    };
    return { entries: count('catalog'), chunks: count('chunks'), nested: count('nested_catalogs') };
  }

  nested(): CatalogReference[] {
    return this.#references('nested_catalogs');
  }

  bindMountpoints(): CatalogReference[] {
    return this.#has('bind_mountpoints') ? this.#references('bind_mountpoints') : [];
  }

  statistics(): Statistics {
    const rows = this.#database.all('statistics', ['counter', 'value']);
    return statisticsFromRows(
      new Map(rows.map(({ counter, value }) => [String(counter), wholeNumber('catalog', value)])),
    );
  }

  /** The names of what is counted, in the order of their rows. */
  counters(): string[] {
    return this.#database.all('statistics', ['counter']).map(({ counter }) => String(counter));
  }

  close(): void {
    this.#database.close();
  }

  #references(table: 'nested_catalogs' | 'bind_mountpoints'): CatalogReference[] {
    const rows = this.#has('nestedSize')
      ? this.#database.all(table, ['path', 'sha1', 'size'])
      : this.#database.all(table, ['path', 'sha1']).map((row) => ({ ...row, size: null }));
    return rows.map(({ path, sha1, size }) => {
      const at = checkPath(byteString(path));
      if (!isWithin(at, this.rootPath) || at === this.rootPath) {
        throw new FormatError('catalog', `${JSON.stringify(at)} is not below it`);
      }
      const bytes = size === null ? undefined : wholeNumber('catalog', size);
      return { path: at, hash: parseHash(byteString(sha1)), bytes };
    });
  }

  #has(what: string): boolean {
    return this.#schemaRevision >= (REVISION_OF.get(what) ?? 0);
  }

  #table(name: string): Table {
    const table = this.#database.table(name);
    if (!table) throw new FormatError('catalog', `it has no table ${name}`);
    return table;
  }

  /** Makes an entry's row the one that is loaded. */
  #findRow(key: PathKey): boolean {
    if (this.#byKey === null) throw new FormatError('catalog', 'it has no index of paths');
    const [rowid] = this.#database.rowids(this.#byKey, key, 1);
    if (rowid === undefined) return false;
    this.#database.load(this.#catalog, rowid);
    const { row } = this.#database;
    const isIt =
      row.compareInteger(this.#at.md5path_1, key.firstHalves) === 0 &&
      row.compareInteger(this.#at.md5path_2, key.secondHalves) === 0;
    if (!isIt) throw new FormatError('catalog', 'an index leads to another row');
    return true;
  }

  #entry(): Entry {
    const { row } = this.#database;
    const at = this.#at;
    const whole = (column: number) => wholeNumber('catalog', row.value(column));
    const hardlinks = row.value(at.hardlinks);
    if (typeof hardlinks !== 'number' && typeof hardlinks !== 'bigint')
      throw new FormatError('catalog', 'a link count is no number');
    return decodeEntry({
      hardlinks: BigInt.asUintN(64, BigInt(hardlinks)),
      hash: bytesOf(row.value(at.hash)),
      size: whole(at.size),
      mode: whole(at.mode),
      mtime: whole(at.mtime),
      mtimens: row.value(at.mtimens) === null ? null : whole(at.mtimens),
      flags: whole(at.flags),
      name: byteString(row.value(at.name)),
      symlink: byteString(row.value(at.symlink)),
      uid: whole(at.uid),
      gid: whole(at.gid),
      xattr: bytesOf(row.value(at.xattr)),
    });
  }
}

/** Of one directory. @throws FormatError */
export function checkNames(entries: Entry[]): Entry[] {
  const names = new Set(entries.map(({ name }) => name));
  if (names.has('') || names.size !== entries.length)
    throw new FormatError('catalog', 'a directory has two entries of one name, or one without');
  return entries;
}

/** @param has whether catalogs of this revision have a column: what others put there means nothing */
function columnsAt(table: Table, has: (column: string) => boolean): Record<Column, number> {
  const at = (column: Column) => {
    const index = has(column) ? table.column(column) : -1;
    if (index < 0 && !REVISION_OF.has(column)) throw new FormatError('catalog', `it has no column ${column}`);
    return index;
  };
  return {
    hardlinks: at('hardlinks'),
    hash: at('hash'),
    size: at('size'),
    mode: at('mode'),
    mtime: at('mtime'),
    mtimens: at('mtimens'),
    flags: at('flags'),
    name: at('name'),
    symlink: at('symlink'),
    uid: at('uid'),
    gid: at('gid'),
    xattr: at('xattr'),
    md5path_1: at('md5path_1'),
    md5path_2: at('md5path_2'),
    parent_1: at('parent_1'),
    parent_2: at('parent_2'),
  };
}

/** @returns nothing for what lies on other servers */
function storedAs(bits: number, bytes: Uint8Array, size: number, suffix: '' | 'P'): StoredAs[] {
  const { algorithm, compression, external } = decodeFlags(bits);
  return external ? [] : [{ hash: hashFromBytes(algorithm, bytes), suffix, compression, bytes: size }];
}

function integer(value: Value): bigint {
  return typeof value === 'bigint' ? value : BigInt(wholeNumber('catalog', value));
}

function bytesOf(value: Value): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  throw new FormatError('catalog', 'a column is of another type');
}
