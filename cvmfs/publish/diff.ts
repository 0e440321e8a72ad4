import type { CatalogBefore } from '../format/catalog-update.ts';
import type { CatalogItem, CatalogReference } from '../format/catalog-writer.ts';
import type { Chunk } from '../format/chunks.ts';
import type { Entry } from '../format/entry.ts';
import type { EntryKind } from '../format/flags.ts';
import type { ContentHash } from '../format/hashes.ts';
import { parentOf, type RepositoryPath } from '../format/paths.ts';
import { encodeXattrs } from '../format/xattrs.ts';
import { itemsOf, type Stored } from './stored.ts';
import { type Node, sorted } from './tree.ts';

/** One path at which two revisions differ. */
export interface Difference {
  readonly change: 'added' | 'removed' | 'changed';
  readonly path: RepositoryPath;
  readonly kind: EntryKind;
  /** Of a regular file, as it is now, or was. */
  readonly bytes: number;
  /** What of it has changed. */
  readonly what: readonly Aspect[];
}
export type Aspect = 'kind' | 'content' | 'mode' | 'owner' | 'time' | 'target' | 'xattrs';

/** An entry of a tree, wherever that is. */
interface Seen {
  readonly entry: Entry;
  readonly chunks: readonly Chunk[] | null;
  /** Of a directory where a catalog begins: with the same there is no difference below. */
  readonly catalog: ContentHash | null;
}

export interface View {
  readonly root: Seen;
  /** Sorted by name. */
  children(path: RepositoryPath): Promise<readonly Seen[]>;
}

/** A tree in memory. @param catalogs hashes of its catalogs by path */
export function nodeView(root: Node, catalogs: ReadonlyMap<RepositoryPath, CatalogReference>): View {
  const nodes = new Map<RepositoryPath, Node>([['', root]]);
  const seen = (node: Node, path: RepositoryPath): Seen => ({
    entry: node.entry,
    chunks: node.chunks,
    catalog: node.sealed?.hash ?? catalogs.get(path)?.hash ?? null,
  });
  return {
    root: seen(root, ''),
    async children(path) {
      const node = nodes.get(path);
      nodes.delete(path);
      return (node ? sorted(node) : []).map((child) => {
        const at = `${path}/${child.entry.name}`;
        if (child.children) nodes.set(at, child);
        return seen(child, at);
      });
    },
  };
}

/** A revision in the store. Catalogs are read as they are reached. @param looked those that were read already */
export async function storedView(
  stored: Stored,
  root: CatalogReference,
  looked: ReadonlyMap<ContentHash, Pick<CatalogBefore, 'items' | 'nested'>> = new Map(),
): Promise<View> {
  const folders = new Map<RepositoryPath, Seen[]>();
  const mountpoints = new Map<RepositoryPath, ContentHash>();
  const take = (items: Iterable<CatalogItem>, references: readonly CatalogReference[]) => {
    const nested = new Map(references.map((one) => [one.path, one.hash]));
    let top: Entry | undefined;
    for (const { path, entry, chunks } of items) {
      if (!top) {
        top = entry;
        folders.set(path, []);
        continue;
      }
      const catalog = (entry.nestedMountpoint && nested.get(path)) || null;
      if (catalog !== null) mountpoints.set(path, catalog);
      else if (entry.kind === 'directory') folders.set(path, []);
      folders.get(parentOf(path))?.push({ entry, chunks: chunks ?? null, catalog });
    }
    return top;
  };
  const load = async (hash: ContentHash) => {
    const known = looked.get(hash);
    if (known) return take(known.items, known.nested);
    return stored.catalog(hash, (reader) => take(itemsOf(reader), reader.nested()));
  };
  const top = await load(root.hash);
  if (!top) throw new Error('a catalog without a root was read');
  return {
    root: { entry: top, chunks: null, catalog: root.hash },
    async children(path) {
      const nested = mountpoints.get(path);
      if (nested !== undefined) await load(nested);
      const found = folders.get(path) ?? [];
      folders.delete(path);
      return found.sort((a, b) => (a.entry.name < b.entry.name ? -1 : 1));
    },
  };
}

/** Tells every difference, by path. */
export async function compare(
  before: View,
  after: View,
  tell: (difference: Difference) => void,
): Promise<void> {
  const all = async (change: 'added' | 'removed', view: View, { entry }: Seen, path: RepositoryPath) => {
    tell({ change, path, kind: entry.kind, bytes: bytesOf(entry), what: [] });
    if (entry.kind !== 'directory') return;
    for (const child of await view.children(path))
      await all(change, view, child, `${path}/${child.entry.name}`);
  };
  const both = async (old: Seen, now: Seen, path: RepositoryPath): Promise<void> => {
    const what = aspects(old, now);
    const [a, b] = [old.entry.kind, now.entry.kind];
    if (what.length > 0) tell({ change: 'changed', path, kind: b, bytes: bytesOf(now.entry), what });
    if (a !== 'directory' && b !== 'directory') return;
    if (a === b && old.catalog !== null && old.catalog === now.catalog) return;
    const olds = a === 'directory' ? await before.children(path) : [];
    const nows = b === 'directory' ? await after.children(path) : [];
    for (let i = 0, k = 0; i < olds.length || k < nows.length; ) {
      const [was, is] = [olds[i], nows[k]];
      if (was && (!is || was.entry.name < is.entry.name)) {
        await all('removed', before, was, `${path}/${was.entry.name}`);
        i++;
      } else if (is && (!was || is.entry.name < was.entry.name)) {
        await all('added', after, is, `${path}/${is.entry.name}`);
        k++;
      } else if (was && is) {
        await both(was, is, `${path}/${is.entry.name}`);
        i++;
        k++;
      }
    }
  };
  await both(before.root, after.root, '');
}

function aspects(old: Seen, now: Seen): Aspect[] {
  const [a, b] = [old.entry, now.entry];
  if (a.kind !== b.kind) return ['kind'];
  const what: Aspect[] = [];
  if (a.kind === 'file' && contentOf(old) !== contentOf(now)) what.push('content');
  if (a.kind === 'special' && a.size !== b.size) what.push('content');
  if (a.mode !== b.mode) what.push('mode');
  if (a.uid !== b.uid || a.gid !== b.gid) what.push('owner');
  if (a.mtime !== b.mtime || a.mtimeNs !== b.mtimeNs) what.push('time');
  if (a.target !== b.target) what.push('target');
  if ((a.xattrs.size > 0 || b.xattrs.size > 0) && xattrsOf(a) !== xattrsOf(b)) what.push('xattrs');
  return what;
}

function contentOf({ entry, chunks }: Seen): string {
  return chunks
    ? chunks.map(({ offset, hash }) => `${offset} ${hash}`).join()
    : `${entry.size} ${entry.hash}`;
}

function xattrsOf({ xattrs }: Entry): string {
  return encodeXattrs(xattrs)?.toString('latin1') ?? '';
}

function bytesOf(entry: Entry): number {
  return entry.kind === 'file' ? entry.size : 0;
}

/** How much differs, and the first of it by name. */
export interface Changes {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** At most MOST_LISTED. */
  readonly first: readonly Difference[];
}
export const MOST_LISTED = 1000;
export const NO_CHANGES: Changes = { added: 0, changed: 0, removed: 0, first: [] };

export async function changesBetween(before: View, after: View): Promise<Changes> {
  const counts = { added: 0, changed: 0, removed: 0 };
  const first: Difference[] = [];
  await compare(before, after, (difference) => {
    counts[difference.change]++;
    if (first.length < MOST_LISTED) first.push(difference);
  });
  return { ...counts, first };
}
