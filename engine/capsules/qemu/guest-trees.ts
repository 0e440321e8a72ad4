import { type FileHandle, open } from 'node:fs/promises';
import {
  type AttributeChange,
  type OpenMode,
  type SyntheticFile,
  synthetic,
  type Tree,
  type TreeNode,
} from '../../../ninep/index.ts';

/** Name of the program in the guest's software tree. */
export const PROGRAM = 'program';
/** Where the guest mounts that tree (appliance/guest/init). */
export const SOFTWARE_FOLDER = '/cvmfs';

/** The unprivileged user of the appliance (appliance/image.ts). */
const JOB_USER = { uid: 1000, gid: 1000 } as const;

export interface SoftwareTree {
  readonly tree: Tree;
  close(): Promise<void>;
}

/**
 * A read-only tree with the program as its one file, read from the host's file when the guest asks for a page.
 * @throws the file system's error where the program cannot be opened
 */
export async function softwareTree(programPath: string): Promise<SoftwareTree> {
  const file = await open(programPath, 'r');
  return {
    tree: synthetic({ [PROGRAM]: programFile(file, (await file.stat()).size) }),
    close: () => file.close(),
  };
}

/** What a machine sees before it has a work unit; of the same shape, so that a restored guest still knows the root. */
export function emptySoftwareTree(): Tree {
  return synthetic({ [PROGRAM]: { mode: 0o555, size: async () => 0, open: async () => ({}) } });
}

function programFile(file: FileHandle, bytes: number): SyntheticFile {
  return {
    mode: 0o555,
    size: async () => bytes,
    open: async () => ({
      read: async (offset, count) => {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(count), 0, count, offset);
        return buffer.subarray(0, bytesRead);
      },
    }),
  };
}

/** The same tree, all of it the guest's job user's, whoever owns it here; changes of owner are taken and forgotten. */
export function ownedByJob(tree: Tree): Tree {
  return { root: async () => new OwnedNode(await tree.root()), statfs: () => tree.statfs() };
}

class OwnedNode implements TreeNode {
  readonly #inner: TreeNode;

  constructor(inner: TreeNode) {
    this.#inner = inner;
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

  async attributes() {
    return { ...(await this.#inner.attributes()), ...JOB_USER };
  }

  async setAttributes(change: AttributeChange) {
    const { uid: _uid, gid: _gid, ...rest } = change;
    await this.#inner.setAttributes(rest);
  }

  async lookup(name: string): Promise<TreeNode> {
    return new OwnedNode(await this.#inner.lookup(name));
  }

  open(how: OpenMode) {
    return this.#inner.open(how);
  }

  async create(name: string, how: OpenMode, mode: number) {
    const { node, file } = await this.#inner.create(name, how, mode);
    return { node: new OwnedNode(node), file };
  }

  async makeDirectory(name: string, mode: number): Promise<TreeNode> {
    return new OwnedNode(await this.#inner.makeDirectory(name, mode));
  }

  async makeSymlink(name: string, target: string): Promise<TreeNode> {
    return new OwnedNode(await this.#inner.makeSymlink(name, target));
  }

  makeLink(name: string, target: TreeNode) {
    return this.#inner.makeLink(name, innerOf(target));
  }

  readLink() {
    return this.#inner.readLink();
  }

  rename(name: string, newParent: TreeNode, newName: string) {
    return this.#inner.rename(name, innerOf(newParent), newName);
  }

  unlink(name: string, directory: boolean) {
    return this.#inner.unlink(name, directory);
  }

  static innerOf(node: TreeNode): TreeNode {
    return node instanceof OwnedNode ? node.#inner : node;
  }
}

const innerOf = OwnedNode.innerOf;
