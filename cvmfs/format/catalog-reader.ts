import type { Statement } from 'node-sqlite3-wasm';
import type { CatalogReference } from './catalog-writer.ts';
import { type Chunk, checkChunks } from './chunks.ts';
import { decodeEntry, type Entry } from './entry.ts';
import { FormatError } from './errors.ts';
import { decodeFlags } from './flags.ts';
import { type ContentHash, hashFromBytes, parseHash } from './hashes.ts';
import type { Compression } from './objects.ts';
import { checkPath, isWithin, type PathKey, type RepositoryPath } from './paths.ts';
import {
  allRows,
  asFormatError,
  bytesOrNull,
  checkVersion,
  type OpenedDatabase,
  openForeign,
  type Row,
  readProperties,
  wholeNumber,
} from './sqlite.ts';
import { type Statistics, statisticsFromRows } from './statistics.ts';

/** Since when catalogs have a column or a table. */
const REVISION_OF = { nestedSize: 1, xattr: 2, bindMountpoints: 4, mtimens: 7 } as const;

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

/** A catalog that somebody wrote, open for reading. All that comes out is checked. */
export class CatalogReader {
  readonly properties: ReadonlyMap<string, string>;
  /** "" for the catalog of the repository's root. */
  readonly rootPath: RepositoryPath;
  readonly #opened: OpenedDatabase;
  readonly #schemaRevision: number;
  readonly #byKey: Statement;
  readonly #byParent: Statement;
  readonly #chunks: Statement;

  /**
   * @param file MUST be of this reader alone, see openForeign()
   * @throws FormatError
   */
  constructor(file: string) {
    this.#opened = openForeign('catalog', file, ['catalog', 'chunks', 'nested_catalogs', 'properties']);
    const { database, mostRows } = this.#opened;
    try {
      this.properties = readProperties('catalog', this.#opened);
      checkVersion('catalog', this.properties, 2);
      this.#schemaRevision = Number(this.properties.get('schema_revision') ?? 0);
      this.rootPath = checkPath(this.#rootPrefix());
      const columns = `hardlinks, hash, size, mode, mtime, ${this.#since('mtimens', 'mtimens')}, flags,
        CAST(name AS BLOB) AS name, CAST(symlink AS BLOB) AS symlink, uid, gid, ${this.#since('xattr', 'xattr')}`;
      this.#byKey = database.prepare(
        `SELECT ${columns} FROM catalog WHERE md5path_1 = ? AND md5path_2 = ? LIMIT 1`,
      );
      // The index is named: without it a hostile catalog could have every listing read everything.
      this.#byParent = database.prepare(
        `SELECT ${columns} FROM catalog INDEXED BY idx_catalog_parent
         WHERE parent_1 = ? AND parent_2 = ? LIMIT ${mostRows + 1}`,
      );
      this.#chunks = database.prepare(
        `SELECT offset, size, hash FROM chunks WHERE md5path_1 = ? AND md5path_2 = ?
         ORDER BY offset LIMIT ${mostRows + 1}`,
      );
    } catch (cause) {
      this.#opened.close();
      throw asFormatError('catalog', cause);
    }
  }

  find(key: PathKey): Entry | null {
    return this.#guarded(() => {
      const row = this.#byKey.get([key.first, key.second]) as Row | null;
      return row === null ? null : entryOf(row);
    });
  }

  /** What is in a directory, in no order. */
  children(key: PathKey): Entry[] {
    return this.#guarded(() => {
      const rows = this.#byParent.all([key.first, key.second]) as Row[];
      if (rows.length > this.#opened.mostRows)
        throw new FormatError('catalog', 'a directory goes in circles');
      const entries = rows.map(entryOf);
      const names = new Set(entries.map(({ name }) => name));
      if (names.has('') || names.size !== entries.length) {
        throw new FormatError('catalog', 'a directory has two entries of one name, or one without');
      }
      return entries;
    });
  }

  /** The pieces of a chunked file, in order and without gaps. */
  chunks(key: PathKey, entry: Entry): readonly Chunk[] {
    return this.#guarded(() => {
      const rows = this.#chunks.all([key.first, key.second]) as Row[];
      const chunks = rows.map(({ offset, size, hash }) => ({
        offset: wholeNumber('chunks', offset),
        bytes: wholeNumber('chunks', size),
        hash: hashFromBytes(entry.algorithm, bytesOrNull('chunks', hash) ?? new Uint8Array(0)),
      }));
      return checkChunks(chunks, entry.size);
    });
  }

  /** Everything that files and their pieces are stored as; some of it several times. Costs far less than going by directories. */
  objects(): StoredAs[] {
    const whole = allRows(
      'catalog',
      this.#opened,
      `SELECT hash, size, flags FROM catalog WHERE hash IS NOT NULL AND flags & ${FILE_BITS} = ${FILE_BIT}`,
    );
    const pieces = allRows(
      'catalog',
      this.#opened,
      `SELECT chunks.hash AS hash, chunks.size AS size, flags FROM chunks
       JOIN catalog ON catalog.md5path_1 = chunks.md5path_1 AND catalog.md5path_2 = chunks.md5path_2`,
    );
    return this.#guarded(() => [
      ...whole.flatMap((row) => storedAs(row, '')),
      ...pieces.flatMap((row) => storedAs(row, 'P')),
    ]);
  }

  /** How many rows there are, also of what no path leads to. */
  rows(): { readonly entries: number; readonly chunks: number; readonly nested: number } {
    const count = (table: 'catalog' | 'chunks' | 'nested_catalogs') => {
      const [row] = allRows('catalog', this.#opened, `SELECT count(*) AS count FROM ${table}`);
      return wholeNumber('catalog', row?.count);
    };
    return { entries: count('catalog'), chunks: count('chunks'), nested: count('nested_catalogs') };
  }

  nested(): CatalogReference[] {
    return this.#references('nested_catalogs');
  }

  bindMountpoints(): CatalogReference[] {
    return this.#schemaRevision < REVISION_OF.bindMountpoints ? [] : this.#references('bind_mountpoints');
  }

  statistics(): Statistics {
    const rows = allRows('catalog', this.#opened, 'SELECT counter, value FROM statistics');
    return statisticsFromRows(
      new Map(rows.map(({ counter, value }) => [String(counter), wholeNumber('catalog', value)])),
    );
  }

  close(): void {
    // SQLite keeps all of a database, half a megabyte, while one of its statements is not finalized.
    for (const statement of [this.#byKey, this.#byParent, this.#chunks]) finalize(statement);
    this.#opened.close();
  }

  #references(table: 'nested_catalogs' | 'bind_mountpoints'): CatalogReference[] {
    const sql = `SELECT CAST(path AS BLOB) AS path, sha1, ${this.#since('nestedSize', 'size')} FROM ${table}`;
    return allRows('catalog', this.#opened, sql).map(({ path, sha1, size }) => {
      const at = checkPath(Buffer.from(bytesOrNull('catalog', path) ?? []).toString('latin1'));
      if (!isWithin(at, this.rootPath) || at === this.rootPath) {
        throw new FormatError('catalog', `${JSON.stringify(at)} is not below it`);
      }
      const bytes = size === null || size === undefined ? undefined : wholeNumber('catalog', size);
      return { path: at, hash: parseHash(String(sha1)), bytes };
    });
  }

  #rootPrefix(): string {
    const sql = "SELECT CAST(value AS BLOB) AS value FROM properties WHERE key = 'root_prefix'";
    const [row] = allRows('catalog', this.#opened, sql);
    return row ? Buffer.from(bytesOrNull('catalog', row.value) ?? []).toString('latin1') : '';
  }

  #since(what: keyof typeof REVISION_OF, column: string): string {
    return this.#schemaRevision < REVISION_OF[what] ? `NULL AS ${column}` : column;
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw asFormatError('catalog', cause);
    }
  }
}

function finalize(statement: Statement): void {
  try {
    statement.finalize();
  } catch {
    // It tells once more what its last step told already; finalized it is.
  }
}

/** @returns nothing for what lies on other servers */
function storedAs(row: Row, suffix: '' | 'P'): StoredAs[] {
  const { algorithm, compression, external } = decodeFlags(wholeNumber('catalog', row.flags));
  if (external) return [];
  const hash = hashFromBytes(algorithm, bytesOrNull('catalog', row.hash) ?? new Uint8Array(0));
  return [{ hash, suffix, compression, bytes: wholeNumber('catalog', row.size) }];
}

function entryOf(row: Row): Entry {
  const whole = (column: string) => wholeNumber('catalog', row[column]);
  const bytes = (column: string) => bytesOrNull('catalog', row[column]);
  const { hardlinks, mtimens } = row;
  if (typeof hardlinks !== 'number' && typeof hardlinks !== 'bigint') {
    throw new FormatError('catalog', 'a link count is no number');
  }
  return decodeEntry({
    hardlinks: BigInt.asUintN(64, BigInt(hardlinks)),
    hash: bytes('hash'),
    size: whole('size'),
    mode: whole('mode'),
    mtime: whole('mtime'),
    mtimens: mtimens === null ? null : whole('mtimens'),
    flags: whole('flags'),
    name: bytes('name') ?? new Uint8Array(0),
    symlink: bytes('symlink') ?? new Uint8Array(0),
    uid: whole('uid'),
    gid: whole('gid'),
    xattr: bytes('xattr'),
  });
}
