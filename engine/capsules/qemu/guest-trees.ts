import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type AttributeChange,
  type FixedEntry,
  fixedTree,
  type OpenMode,
  type Tree,
  type TreeNode,
} from '../../../ninep/index.ts';
import { TreeManifest } from '../../../protocol/tree.ts';
import type { UnitRun } from '../capsule.ts';

/** Name of a program that is one file in the guest's software tree. */
const PROGRAM = 'program';
/** Where the guest mounts that tree (appliance/guest/init); its /usr is the guest's /usr (appliance/image.ts). */
const SOFTWARE_FOLDER = '/cvmfs';

/** The unprivileged user of the appliance (appliance/image.ts). */
const JOB_USER = { uid: 1000, gid: 1000 } as const;

export interface Software {
  readonly tree: Tree;
  /** What to run, as the guest sees it. */
  readonly program: string;
}

/**
 * The read-only tree with the program: what came with it, or made of the host's files, read when the guest asks for a
 * page. With a command programPath is a tree's manifest, whose files lie beside it, named by their hashes.
 * @throws the file system's error where the program is not there; an error where it is no manifest
 */
export async function softwareOf({
  programPath,
  command,
  software,
}: Pick<UnitRun, 'programPath' | 'command' | 'software'>): Promise<Software> {
  if (software) return { tree: software, program: `${SOFTWARE_FOLDER}/${command}` };
  if (command === undefined) {
    const { size } = await stat(programPath);
    const entry: FixedEntry = { path: PROGRAM, hostPath: programPath, bytes: size, executable: true };
    return { tree: fixedTree([entry]), program: `${SOFTWARE_FOLDER}/${PROGRAM}` };
  }
  const { entries } = TreeManifest.parse(JSON.parse(await readFile(programPath, 'utf8')));
  const folder = dirname(programPath);
  const served = entries.map((entry): FixedEntry => {
    if ('target' in entry) return entry;
    const { path, sha256, bytes, executable } = entry;
    return { path, hostPath: join(folder, sha256), bytes, executable };
  });
  return { tree: fixedTree(served), program: `${SOFTWARE_FOLDER}/${command}` };
}

/** What a machine sees before it has a work unit. */
export function emptySoftwareTree(): Tree {
  return fixedTree([]);
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
