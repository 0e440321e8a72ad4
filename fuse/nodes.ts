import { type Attributes, type Tree, TreeError, type TreeNode } from '../ninep/tree.ts';
import type { Forgotten } from './requests.ts';

const ROOT = 1n;
/** Nodes that are kept ready; the others are looked up again by their names. */
const READY = 1024;

/** How to reach a node that the kernel knows, and how often it was told of it. */
interface Known {
  readonly parent: bigint;
  readonly name: string;
  lookups: bigint;
}

/** The nodes of a tree that the kernel may ask for. It knows each by the tree's own number, and the root as 1. */
export class Nodes {
  readonly #tree: Tree;
  readonly #known = new Map<bigint, Known>([[ROOT, { parent: ROOT, name: '', lookups: 1n }]]);
  /** The most recent last. */
  readonly #ready = new Map<bigint, TreeNode>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  get size(): number {
    return this.#known.size;
  }

  /** @throws TreeError ESTALE where the kernel was never told of it, or has forgotten it */
  async get(id: bigint): Promise<TreeNode> {
    const ready = this.#ready.get(id);
    if (ready) return ready;
    const known = this.#known.get(id);
    if (!known) throw new TreeError('ESTALE', `node ${id}`);
    const node =
      id === ROOT ? await this.#tree.root() : await (await this.get(known.parent)).lookup(known.name);
    this.#keepReady(id, node);
    return node;
  }

  parentOf(id: bigint): bigint {
    return this.#known.get(id)?.parent ?? ROOT;
  }

  /** What is answered to the kernel, which then knows it once more. */
  async tell(
    parent: bigint,
    name: string,
    node: TreeNode,
  ): Promise<{ readonly id: bigint; readonly attributes: Attributes }> {
    const attributes = await node.attributes();
    const known = this.#known.get(node.id);
    if (known) known.lookups++;
    else this.#known.set(node.id, { parent, name, lookups: 1n });
    this.#keepReady(node.id, node);
    return { id: node.id, attributes };
  }

  /** @returns whether the kernel knows it no more */
  forget({ node, lookups }: Forgotten): boolean {
    const known = this.#known.get(node);
    if (!known || node === ROOT) return false;
    known.lookups -= lookups;
    if (known.lookups > 0n) return false;
    this.#ready.delete(node);
    return this.#known.delete(node);
  }

  #keepReady(id: bigint, node: TreeNode): void {
    this.#ready.delete(id);
    this.#ready.set(id, node);
    if (this.#ready.size <= READY) return;
    const [oldest] = this.#ready.keys();
    if (oldest !== undefined) this.#ready.delete(oldest);
  }
}
