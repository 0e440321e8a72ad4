import { TreeError, type TreeNode } from '../ninep/tree.ts';
import { WasiError } from './abi.ts';

/** Where a path leads. */
export interface Found {
  /** null: the last component does not exist (its directory does) */
  readonly node: TreeNode | null;
  /** The directory and name it has there; null for the base itself and after "..". */
  readonly entry: { readonly parent: TreeNode; readonly name: string } | null;
  /** The path ended with "/". */
  readonly asDirectory: boolean;
}

const MAX_LINKS = 40;
const MAX_PATH_BYTES = 4096;
const MAX_NAME_BYTES = 255;

/**
 * Walks a path by name, one component at a time, from a directory downwards. It cannot leave that directory: a
 * ".." goes back along the way that was come and no further, an absolute path or link target is refused.
 * @param follow whether a symbolic link in the last place is followed (a trailing "/" follows it too)
 * @throws WasiError NOTCAPABLE on a way out; TreeError as the tree does
 */
export async function walk(base: TreeNode, path: string, follow: boolean): Promise<Found> {
  if (path === '') throw new WasiError('NOENT');
  if (path.length > MAX_PATH_BYTES) throw new WasiError('NAMETOOLONG');
  const trimmed = path.replace(/\/+$/, '');
  const asDirectory = trimmed.length < path.length;
  const parts = components(trimmed, path.startsWith('/'));
  const way: TreeNode[] = [];
  let here = base;
  let entry: Found['entry'] = null;
  let links = 0;
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (here.kind !== 'directory') throw new WasiError('NOTDIR');
    if (part === '' || part === '.') continue;
    if (part === '..') {
      const above = way.pop();
      if (!above) throw new WasiError('NOTCAPABLE');
      here = above;
      entry = null;
      continue;
    }
    if (part.length > MAX_NAME_BYTES) throw new WasiError('NAMETOOLONG');
    if (part.includes('\0')) throw new WasiError('INVAL');
    const last = parts.length === 0;
    const node = await here.lookup(part).catch((error: unknown) => {
      if (last && error instanceof TreeError && error.errno === 'ENOENT') return null;
      throw error;
    });
    if (!node) return { node: null, entry: { parent: here, name: part }, asDirectory };
    if (node.kind === 'symlink' && (!last || follow || asDirectory)) {
      if (++links > MAX_LINKS) throw new WasiError('LOOP');
      const target = await node.readLink();
      if (target === '') throw new WasiError('NOENT');
      if (target.length > MAX_PATH_BYTES) throw new WasiError('NAMETOOLONG');
      parts.push(...components(target, target.startsWith('/')));
      continue;
    }
    way.push(here);
    entry = { parent: here, name: part };
    here = node;
  }
  if (asDirectory && here.kind !== 'directory') throw new WasiError('NOTDIR');
  return { node: here, entry, asDirectory };
}

/** The components, the first of them last. */
function components(path: string, absolute: boolean): string[] {
  if (absolute) throw new WasiError('NOTCAPABLE');
  return path.split('/').reverse();
}
