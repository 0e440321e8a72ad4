import type { AttributeChange, OpenFile, OpenMode, Tree, TreeNode } from '../tree.ts';
import { fail } from './common.ts';

/**
 * Called after bytes were written, before the writer learns of it.
 * @param path by which the writer reached the file, parts separated by "/", relative to the tree
 * @param offset where the bytes begin; for a file open for appending the size it had
 * @param data valid during the call only
 */
export type OnWrite = (path: string, offset: number, data: Uint8Array) => void;

/** The same tree, telling of every write: how the engine sees `progress` and `live` grow without polling. */
export function observed(tree: Tree, onWrite: OnWrite): Tree {
  const root = tree
    .root()
    .then((node) => new ObservedNode(node, null, '', { onWrite, statfs: () => tree.statfs() }));
  // Whoever asks for the root gets the error; until then it is nobody's.
  root.catch(() => {});
  return { root: () => root, statfs: () => tree.statfs() };
}

interface Observer {
  readonly onWrite: OnWrite;
  readonly statfs: Tree['statfs'];
}

class ObservedNode implements TreeNode {
  readonly #inner: TreeNode;
  readonly #parent: ObservedNode | null;
  readonly #name: string;
  readonly #observer: Observer;

  constructor(inner: TreeNode, parent: ObservedNode | null, name: string, observer: Observer) {
    this.#inner = inner;
    this.#parent = parent;
    this.#name = name;
    this.#observer = observer;
  }

  get kind() {
    return this.#inner.kind;
  }

  get id() {
    return this.#inner.id;
  }

  get volatile() {
    return this.#inner.volatile ?? false;
  }

  statfs() {
    return this.#inner.statfs?.() ?? this.#observer.statfs();
  }

  get path(): string {
    const above = this.#parent?.path ?? '';
    return above === '' ? this.#name : `${above}/${this.#name}`;
  }

  attributes() {
    return this.#inner.attributes();
  }

  setAttributes(change: AttributeChange) {
    return this.#inner.setAttributes(change);
  }

  async lookup(name: string) {
    return this.#wrap(await this.#inner.lookup(name), name);
  }

  async open(how: OpenMode): Promise<OpenFile> {
    return this.#observe(await this.#inner.open(how), how, this.#inner);
  }

  async create(name: string, how: OpenMode, mode: number) {
    const { node, file } = await this.#inner.create(name, how, mode);
    const wrapped = this.#wrap(node, name);
    return { node: wrapped, file: wrapped.#observe(file, how, node) };
  }

  async makeDirectory(name: string, mode: number) {
    return this.#wrap(await this.#inner.makeDirectory(name, mode), name);
  }

  async makeSymlink(name: string, target: string) {
    return this.#wrap(await this.#inner.makeSymlink(name, target), name);
  }

  makeLink(name: string, target: TreeNode) {
    return this.#inner.makeLink(name, unwrap(target));
  }

  readLink() {
    return this.#inner.readLink();
  }

  rename(name: string, newParent: TreeNode, newName: string) {
    return this.#inner.rename(name, unwrap(newParent), newName);
  }

  unlink(name: string, directory: boolean) {
    return this.#inner.unlink(name, directory);
  }

  static innerOf(node: TreeNode): TreeNode {
    return node instanceof ObservedNode ? node.#inner : fail('EXDEV', 'in another tree');
  }

  #wrap(node: TreeNode, name: string): ObservedNode {
    return new ObservedNode(node, this, name, this.#observer);
  }

  #observe(file: OpenFile, how: OpenMode, node: TreeNode): OpenFile {
    if (!how.write) return file;
    return {
      read: (offset, count, signal) => file.read(offset, count, signal),
      list: (skip, limit) => file.list(skip, limit),
      sync: () => file.sync(),
      close: () => file.close(),
      write: async (offset, data, signal) => {
        const taken = await file.write(offset, data, signal);
        const from = how.append ? Number((await node.attributes()).size) - taken : Number(offset);
        this.#observer.onWrite(this.path, from, data.subarray(0, taken));
        return taken;
      },
    };
  }
}

const unwrap = ObservedNode.innerOf;
