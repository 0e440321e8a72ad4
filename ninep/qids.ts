import { QTDIR, QTFILE, QTSYMLINK } from './defs.ts';
import type { Qid } from './messages.ts';
import type { DirectoryEntry, NodeKind, TreeNode } from './tree.ts';

const QTYPES: Readonly<Record<NodeKind, number>> = { directory: QTDIR, file: QTFILE, symlink: QTSYMLINK };

/**
 * Linux compares versions to tell inodes apart, and newer kernels take version 0 for "never cache". So stored
 * files have one version for good and volatile ones 0.
 */
export function qidOf(node: Pick<TreeNode, 'kind' | 'id' | 'volatile'>): Qid {
  return { type: QTYPES[node.kind], version: node.volatile ? 0 : 1, path: BigInt.asUintN(64, node.id) };
}

export function qidOfEntry(entry: DirectoryEntry): Qid {
  return { type: QTYPES[entry.kind], version: 1, path: BigInt.asUintN(64, entry.id) };
}
