import type {
  AttributeChange,
  Attributes,
  DirectoryEntry,
  NodeKind,
  OpenFile,
  OpenMode,
  Tree,
  TreeNode,
  TreeStatistics,
} from '../tree.ts';
import { checkName, checkOpen, fail, MODE_DIRECTORY, nowNs } from './common.ts';

/** Inode numbers: the mount's number in the high bits, the inner tree's number below. 1 is the union's root. */
const MOUNT_SHIFT = 56n;
const INNER_MASK = (1n << MOUNT_SHIFT) - 1n;

/**
 * Trees side by side: `union({ job, ctl })` serves /job and /ctl. The root itself cannot be changed. Renames and
 * hard links between trees fail with EXDEV, as between file systems. The root and the mount points have the same
 * inode numbers whatever trees hang there: a guest restored into another union still knows them.
 */
export function union(mounts: Readonly<Record<string, Tree>>): Tree {
  const names = Object.keys(mounts);
  for (const name of names) checkName(name);
  const points = new Map(
    Object.entries(mounts).map(([name, tree], index) => [name, new Mount(tree, index + 1)]),
  );
  const root = new UnionRoot(points);
  return { root: async () => root, statfs: () => root.statfs() };
}

class Mount {
  readonly tree: Tree;
  readonly id: bigint;

  constructor(tree: Tree, index: number) {
    this.tree = tree;
    this.id = BigInt(index) << MOUNT_SHIFT;
  }

  async root(): Promise<TreeNode> {
    return new UnionNode(this, await this.tree.root(), this.id);
  }

  wrap(inner: TreeNode): TreeNode {
    return new UnionNode(this, inner, this.inner(inner.id));
  }

  /** Never the mount point's own number: that has no inner bits. */
  inner(id: bigint): bigint {
    return this.id | (id & INNER_MASK || INNER_MASK);
  }
}

/** A node of one of the trees, with the union's inode number. */
class UnionNode implements TreeNode {
  readonly mount: Mount;
  readonly inner: TreeNode;
  readonly id: bigint;
  readonly kind: NodeKind;
  readonly volatile: boolean;

  constructor(mount: Mount, inner: TreeNode, id: bigint) {
    this.mount = mount;
    this.inner = inner;
    this.id = id;
    this.kind = inner.kind;
    this.volatile = inner.volatile ?? false;
  }

  statfs(): Promise<TreeStatistics> {
    return this.inner.statfs?.() ?? this.mount.tree.statfs();
  }

  attributes(): Promise<Attributes> {
    return this.inner.attributes();
  }

  setAttributes(change: AttributeChange): Promise<void> {
    return this.inner.setAttributes(change);
  }

  async lookup(name: string): Promise<TreeNode> {
    return this.mount.wrap(await this.inner.lookup(name));
  }

  async open(how: OpenMode): Promise<OpenFile> {
    const file = await this.inner.open(how);
    return this.kind === 'directory' ? new UnionDirectory(this.mount, file) : file;
  }

  async create(name: string, how: OpenMode, mode: number): Promise<{ node: TreeNode; file: OpenFile }> {
    const { node, file } = await this.inner.create(name, how, mode);
    return { node: this.mount.wrap(node), file };
  }

  async makeDirectory(name: string, mode: number): Promise<TreeNode> {
    return this.mount.wrap(await this.inner.makeDirectory(name, mode));
  }

  async makeSymlink(name: string, target: string): Promise<TreeNode> {
    return this.mount.wrap(await this.inner.makeSymlink(name, target));
  }

  async makeLink(name: string, target: TreeNode): Promise<void> {
    await this.inner.makeLink(name, this.#sameMount(target));
  }

  readLink(): Promise<string> {
    return this.inner.readLink();
  }

  async xattrs(): Promise<ReadonlyMap<string, Uint8Array>> {
    return (await this.inner.xattrs?.()) ?? new Map();
  }

  async rename(name: string, newParent: TreeNode, newName: string): Promise<void> {
    await this.inner.rename(name, this.#sameMount(newParent), newName);
  }

  unlink(name: string, directory: boolean): Promise<void> {
    return this.inner.unlink(name, directory);
  }

  #sameMount(node: TreeNode): TreeNode {
    if (!(node instanceof UnionNode) || node.mount !== this.mount) fail('EXDEV', 'in another tree');
    return node.inner;
  }
}

class UnionDirectory implements OpenFile {
  readonly #mount: Mount;
  readonly #inner: OpenFile;

  constructor(mount: Mount, inner: OpenFile) {
    this.#mount = mount;
    this.#inner = inner;
  }

  async list(skip: number, limit: number): Promise<readonly DirectoryEntry[]> {
    const entries = await this.#inner.list(skip, limit);
    return entries.map(({ name, kind, id }) => ({ name, kind, id: this.#mount.inner(id) }));
  }

  read(offset: bigint, count: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#inner.read(offset, count, signal);
  }

  write(offset: bigint, data: Uint8Array, signal: AbortSignal): Promise<number> {
    return this.#inner.write(offset, data, signal);
  }

  sync(): Promise<void> {
    return this.#inner.sync();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

class UnionRoot implements TreeNode {
  readonly kind = 'directory';
  readonly id = 1n;
  readonly #mounts: ReadonlyMap<string, Mount>;
  readonly #sinceNs = nowNs();

  constructor(mounts: ReadonlyMap<string, Mount>) {
    this.#mounts = mounts;
  }

  /** Of the whole: the sum. */
  async statfs(): Promise<TreeStatistics> {
    const all = await Promise.all([...this.#mounts.values()].map((mount) => mount.tree.statfs()));
    const sum = { blockBytes: 4096, blocks: 0n, blocksFree: 0n, files: 0n, filesFree: 0n };
    for (const one of all) {
      sum.blocks += (one.blocks * BigInt(one.blockBytes)) / 4096n;
      sum.blocksFree += (one.blocksFree * BigInt(one.blockBytes)) / 4096n;
      sum.files += one.files;
      sum.filesFree += one.filesFree;
    }
    return sum;
  }

  async attributes(): Promise<Attributes> {
    return {
      mode: MODE_DIRECTORY | 0o755,
      uid: 0,
      gid: 0,
      links: 2 + this.#mounts.size,
      size: 4096n,
      blocks512: 8n,
      accessedNs: this.#sinceNs,
      modifiedNs: this.#sinceNs,
      changedNs: this.#sinceNs,
    };
  }

  async lookup(name: string): Promise<TreeNode> {
    checkName(name);
    const mount = this.#mounts.get(name) ?? fail('ENOENT', name);
    return mount.root();
  }

  async open(how: OpenMode): Promise<OpenFile> {
    checkOpen(this, how);
    const entries: DirectoryEntry[] = [...this.#mounts].map(([name, { id }]) => ({
      name,
      kind: 'directory',
      id,
    }));
    return {
      list: async (skip, limit) => entries.slice(skip, skip + limit),
      read: async () => fail('EISDIR', 'is a directory'),
      write: async () => fail('EBADF', 'not open for writing'),
      sync: async () => {},
      close: async () => {},
    };
  }

  async setAttributes(): Promise<void> {
    fail('EROFS', FIXED);
  }

  async create(): Promise<never> {
    fail('EROFS', FIXED);
  }

  async makeDirectory(): Promise<TreeNode> {
    fail('EROFS', FIXED);
  }

  async makeSymlink(): Promise<TreeNode> {
    fail('EROFS', FIXED);
  }

  async makeLink(): Promise<void> {
    fail('EROFS', FIXED);
  }

  async readLink(): Promise<string> {
    fail('EINVAL', 'not a symbolic link');
  }

  async rename(name: string): Promise<void> {
    checkName(name);
    fail(this.#mounts.has(name) ? 'EROFS' : 'ENOENT', FIXED);
  }

  async unlink(name: string): Promise<void> {
    checkName(name);
    fail(this.#mounts.has(name) ? 'EROFS' : 'ENOENT', FIXED);
  }
}

const FIXED = 'the mount points are fixed';
