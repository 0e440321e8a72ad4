import type { RepositoryPath } from '../format/paths.ts';
import { type Dirtab, isWanted } from './dirtab.ts';
import { AUTO_MARKER, NESTED_MARKER } from './filenames.ts';
import type { Content, Node } from './tree.ts';
import { makeNode, sorted } from './tree.ts';

export interface Placement {
  readonly dirtab: Dirtab;
  /** Catalogs are split where they would have more entries than `most`, into ones of `least` or more; null: never. */
  readonly auto: { readonly most: number; readonly least: number } | null;
  /** Directories that were split off by themselves the last time: they stay so, lest every revision moves them. */
  readonly before: ReadonlySet<RepositoryPath>;
  /** The object of an empty file. */
  empty(): Content;
}

/** Whether a catalog begins at a directory below the root: a marker in it says so, and nothing else does. */
export function isNestedRoot(node: Node): boolean {
  return node.sealed !== null || node.children?.get(NESTED_MARKER)?.entry.kind === 'file';
}

/** Puts markers where the dirtab, or the number of entries, asks for catalogs. @returns those that were split off by number */
export function placeMarkers(root: Node, placement: Placement): Set<RepositoryPath> {
  if (placement.dirtab.wanted.length > 0) followDirtab(root, '', placement);
  const split = new Set<RepositoryPath>();
  if (placement.auto) new Balance(placement, placement.auto, split).weigh(root, '');
  return split;
}

function followDirtab(node: Node, path: RepositoryPath, placement: Placement): void {
  if (!node.children) return;
  if (path !== '' && !isNestedRoot(node) && isWanted(placement.dirtab, path)) {
    mark(node, NESTED_MARKER, placement.empty());
  }
  for (const child of node.children.values()) {
    if (child.children && !child.sealed) followDirtab(child, `${path}/${child.entry.name}`, placement);
  }
}

/** What is left to a catalog after its heaviest directories were split off. */
class Balance {
  readonly #placement: Placement;
  readonly #limits: { readonly most: number; readonly least: number };
  readonly #split: Set<RepositoryPath>;

  constructor(
    placement: Placement,
    limits: { readonly most: number; readonly least: number },
    split: Set<RepositoryPath>,
  ) {
    this.#placement = placement;
    this.#limits = limits;
    this.#split = split;
  }

  /** @returns how many rows a directory puts into the catalog that it is in */
  weigh(node: Node, path: RepositoryPath): number {
    if (node.sealed || !node.children) return 1;
    const heavy: { child: Node; path: RepositoryPath; rows: number }[] = [];
    let rows = 1;
    for (const child of sorted(node)) {
      const own = child.children ? this.weigh(child, `${path}/${child.entry.name}`) : 1;
      rows += own;
      if (own >= this.#limits.least) heavy.push({ child, path: `${path}/${child.entry.name}`, rows: own });
    }
    for (const one of heavy.sort((a, b) => b.rows - a.rows || (a.path < b.path ? -1 : 1))) {
      if (rows <= this.#limits.most) break;
      rows -= this.#cut(one.child, one.path, one.rows);
    }
    if (path !== '' && isNestedRoot(node)) return 1;
    if (rows >= this.#limits.least && this.#placement.before.has(path))
      return rows - this.#cut(node, path, rows);
    return rows;
  }

  /** @returns how many rows went with it */
  #cut(node: Node, path: RepositoryPath, rows: number): number {
    mark(node, NESTED_MARKER, this.#placement.empty());
    mark(node, AUTO_MARKER, this.#placement.empty());
    this.#split.add(path);
    return rows - 1;
  }
}

/** An empty file that is as old as its directory, so that it is the same each time. */
function mark(directory: Node, name: string, { hash, bytes }: Content): void {
  const { uid, gid, mtime, mtimeNs, algorithm, compression } = directory.entry;
  const node = makeNode({ name, mode: 0o100644, uid, gid, mtime, mtimeNs: mtimeNs ?? 0 });
  node.entry = { ...node.entry, hash, size: bytes, algorithm, compression };
  directory.children?.set(name, node);
}
