import {
  BIND_MOUNTPOINTS,
  CATALOG,
  CHUNKS,
  NESTED_CATALOGS,
  SCHEMA,
  SCHEMA_REVISION,
  STATISTICS,
} from './catalog-schema.ts';
import type { Chunk } from './chunks.ts';
import type { NewValue } from './database/record.ts';
import { encodeDatabase } from './database/write.ts';
import { type Entry, encodeEntry } from './entry.ts';
import { type ContentHash, hashBytes } from './hashes.ts';
import { NO_KEY, type PathKey, parentOf, pathKey, type RepositoryPath } from './paths.ts';
import { propertiesTable } from './properties.ts';
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

/** A catalog as a file's bytes. */
export function encodeCatalog(content: CatalogContent): Buffer {
  const chunked: CatalogItem[] = [];
  return encodeDatabase([
    propertiesTable(propertiesOf(content)),
    { ...CATALOG, rows: entryRows(content.entries, chunked) },
    { ...CHUNKS, rows: chunkRows(chunked) },
    { ...NESTED_CATALOGS, rows: content.nested.map(referenceRow) },
    { ...BIND_MOUNTPOINTS, rows: (content.bindMountpoints ?? []).map(referenceRow) },
    { ...STATISTICS, rows: statisticsRows(content.statistics) },
  ]);
}

function* entryRows(items: Iterable<CatalogItem>, chunked: CatalogItem[]): Generator<NewValue[]> {
  /** Of directories: what is in them asks for theirs again and again. */
  const keys = new Map<RepositoryPath, PathKey>([['', pathKey('')]]);
  for (const item of items) {
    const { path, entry } = item;
    const key = pathKey(path);
    if (entry.kind === 'directory') keys.set(path, key);
    const above = parentOf(path);
    const parent = path === '' ? NO_KEY : (keys.get(above) ?? pathKey(above));
    if (entry.chunked) chunked.push(item);
    yield rowOf(item, key, parent);
  }
}

/** A row of the table `catalog`. */
export function rowOf({ entry }: CatalogItem, key: PathKey, parent: PathKey): NewValue[] {
  const row = encodeEntry(entry);
  return [
    key.firstHalves,
    key.secondHalves,
    parent.firstHalves,
    parent.secondHalves,
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

/** When all entries are written. */
function* chunkRows(items: readonly CatalogItem[]): Generator<NewValue[]> {
  for (const { path, chunks = [] } of items) {
    const key = pathKey(path);
    for (const chunk of chunks)
      yield [key.firstHalves, key.secondHalves, chunk.offset, chunk.bytes, hashBytes(chunk.hash)];
  }
}

/** A row of the table `nested_catalogs`, or `bind_mountpoints`. */
export function referenceRow({ path, hash, bytes }: CatalogReference): NewValue[] {
  return [path, hash, bytes ?? null];
}

/** In the order of their rows. */
export function propertiesOf(content: CatalogContent): [string, string][] {
  const { rootPath, previous, ttlSeconds } = content;
  return [
    ['schema', SCHEMA],
    ['schema_revision', String(SCHEMA_REVISION)],
    ['revision', String(content.revision)],
    ['last_modified', String(content.lastModified)],
    ...(previous === undefined ? [] : [['previous_revision', previous] as [string, string]]),
    ...(ttlSeconds === undefined ? [] : [['TTL', String(ttlSeconds)] as [string, string]]),
    ...(rootPath === '' ? [] : [['root_prefix', rootPath] as [string, string]]),
  ];
}
