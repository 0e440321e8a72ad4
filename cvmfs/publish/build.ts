import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CatalogBefore, updateCatalog } from '../format/catalog-update.ts';
import { type CatalogItem, type CatalogReference, encodeCatalog } from '../format/catalog-writer.ts';
import type { Entry } from '../format/entry.ts';
import { encodeFlags } from '../format/flags.ts';
import { type ContentHash, hashFromBytes, objectPath } from '../format/hashes.ts';
import type { RepositoryPath } from '../format/paths.ts';
import { addCounts, addEntry, NO_COUNTS } from '../format/statistics.ts';
import { encodeXattrs } from '../format/xattrs.ts';
import type { NotedCatalog } from './catalog-notes.ts';
import { isNestedRoot } from './placement.ts';
import type { StoreOptions } from './store.ts';
import { putObject } from './store.ts';
import { type Node, type StoredCatalog, sorted } from './tree.ts';

export interface BuildOptions {
  readonly store: StoreOptions;
  readonly revision: number;
  readonly nowSeconds: number;
  readonly ttlSeconds: number;
  /** The catalogs of the revision before, by path. */
  readonly before: ReadonlyMap<RepositoryPath, StoredCatalog>;
  /** Those of them that are taken again where they would say the same. */
  readonly noted: ReadonlyMap<RepositoryPath, NotedCatalog>;
  /** One of them, as it is stored. */
  read(hash: ContentHash): Promise<CatalogBefore | null>;
}

export interface BuiltCatalogs {
  readonly root: NotedCatalog;
  readonly all: Map<RepositoryPath, NotedCatalog>;
  /** Paths below the repository of objects that were not there. */
  readonly newObjects: string[];
  readonly newBytes: number;
  readonly warnings: string[];
}

/** Beyond these, readers become slow; the figures are the reference implementation's. */
const MOST_ROOT_ENTRIES = 200_000;
const MOST_NESTED_ENTRIES = 500_000;

/** Writes the catalogs of a tree, the deepest first: each names the hashes of those in it. */
export async function buildCatalogs(root: Node, options: BuildOptions): Promise<BuiltCatalogs> {
  const build = new Build(options);
  const top = await build.catalog(root, '');
  return {
    root: top,
    all: build.all,
    newObjects: build.newObjects,
    newBytes: build.newBytes,
    warnings: build.warnings,
  };
}

class Build {
  readonly all = new Map<RepositoryPath, NotedCatalog>();
  readonly newObjects: string[] = [];
  newBytes = 0;
  readonly warnings: string[] = [];
  readonly #options: BuildOptions;

  constructor(options: BuildOptions) {
    this.#options = options;
  }

  async catalog(top: Node, path: RepositoryPath): Promise<NotedCatalog> {
    const items: CatalogItem[] = [];
    const roots: { node: Node; path: RepositoryPath }[] = [];
    collect(top, path, items, roots, { nextGroup: 1 });
    const nested: StoredCatalog[] = [];
    for (const one of roots) nested.push(one.node.sealed ?? (await this.catalog(one.node, one.path)));
    const self = { ...NO_COUNTS, nested: nested.length };
    for (const { entry, chunks } of items) addEntry(self, entry, chunks?.length ?? 0);
    const subtree = nested.reduce(
      (sum, { statistics }) => addCounts(sum, addCounts(statistics.self, statistics.subtree)),
      NO_COUNTS,
    );
    if (items.length > (path === '' ? MOST_ROOT_ENTRIES : MOST_NESTED_ENTRIES)) {
      this.warnings.push(
        `the catalog of ${path || '/'} has ${items.length} entries: readers will be slow; put .cvmfscatalog files into directories below`,
      );
    }
    const statistics = { self, subtree };
    const digest = digestOf(path, this.#options.ttlSeconds, items, nested);
    const known = this.#options.noted.get(path);
    const isStored =
      known !== undefined && existsSync(join(this.#options.store.folder, objectPath(known.hash, 'C')));
    const built =
      isStored && known.digest === digest
        ? known
        : { ...(await this.#write(path, items, nested, statistics, isStored ? known.hash : null)), digest };
    this.all.set(path, built);
    return built;
  }

  /** @param last what was written of it the last time */
  async #write(
    path: RepositoryPath,
    items: readonly CatalogItem[],
    nested: readonly CatalogReference[],
    statistics: StoredCatalog['statistics'],
    last: ContentHash | null,
  ): Promise<StoredCatalog> {
    const { store, revision, nowSeconds, ttlSeconds, before } = this.#options;
    const content = {
      rootPath: path,
      revision,
      lastModified: nowSeconds,
      previous: before.get(path)?.hash ?? noHash(store),
      ...(path === '' ? { ttlSeconds } : {}),
      entries: items,
      nested,
      statistics,
    };
    const old = last === null ? null : await this.#options.read(last);
    const plain = (old && updateCatalog(old, content)) ?? encodeCatalog(content);
    const put = putObject(store, plain, 'C');
    if (put.isNew) {
      this.newObjects.push(objectPath(put.hash, 'C'));
      this.newBytes += put.storedBytes;
    }
    return { path, hash: put.hash, bytes: plain.length, statistics };
  }
}

/** "There was none before", as the reference implementation says it. */
function noHash({ algorithm }: StoreOptions): ContentHash {
  return hashFromBytes(algorithm, new Uint8Array(20));
}

/** All rows of one catalog, and the directories below which others begin. */
function collect(
  node: Node,
  path: RepositoryPath,
  items: CatalogItem[],
  roots: { node: Node; path: RepositoryPath }[],
  groups: { nextGroup: number },
): void {
  if (items.length === 0) items.push({ path, entry: directoryEntry(node, 'top', path) });
  const children = sorted(node);
  const links = linksOf(children);
  const numbers = new Map<string, number>();
  for (const child of children) {
    const at = `${path}/${child.entry.name}`;
    if (child.children) {
      const isRoot = isNestedRoot(child);
      items.push({ path: at, entry: directoryEntry(child, isRoot ? 'mountpoint' : 'plain', at) });
      if (isRoot) roots.push({ node: child, path: at });
      else collect(child, at, items, roots, groups);
      continue;
    }
    const names = (child.link !== null && links.get(child.link)) || 1;
    let group = 0;
    if (child.link !== null && names > 1) {
      group = numbers.get(child.link) ?? groups.nextGroup++;
      numbers.set(child.link, group);
    }
    // A copy of each of a million takes time and room.
    const isSame = child.entry.links === names && child.entry.hardlinkGroup === group;
    const entry: Entry = isSame ? child.entry : { ...child.entry, links: names, hardlinkGroup: group };
    items.push(child.chunks ? { path: at, entry, chunks: child.chunks } : { path: at, entry });
  }
}

/** How many names each file has in one directory; the format knows no others. */
function linksOf(children: readonly Node[]): Map<string, number> {
  const links = new Map<string, number>();
  for (const { link } of children) if (link !== null) links.set(link, (links.get(link) ?? 0) + 1);
  return links;
}

function directoryEntry(node: Node, as: 'top' | 'mountpoint' | 'plain', path: RepositoryPath): Entry {
  let folders = 0;
  for (const child of node.children?.values() ?? []) if (child.children) folders++;
  return {
    ...node.entry,
    name: path === '' ? '' : node.entry.name,
    // Of a sealed one the children are not here, and it has not changed.
    links: node.sealed ? node.entry.links : 2 + folders,
    hardlinkGroup: 0,
    nestedMountpoint: as === 'mountpoint',
    nestedRoot: as === 'top' && path !== '',
  };
}

/** So many rows are hashed at once. */
const ROWS_AT_ONCE = 500;

/** The hash of all that a catalog says, but when it was written. */
function digestOf(
  path: RepositoryPath,
  ttlSeconds: number,
  items: readonly CatalogItem[],
  nested: readonly CatalogReference[],
): string {
  const digest = createHash('sha256');
  let text = `${path}\0${path === '' ? ttlSeconds : ''}\n`;
  let rows = 0;
  for (const { path: at, entry, chunks } of items) {
    const { mode, size, uid, gid, mtime, mtimeNs, links, hardlinkGroup, hash, target } = entry;
    text += `${at}\0${target}\0${encodeFlags(entry)} ${mode} ${size} ${uid} ${gid} ${mtime} ${mtimeNs} ${links} ${hardlinkGroup} ${hash}\n`;
    for (const { bytes, hash: piece } of chunks ?? []) text += `${bytes} ${piece}\n`;
    const hasXattrs = entry.xattrs.size > 0;
    if (++rows % ROWS_AT_ONCE === 0 || hasXattrs) {
      digest.update(text);
      text = '';
    }
    if (hasXattrs) digest.update(encodeXattrs(entry.xattrs) ?? '');
  }
  for (const { path: at, hash } of nested) text += `${at}\0${hash}\n`;
  return digest.update(text).digest('hex');
}
