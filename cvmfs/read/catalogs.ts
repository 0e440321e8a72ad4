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

interface Kept extends OpenCatalog {
  /** Of all uses, the number of its last one. */
  used: number;
}

/** Catalogs by their hash, open while they are used and for a while after: each takes a file, and what it says of others. */
export class Catalogs {
  readonly #objects: Objects;
  readonly #mostOpen: number;
  readonly #open = new Map<ContentHash, Kept>();
  readonly #loading = new Map<ContentHash, Promise<void>>();
  #uses = 0;

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
      const open = this.now(reference);
      if (open) return use(open);
      await this.#loadOnce(reference);
    }
  }

  /** One that is open, to be used at once and not kept. @throws FormatError */
  now(reference: CatalogReference): OpenCatalog | null {
    const open = this.#open.get(reference.hash);
    if (!open) return null;
    open.used = ++this.#uses;
    if (open.reader.rootPath !== reference.path) {
      throw new FormatError(
        'catalog',
        `that of ${reference.path || '/'} is of ${open.reader.rootPath || '/'}`,
      );
    }
    return open;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#loading.values());
    for (const hash of this.#open.keys()) this.#close(hash);
  }

  #loadOnce(reference: CatalogReference): Promise<void> {
    const { hash } = reference;
    const known = this.#loading.get(hash);
    if (known) return known;
    const loading = this.#load(reference)
      .then((open) => {
        this.#open.set(hash, { ...open, used: ++this.#uses });
        while (this.#open.size > this.#mostOpen) this.#closeOldest();
      })
      .finally(() => this.#loading.delete(hash));
    this.#loading.set(hash, loading);
    return loading;
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

  #closeOldest(): void {
    const [oldest] = [...this.#open].sort(([, a], [, b]) => a.used - b.used);
    if (oldest) this.#close(oldest[0]);
  }

  #close(hash: ContentHash): void {
    this.#open.get(hash)?.reader.close();
    this.#open.delete(hash);
    this.#objects.cache.unpin(hash, 'C');
  }
}
