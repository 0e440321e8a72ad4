import type { OpenFile, OpenMode, Tree, TreeNode } from '../tree.ts';

export interface Counted {
  readonly tree: Tree;
  /** Files that were opened and not closed. */
  open(): number;
  /** Files closed more than once. */
  closedAgain(): number;
}

/** The same tree, counting what is open. */
export function counted(inner: Tree): Counted {
  const files = new Set<OpenFile>();
  let closedAgain = 0;
  const inners = new WeakMap<TreeNode, TreeNode>();
  const unwrap = (node: TreeNode) => inners.get(node) ?? node;

  const track = (file: OpenFile): OpenFile => {
    const tracked: OpenFile = {
      read: (...args) => file.read(...args),
      write: (...args) => file.write(...args),
      list: (...args) => file.list(...args),
      sync: () => file.sync(),
      close: async () => {
        if (!files.delete(tracked)) closedAgain += 1;
        await file.close();
      },
    };
    files.add(tracked);
    return tracked;
  };

  const wrap = (node: TreeNode): TreeNode => {
    const wrapped: TreeNode = {
      kind: node.kind,
      id: node.id,
      volatile: node.volatile ?? false,
      attributes: () => node.attributes(),
      setAttributes: (change) => node.setAttributes(change),
      lookup: async (name) => wrap(await node.lookup(name)),
      open: async (how) => track(await node.open(how)),
      create: async (name: string, how: OpenMode, mode: number) => {
        const { node: made, file } = await node.create(name, how, mode);
        return { node: wrap(made), file: track(file) };
      },
      makeDirectory: async (name, mode) => wrap(await node.makeDirectory(name, mode)),
      makeSymlink: async (name, target) => wrap(await node.makeSymlink(name, target)),
      makeLink: (name, target) => node.makeLink(name, unwrap(target)),
      readLink: () => node.readLink(),
      rename: (name, parent, newName) => node.rename(name, unwrap(parent), newName),
      unlink: (name, directory) => node.unlink(name, directory),
    };
    inners.set(wrapped, node);
    return wrapped;
  };

  return {
    tree: { root: async () => wrap(await inner.root()), statfs: () => inner.statfs() },
    open: () => files.size,
    closedAgain: () => closedAgain,
  };
}
