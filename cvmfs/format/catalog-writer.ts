import { CATALOG_INDEX, CATALOG_TABLES, SCHEMA, SCHEMA_REVISION } from './catalog-schema.ts';
import type { Chunk } from './chunks.ts';
import { type Entry, encodeEntry } from './entry.ts';
import { type ContentHash, hashBytes } from './hashes.ts';
import { NO_KEY, parentOf, pathKey, type RepositoryPath } from './paths.ts';
import { createDatabase, insertAll, type SQLiteValue, writeProperties } from './sqlite.ts';
import { type Statistics, statisticsRows } from './statistics.ts';

/** A catalog nested in another, or a snapshot bound into it. */
export interface CatalogReference {
  readonly path: RepositoryPath;
  readonly hash: ContentHash;
  /** Of the SQLite file, not compressed. Absent in catalogs of old. */
  readonly bytes: number | undefined;
}

export interface CatalogContent {
  /** "" for the catalog of the repository's root. */
  readonly rootPath: RepositoryPath;
  readonly revision: number;
  readonly lastModified: number;
  readonly previous: ContentHash | undefined;
  /** Of the root catalog. */
  readonly ttlSeconds?: number;
  readonly entries: Iterable<CatalogItem>;
  readonly nested: readonly CatalogReference[];
  readonly bindMountpoints?: readonly CatalogReference[];
  readonly statistics: Statistics;
}

export interface CatalogItem {
  readonly path: RepositoryPath;
  readonly entry: Entry;
  readonly chunks?: readonly Chunk[];
}

/** Writes a catalog to a path where nothing is yet. */
export function writeCatalog(file: string, content: CatalogContent): void {
  createDatabase(file, CATALOG_TABLES, (database) => {
    const chunked: CatalogItem[] = [];
    // Text is bound as bytes and cast, since it need not be UTF-8.
    insertAll(
      database,
      'INSERT INTO catalog VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?)',
      entryRows(content.entries, chunked),
    );
    insertAll(database, 'INSERT INTO chunks VALUES (?, ?, ?, ?, ?)', chunkRows(chunked));
    insertAll(
      database,
      'INSERT INTO nested_catalogs VALUES (CAST(? AS TEXT), ?, ?)',
      references(content.nested),
    );
    insertAll(
      database,
      'INSERT INTO bind_mountpoints VALUES (CAST(? AS TEXT), ?, ?)',
      references(content.bindMountpoints ?? []),
    );
    insertAll(database, 'INSERT INTO statistics VALUES (?, ?)', statisticsRows(content.statistics));
    writeProperties(database, properties(content));
    if (content.rootPath !== '') {
      insertAll(database, "INSERT INTO properties VALUES ('root_prefix', CAST(? AS TEXT))", [
        [Buffer.from(content.rootPath, 'latin1')],
      ]);
    }
    database.exec(CATALOG_INDEX);
  });
}

function* entryRows(items: Iterable<CatalogItem>, chunked: CatalogItem[]): Generator<SQLiteValue[]> {
  for (const item of items) {
    const key = pathKey(item.path);
    const parent = item.path === '' ? NO_KEY : pathKey(parentOf(item.path));
    const row = encodeEntry(item.entry);
    if (item.entry.chunked) chunked.push(item);
    yield [
      key.first,
      key.second,
      parent.first,
      parent.second,
      row.hardlinks,
      row.hash,
      row.size,
      row.mode,
      row.mtime,
      row.mtimens,
      row.flags,
      row.name,
      row.symlink,
      row.uid,
      row.gid,
      row.xattr,
    ];
  }
}

function* chunkRows(items: readonly CatalogItem[]): Generator<SQLiteValue[]> {
  for (const { path, chunks = [] } of items) {
    const key = pathKey(path);
    for (const chunk of chunks)
      yield [key.first, key.second, chunk.offset, chunk.bytes, hashBytes(chunk.hash)];
  }
}

function references(list: readonly CatalogReference[]): SQLiteValue[][] {
  return list.map(({ path, hash, bytes }) => [Buffer.from(path, 'latin1'), hash, bytes ?? null]);
}

function properties(content: CatalogContent): [string, string][] {
  return [
    ['schema', SCHEMA],
    ['schema_revision', String(SCHEMA_REVISION)],
    ['revision', String(content.revision)],
    ['last_modified', String(content.lastModified)],
    ...(content.previous === undefined ? [] : [['previous_revision', content.previous] as [string, string]]),
    ...(content.ttlSeconds === undefined ? [] : [['TTL', String(content.ttlSeconds)] as [string, string]]),
  ];
}
