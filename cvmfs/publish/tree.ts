import type { CatalogReference } from '../format/catalog-writer.ts';
import type { Chunk } from '../format/chunks.ts';
import type { Entry } from '../format/entry.ts';
import { type EntryKind, PLAIN } from '../format/flags.ts';
import type { ContentHash } from '../format/hashes.ts';
import type { RepositoryPath } from '../format/paths.ts';
import type { Statistics } from '../format/statistics.ts';
import type { Xattrs } from '../format/xattrs.ts';

/** A file's objects: one, or several that follow one another. */
export interface Content {
  readonly bytes: number;
  readonly hash: ContentHash | null;
  readonly chunks: readonly Chunk[] | null;
}

/** A catalog that is in the store, with what is below it. */
export interface StoredCatalog extends CatalogReference {
  readonly bytes: number;
  readonly statistics: Statistics;
}

/** An entry of the tree that is being published. */
export interface Node {
  /** Its link count, group and nested flags are set when catalogs are written. */
  entry: Entry;
  chunks: readonly Chunk[] | null;
  /** Of a directory: by name. */
  readonly children: Map<string, Node> | null;
  /** Files of one directory with the same are one file. */
  readonly link: string | null;
  /** Below this directory nothing changes: its catalog stays as it is, and no children are here. */
  readonly sealed: StoredCatalog | null;
}

/** What a source says of an entry. */
export interface Attributes {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds, and nanoseconds of the second. */
  readonly mtime: number;
  readonly mtimeNs: number;
  readonly xattrs?: Xattrs;
  /** Of a link. */
  readonly target?: string;
  /** Of a device. */
  readonly device?: number;
  readonly link?: string | null;
}

const TYPE_MASK = 0o170000;
const KINDS: ReadonlyMap<number, EntryKind> = new Map([
  [0o040000, 'directory'],
  [0o100000, 'file'],
  [0o120000, 'symlink'],
]);
const NO_XATTRS: Xattrs = new Map();
/** What the reference implementation mostly finds; folders of other file systems differ for no reason readers have. */
const DIRECTORY_BYTES = 4096;

export function makeNode(given: Attributes): Node {
  const kind = KINDS.get(given.mode & TYPE_MASK) ?? 'special';
  const target = given.target ?? '';
  const sizes = { directory: DIRECTORY_BYTES, file: 0, symlink: target.length, special: given.device ?? 0 };
  return {
    entry: {
      ...PLAIN,
      kind,
      name: given.name,
      mode: given.mode,
      size: sizes[kind],
      uid: given.uid,
      gid: given.gid,
      mtime: given.mtime,
      mtimeNs: given.mtimeNs,
      links: 1,
      hardlinkGroup: 0,
      hash: null,
      target,
      xattrs: given.xattrs ?? NO_XATTRS,
    },
    chunks: null,
    children: kind === 'directory' ? new Map() : null,
    link: given.link ?? null,
    sealed: null,
  };
}

/** Children by the bytes of their names, so that a catalog is written the same whatever the order they came in. */
export function sorted(node: Node): Node[] {
  const all = [...(node.children?.values() ?? [])];
  for (let i = 1; i < all.length; i++) {
    if (nameAt(all, i - 1) > nameAt(all, i))
      return all.sort((a, b) => (a.entry.name < b.entry.name ? -1 : 1));
  }
  return all;
}

function nameAt(nodes: readonly Node[], index: number): string {
  return nodes[index]?.entry.name ?? '';
}

/** @returns null where there is none, or it is below a sealed catalog */
export function findNode(root: Node, path: RepositoryPath): Node | null {
  let at: Node | undefined = root;
  for (const name of path.split('/').slice(1)) at = at?.children?.get(name);
  return at ?? null;
}
