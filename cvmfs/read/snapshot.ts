import { createHash } from 'node:crypto';
import type { CatalogReference } from '../format/catalog-writer.ts';
import type { Entry } from '../format/entry.ts';
import { checkPath, nameOf, parentOf, pathKey, type RepositoryPath } from '../format/paths.ts';
import { expandVariant } from '../format/variants.ts';
import type { Catalogs } from './catalogs.ts';
import { PathError } from './errors.ts';
import { FileReader } from './file-reader.ts';
import { Lru } from './lru.ts';
import { Neighbours } from './neighbours.ts';
import type { Objects, WantedObject } from './objects.ts';

/** An entry and the catalog that its row is in. */
export interface Located {
  readonly path: RepositoryPath;
  readonly entry: Entry;
  readonly catalog: CatalogReference;
}

/** Few: one that is not kept is found again in 20 µs, and one that is kept for long is garbage of the costly kind. */
const ENTRIES_KEPT = 128;
const FOLDERS_KEPT = 1024;

/** One revision of a repository, which never changes. Catalogs are loaded as paths lead into them. */
export class Snapshot {
  readonly root: CatalogReference;
  readonly revision: number | undefined;
  readonly #catalogs: Catalogs;
  readonly #objects: Objects;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #neighbours: Neighbours | null;
  readonly #entries = new Lru<RepositoryPath, Located>(ENTRIES_KEPT);
  readonly #holders = new Lru<RepositoryPath, CatalogReference>(FOLDERS_KEPT);

  /** @param loadAhead is given what will probably be read next; null: nothing is loaded before it is asked for */
  constructor(
    root: CatalogReference,
    revision: number | undefined,
    catalogs: Catalogs,
    objects: Objects,
    environment: Readonly<Record<string, string | undefined>>,
    loadAhead: ((wanted: readonly WantedObject[]) => void) | null,
  ) {
    this.root = root;
    this.revision = revision;
    this.#catalogs = catalogs;
    this.#objects = objects;
    this.#environment = environment;
    this.#neighbours = loadAhead && new Neighbours((folder) => this.list(folder), loadAhead);
  }

  /** Links are not followed. @throws PathError ENOENT, FormatError, NoServer, Refusal, CacheFault */
  async lookup(path: RepositoryPath): Promise<Located> {
    const known = this.#entries.get(path);
    if (known) return known;
    checkPath(path);
    // A mountpoint's row is in both catalogs, the same: looking at it need not load the nested one.
    const above = parentOf(path);
    const catalog = path === '' ? this.root : (this.#holders.get(above) ?? (await this.#holder(above)));
    // Who need not wait costs half.
    const open = this.#catalogs.now(catalog);
    const entry = open
      ? open.reader.find(pathKey(path))
      : await this.#catalogs.with(catalog, ({ reader }) => reader.find(pathKey(path)));
    if (!entry || entry.name !== nameOf(path)) throw new PathError('ENOENT', path);
    const located = { path, entry, catalog };
    this.#entries.set(path, located);
    return located;
  }

  /** What is in a directory, sorted by the bytes of names. */
  async list(path: RepositoryPath): Promise<Located[]> {
    const { entry } = await this.lookup(path);
    if (entry.kind !== 'directory') throw new PathError('ENOTDIR', path);
    const catalog = await this.#holder(path);
    const children = await this.#catalogs.with(catalog, ({ reader }) => reader.children(pathKey(path)));
    const shown = children.filter((child) => !child.hidden).sort((a, b) => (a.name < b.name ? -1 : 1));
    const located = shown.map((child) => ({ path: `${path}/${child.name}`, entry: child, catalog }));
    for (const one of located.slice(0, ENTRIES_KEPT)) this.#entries.set(one.path, one);
    return located;
  }

  /** Opens a regular file. */
  async openFile(path: RepositoryPath): Promise<FileReader> {
    return this.openLocated(await this.lookup(path));
  }

  async openLocated({ path, entry, catalog }: Located): Promise<FileReader> {
    if (entry.kind === 'directory') throw new PathError('EISDIR', path);
    if (entry.kind !== 'file') throw new PathError('EINVAL', path);
    // Its content lies on a server of somebody else.
    if (entry.external) throw new PathError('EOPNOTSUPP', path);
    const chunks = entry.chunked
      ? await this.#catalogs.with(catalog, ({ reader }) => reader.chunks(pathKey(path), entry))
      : null;
    // What is wrong with the folder's catalog, who looks into it is told.
    this.#neighbours?.opened(path).catch(() => {});
    return new FileReader(this.#objects, entry, chunks);
  }

  /** The whole of a file; for large ones openFile() and read(). */
  async readFile(path: RepositoryPath): Promise<Buffer> {
    const file = await this.openFile(path);
    try {
      return await file.read(0, file.entry.size);
    } finally {
      await file.close();
    }
  }

  /** A link's target, its variables replaced. */
  async readLink(path: RepositoryPath): Promise<string> {
    const { entry } = await this.lookup(path);
    if (entry.kind !== 'symlink') throw new PathError('EINVAL', path);
    return this.targetOf(entry);
  }

  targetOf(entry: Entry): string {
    return expandVariant(entry.target, this.#environment);
  }

  /** The path with all links in it followed, within this repository. @param mounted where it is seen, "/cvmfs/name" */
  async resolve(path: RepositoryPath, mounted: string): Promise<Located> {
    let left = path;
    let at = '';
    for (let links = 0; ; ) {
      const located = await this.lookup(at);
      if (located.entry.kind === 'symlink') {
        links++;
        const target = this.targetOf(located.entry);
        const absolute = target.startsWith('/');
        if (links > 40 || target === '' || (absolute && !`${target}/`.startsWith(`${mounted}/`))) {
          throw new PathError('ENOENT', at);
        }
        const from = absolute ? target.slice(mounted.length) : `${parentOf(at)}/${target}`;
        left = normal(`${from}${left}`);
        at = '';
        continue;
      }
      if (left === '') return located;
      if (located.entry.kind !== 'directory') throw new PathError('ENOTDIR', at);
      const end = left.indexOf('/', 1);
      at += end < 0 ? left : left.slice(0, end);
      left = end < 0 ? '' : left.slice(end);
    }
  }

  /** st_ino: the same in every revision; names of one file have the same. */
  idOf({ path, entry, catalog }: Located): bigint {
    const key = entry.hardlinkGroup === 0 ? path : `${catalog.path}\0${entry.hardlinkGroup}`;
    return createHash('md5').update(key, 'latin1').digest().readBigUInt64LE(0) >> 1n;
  }

  /** The catalog that a directory's children are in. */
  async #holder(folder: RepositoryPath): Promise<CatalogReference> {
    const known = this.#holders.get(folder);
    if (known) return known;
    let catalog = this.root;
    for (;;) {
      // Each step leads to a longer path, so it ends whatever the catalogs say.
      const next = await this.#catalogs.with(catalog, ({ nested }) => {
        for (let above = folder; above.length > catalog.path.length; above = parentOf(above)) {
          const found = nested.get(above);
          if (found) return found;
        }
        return null;
      });
      if (!next) break;
      catalog = next;
    }
    this.#holders.set(folder, catalog);
    return catalog;
  }
}

/** Without ".", ".." and doubled slashes; ".." of the root is the root. */
function normal(path: string): RepositoryPath {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.map((part) => `/${part}`).join('');
}
