import { rm } from 'node:fs/promises';
import { CatalogReader } from '../format/catalog-reader.ts';
import type { CatalogReference } from '../format/catalog-writer.ts';
import { FormatError } from '../format/errors.ts';
import type { ContentHash } from '../format/hashes.ts';
import { pathKey, type RepositoryPath } from '../format/paths.ts';
import type { Objects } from './objects.ts';

/** Where a catalog does not say how large another is. */
const MOST_CATALOG_BYTES = 1024 * 1024 * 1024;

/** A catalog in use. */
export interface OpenCatalog {
  readonly reader: CatalogReader;
  /** By path. */
  readonly nested: ReadonlyMap<RepositoryPath, CatalogReference>;
}

/** Catalogs by their hash, open while they are used and for a while after: each takes a file, and what it says of others. */
export class Catalogs {
  readonly #objects: Objects;
  readonly #mostOpen: number;
  readonly #open = new Map<ContentHash, Promise<OpenCatalog>>();

  constructor(objects: Objects, mostOpen = 64) {
    this.#objects = objects;
    this.#mostOpen = mostOpen;
  }

  /**
   * @param use MUST not wait: another caller may close the catalog then
   * @throws FormatError, NoServer, Refusal, CacheFault
   */
  async with<T>(reference: CatalogReference, use: (catalog: OpenCatalog) => T): Promise<T> {
    for (;;) {
      const known = this.#open.get(reference.hash);
      const loading = known ?? this.#load(reference);
      // Put last: it was used last.
      this.#open.delete(reference.hash);
      this.#open.set(reference.hash, loading);
      const loaded = await loading.catch((error: unknown) => {
        if (this.#open.get(reference.hash) === loading) this.#open.delete(reference.hash);
        throw error;
      });
      if (this.#open.get(reference.hash) !== loading) continue;
      await this.#closeSurplus();
      if (this.#open.get(reference.hash) !== loading) continue;
      if (loaded.reader.rootPath !== reference.path) {
        throw new FormatError(
          'catalog',
          `that of ${reference.path || '/'} is of ${loaded.reader.rootPath || '/'}`,
        );
      }
      return use(loaded);
    }
  }

  async close(): Promise<void> {
    const all = [...this.#open.entries()];
    this.#open.clear();
    for (const [hash, loading] of all) await this.#closeOne(hash, loading);
  }

  async #load({ path, hash, bytes }: CatalogReference): Promise<OpenCatalog> {
    const file = await this.#objects.privatePath({
      hash,
      suffix: 'C',
      compression: 'zlib',
      mostBytes: bytes ?? MOST_CATALOG_BYTES,
      exact: bytes !== undefined,
    });
    try {
      const reader = new CatalogReader(file);
      try {
        const nested = new Map(reader.nested().map((one) => [one.path, one]));
        // Without its own row a catalog is of nothing.
        if (reader.find(pathKey(path))?.kind !== 'directory')
          throw new FormatError('catalog', 'its root is missing');
        this.#objects.cache.pin(hash, 'C');
        return { reader, nested };
      } catch (error) {
        reader.close();
        throw error;
      }
    } finally {
      // Who has it open goes on reading.
      await rm(file, { force: true });
    }
  }

  async #closeSurplus(): Promise<void> {
    const surplus = [...this.#open.entries()].slice(0, Math.max(0, this.#open.size - this.#mostOpen));
    for (const [hash] of surplus) this.#open.delete(hash);
    for (const [hash, loading] of surplus) await this.#closeOne(hash, loading);
  }

  async #closeOne(hash: ContentHash, loading: Promise<OpenCatalog>): Promise<void> {
    const loaded = await loading.catch(() => null);
    loaded?.reader.close();
    this.#objects.cache.unpin(hash, 'C');
  }
}
