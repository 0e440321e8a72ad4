import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CatalogReader, checkNames } from '../format/catalog-reader.ts';
import type { CatalogBefore } from '../format/catalog-update.ts';
import type { CatalogItem, CatalogReference } from '../format/catalog-writer.ts';
import { FormatError } from '../format/errors.ts';
import { type ContentHash, objectPath, type Suffix } from '../format/hashes.ts';
import { type History, readHistory } from '../format/history.ts';
import { decodeObject } from '../format/objects.ts';
import { isWithin, pathKey, type RepositoryPath } from '../format/paths.ts';
import { RepositoryDamaged } from './errors.ts';
import type { Place } from './places/place.ts';
import { readPlaced } from './places/read.ts';
import type { Node, StoredCatalog } from './tree.ts';

const MOST_CATALOG_BYTES = 2 ** 31;

/** What reads the published repository where it lies. */
export class Stored {
  readonly #place: Place;
  readonly #scratch: string;

  /** @param scratch where databases are opened; SQLite wants files */
  constructor(place: Place, scratch: string) {
    this.#place = place;
    this.#scratch = scratch;
  }

  /** A path where nothing is. */
  scratchPath(): string {
    return join(this.#scratch, `${process.pid}-${randomBytes(8).toString('hex')}`);
  }

  /** Whether a catalog is there. */
  has(catalog: ContentHash): Promise<boolean> {
    return this.#place.has(objectPath(catalog, 'C'));
  }

  /** A catalog that was made here, all of it. @returns null where its rows are in another order. @throws RepositoryDamaged */
  async ownCatalog(hash: ContentHash): Promise<CatalogBefore | null> {
    return this.#database(hash, 'C', (file, plain) => {
      const reader = new CatalogReader(file);
      try {
        const items = reader.inOrder();
        const [nested, bindMountpoints, counters] = [
          reader.nested(),
          reader.bindMountpoints(),
          reader.counters(),
        ];
        return items && { plain, items, nested, bindMountpoints, counters, properties: reader.properties };
      } finally {
        reader.close();
      }
    });
  }

  /** @throws RepositoryDamaged */
  async catalog<T>(
    hash: ContentHash,
    use: (reader: CatalogReader, bytes: number) => T | Promise<T>,
  ): Promise<T> {
    return this.#database(hash, 'C', async (file, { length: bytes }) => {
      const reader = new CatalogReader(file);
      try {
        return await use(reader, bytes);
      } finally {
        reader.close();
      }
    });
  }

  /** The same of one that is at hand and not among the objects. @param bytes as it is stored */
  async unplacedCatalog<T>(
    hash: ContentHash,
    bytes: Uint8Array,
    use: (reader: CatalogReader) => T | Promise<T>,
  ): Promise<T> {
    const file = this.scratchPath();
    try {
      writeFileSync(file, decodeObject(hash, bytes, MOST_CATALOG_BYTES));
      const reader = new CatalogReader(file);
      try {
        return await use(reader);
      } finally {
        reader.close();
      }
    } finally {
      await rm(file, { force: true });
    }
  }

  /** @throws RepositoryDamaged */
  async history(hash: ContentHash): Promise<History> {
    return this.#database(hash, 'H', (file) => readHistory(file));
  }

  async #database<T>(
    hash: ContentHash,
    suffix: Suffix,
    use: (file: string, plain: Buffer) => T | Promise<T>,
  ): Promise<T> {
    const plain = await readPlaced(this.#place, hash, suffix);
    const file = this.scratchPath();
    try {
      writeFileSync(file, plain);
      return await use(file, plain);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new RepositoryDamaged(`${hash}${suffix} in ${this.#place.shown}: ${error.message}`, {
        cause: error,
      });
    } finally {
      await rm(file, { force: true });
    }
  }
}

/** All entries of one catalog, from its root down. */
export function* itemsOf(reader: CatalogReader): Generator<CatalogItem> {
  const root = reader.find(pathKey(reader.rootPath));
  if (!root) throw new FormatError('catalog', 'its root is missing');
  yield { path: reader.rootPath, entry: root };
  const children = reader.allChildren();
  const waiting: RepositoryPath[] = [reader.rootPath];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const entry of checkNames(children.get(pathKey(path).text) ?? [])) {
      const at = `${path}/${entry.name}`;
      const chunks = entry.chunked ? reader.chunks(pathKey(at), entry) : undefined;
      yield chunks ? { path: at, entry, chunks } : { path: at, entry };
      if (entry.kind === 'directory' && !entry.nestedMountpoint) waiting.push(at);
    }
  }
}

/**
 * A revision's tree, as far as it matters to a change at `changed`: catalogs that neither hold it nor are held by it stay
 * sealed.
 */
export async function loadTree(
  stored: Stored,
  root: CatalogReference,
  changed: RepositoryPath,
): Promise<Node> {
  return stored.catalog(root.hash, async (reader) => {
    const nodes = new Map<RepositoryPath, Node>();
    const nested = new Map(reader.nested().map((one) => [one.path, one]));
    let top: Node | null = null;
    for (const { path, entry, chunks } of itemsOf(reader)) {
      const reference = entry.nestedMountpoint ? nested.get(path) : undefined;
      let node: Node;
      if (reference && isWithin(changed, path)) node = await loadTree(stored, reference, changed);
      else {
        node = {
          entry,
          chunks: chunks ?? null,
          children: entry.kind === 'directory' ? new Map() : null,
          // Groups are numbered anew when the catalog is written.
          link: entry.hardlinkGroup === 0 ? null : `group ${entry.hardlinkGroup}`,
          sealed: reference ? await storedCatalog(stored, reference) : null,
        };
      }
      if (!top) top = node;
      else nodes.get(path.slice(0, path.lastIndexOf('/')))?.children?.set(entry.name, node);
      if (node.children) nodes.set(path, node);
    }
    if (!top) throw new FormatError('catalog', 'its root is missing');
    return top;
  });
}

export async function storedCatalog(stored: Stored, reference: CatalogReference): Promise<StoredCatalog> {
  return stored.catalog(reference.hash, (reader, bytes) => ({
    path: reference.path,
    hash: reference.hash,
    bytes,
    statistics: reader.statistics(),
  }));
}

/** All catalogs of a revision by path. */
export async function catalogsOf(
  stored: Stored,
  root: CatalogReference,
  into = new Map<RepositoryPath, StoredCatalog>(),
): Promise<Map<RepositoryPath, StoredCatalog>> {
  const nested = await stored.catalog(root.hash, (reader, bytes) => {
    into.set(root.path, { path: root.path, hash: root.hash, bytes, statistics: reader.statistics() });
    return reader.nested();
  });
  for (const one of nested) await catalogsOf(stored, one, into);
  return into;
}
