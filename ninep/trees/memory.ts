import type {
  AttributeChange,
  Attributes,
  DirectoryEntry,
  NodeKind,
  OpenFile,
  OpenMode,
  Tree,
  TreeNode,
} from '../tree.ts';
import {
  checkedOffset,
  checkName,
  checkOpen,
  checkTarget,
  fail,
  MODE_DIRECTORY,
  MODE_FILE,
  MODE_SYMLINK,
  nowNs,
} from './common.ts';
import { Quota, type QuotaLimits } from './quota.ts';
import { SparseBytes } from './sparse-bytes.ts';

export interface MemoryTreeOptions extends QuotaLimits {
  /** Who owns what the tree holds; default root. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** The clock for times of files, nanoseconds since 1970; default the host's. */
  readonly now?: () => bigint;
}

/** Generous for a work unit, small enough that a runaway program does not take the host's memory. */
const DEFAULT_QUOTA = { quotaBytes: 256 * 1024 * 1024, quotaFiles: 65536 };

/** A tree that lives in this process. Default quota: 256 MiB, 65,536 files. */
export function memoryTree(options: MemoryTreeOptions = {}): Tree {
  const state: Shared = {
    quota: new Quota(options, DEFAULT_QUOTA),
    owner: options.owner ?? { uid: 0, gid: 0 },
    now: options.now ?? nowNs,
    lastId: 0n,
  };
  const root = new MemoryNode(state, 'directory', 0o755, null);
  return { root: async () => root, statfs: async () => state.quota.statistics() };
}

interface Shared {
  readonly quota: Quota;
  readonly owner: { readonly uid: number; readonly gid: number };
  readonly now: () => bigint;
  lastId: bigint;
}

const TYPE_BITS = { directory: MODE_DIRECTORY, file: MODE_FILE, symlink: MODE_SYMLINK } as const;
const DIRECTORY_BYTES = 4096n;

class MemoryNode implements TreeNode {
  readonly kind: NodeKind;
  readonly id: bigint;
  readonly shared: Shared;
  /** Entries of a directory; empty for all else. */
  readonly entries = new Map<string, MemoryNode>();
  readonly bytes = new SparseBytes();
  readonly target: string;
  /** Where a directory hangs; null for the root, for files and for what was removed. */
  parent: MemoryNode | null;
  /** Names of a file; for a directory 1 while it is there. */
  names = 1;
  opens = 0;
  mode: number;
  uid: number;
  gid: number;
  accessedNs: bigint;
  modifiedNs: bigint;
  changedNs: bigint;

  constructor(shared: Shared, kind: NodeKind, mode: number, parent: MemoryNode | null, target = '') {
    // The root is not the user's.
    if (shared.lastId > 0n) shared.quota.addFile();
    shared.lastId += 1n;
    this.shared = shared;
    this.id = shared.lastId;
    this.kind = kind;
    this.mode = mode & 0o7777;
    this.parent = kind === 'directory' ? parent : null;
    this.target = target;
    this.uid = shared.owner.uid;
    this.gid = shared.owner.gid;
    this.accessedNs = this.modifiedNs = this.changedNs = shared.now();
  }

  async attributes(): Promise<Attributes> {
    const size = this.#size();
    return {
      mode: TYPE_BITS[this.kind] | this.mode,
      uid: this.uid,
      gid: this.gid,
      links: this.#links(),
      size,
      blocks512: (BigInt(this.kind === 'file' ? this.bytes.allocated : size) + 511n) / 512n,
      accessedNs: this.accessedNs,
      modifiedNs: this.modifiedNs,
      changedNs: this.changedNs,
    };
  }

  async setAttributes(change: AttributeChange): Promise<void> {
    const now = this.shared.now();
    if (change.size !== undefined) {
      if (this.kind !== 'file')
        fail(this.kind === 'directory' ? 'EISDIR' : 'EINVAL', 'only files have a size');
      this.resize(checkedOffset(change.size));
    }
    if (change.mode !== undefined) this.mode = change.mode & 0o7777;
    if (change.uid !== undefined) this.uid = change.uid;
    if (change.gid !== undefined) this.gid = change.gid;
    if (change.accessedNs !== undefined)
      this.accessedNs = change.accessedNs === 'now' ? now : change.accessedNs;
    if (change.modifiedNs !== undefined)
      this.modifiedNs = change.modifiedNs === 'now' ? now : change.modifiedNs;
    this.changedNs = now;
  }

  async lookup(name: string): Promise<TreeNode> {
    return this.#entry(name);
  }

  async open(how: OpenMode): Promise<OpenFile> {
    checkOpen(this, how);
    if (how.truncate && how.write) this.resize(0);
    return new MemoryFile(this, how);
  }

  async create(name: string, how: OpenMode, mode: number): Promise<{ node: TreeNode; file: OpenFile }> {
    this.#mustTakeEntries(name);
    const existing = this.entries.get(name);
    if (existing) {
      if (how.exclusive) fail('EEXIST', name);
      if (existing.kind === 'directory') fail('EISDIR', name);
      return { node: existing, file: await existing.open(how) };
    }
    const node = this.#add(name, new MemoryNode(this.shared, 'file', mode, null));
    return { node, file: await node.open(how) };
  }

  async makeDirectory(name: string, mode: number): Promise<TreeNode> {
    this.#mustBeFree(name);
    return this.#add(name, new MemoryNode(this.shared, 'directory', mode, this));
  }

  async makeSymlink(name: string, target: string): Promise<TreeNode> {
    checkTarget(target);
    this.#mustBeFree(name);
    return this.#add(name, new MemoryNode(this.shared, 'symlink', 0o777, null, target));
  }

  async makeLink(name: string, target: TreeNode): Promise<void> {
    const node = this.#ours(target);
    this.#mustBeFree(name);
    if (node.kind === 'directory') fail('EPERM', 'a directory has one name');
    if (node.names === 0) fail('ENOENT', 'the file was removed');
    node.names += 1;
    node.changedNs = this.shared.now();
    this.#add(name, node);
  }

  async readLink(): Promise<string> {
    if (this.kind !== 'symlink') fail('EINVAL', 'not a symbolic link');
    return this.target;
  }

  async rename(name: string, newParent: TreeNode, newName: string): Promise<void> {
    const folder = this.#ours(newParent);
    folder.#mustTakeEntries(newName);
    const source = this.#entry(name);
    for (let above: MemoryNode | null = folder; above; above = above.parent) {
      if (above === source) fail('EINVAL', 'a directory cannot move into itself');
    }
    const replaced = folder.entries.get(newName);
    if (replaced === source) return;
    if (replaced) {
      for (let above: MemoryNode | null = this; above; above = above.parent) {
        if (above === replaced) fail('ENOTEMPTY', newName);
      }
      if (source.kind === 'directory' && replaced.kind !== 'directory') fail('ENOTDIR', newName);
      if (source.kind !== 'directory' && replaced.kind === 'directory') fail('EISDIR', newName);
      if (replaced.entries.size > 0) fail('ENOTEMPTY', newName);
      folder.#remove(newName, replaced);
    }
    this.entries.delete(name);
    folder.entries.set(newName, source);
    if (source.kind === 'directory') source.parent = folder;
    const now = this.shared.now();
    for (const touched of [this, folder]) touched.modifiedNs = touched.changedNs = now;
    source.changedNs = now;
  }

  async unlink(name: string, directory: boolean): Promise<void> {
    const node = this.#entry(name);
    if (directory && node.kind !== 'directory') fail('ENOTDIR', name);
    if (!directory && node.kind === 'directory') fail('EISDIR', name);
    if (node.entries.size > 0) fail('ENOTEMPTY', name);
    this.#remove(name, node);
  }

  resize(size: number): void {
    this.shared.quota.addBytes(size - this.bytes.size);
    this.bytes.resize(size);
    this.modifiedNs = this.changedNs = this.shared.now();
  }

  write(offset: number, data: Uint8Array): void {
    this.shared.quota.addBytes(Math.max(0, offset + data.length - this.bytes.size));
    this.bytes.write(offset, data);
    this.modifiedNs = this.changedNs = this.shared.now();
  }

  /** Gives the quota back once neither a name nor an open file needs the bytes. */
  releaseIfUnused(): void {
    if (this.names > 0 || this.opens > 0) return;
    this.shared.quota.addBytes(-this.bytes.size);
    this.bytes.resize(0);
    this.shared.quota.removeFile();
  }

  #size(): bigint {
    if (this.kind === 'directory') return DIRECTORY_BYTES;
    return BigInt(this.kind === 'symlink' ? this.target.length : this.bytes.size);
  }

  #links(): number {
    if (this.kind !== 'directory') return this.names;
    if (this.names === 0) return 0;
    let folders = 0;
    for (const entry of this.entries.values()) if (entry.kind === 'directory') folders += 1;
    return 2 + folders;
  }

  #entry(name: string): MemoryNode {
    if (this.kind !== 'directory') fail('ENOTDIR', 'not a directory');
    checkName(name);
    return this.entries.get(name) ?? fail('ENOENT', name);
  }

  #mustTakeEntries(name: string): void {
    if (this.kind !== 'directory') fail('ENOTDIR', 'not a directory');
    checkName(name);
    if (this.names === 0) fail('ENOENT', 'the directory was removed');
  }

  #mustBeFree(name: string): void {
    this.#mustTakeEntries(name);
    if (this.entries.has(name)) fail('EEXIST', name);
  }

  #add(name: string, node: MemoryNode): MemoryNode {
    this.entries.set(name, node);
    this.modifiedNs = this.changedNs = this.shared.now();
    return node;
  }

  #remove(name: string, node: MemoryNode): void {
    this.entries.delete(name);
    node.names -= 1;
    node.parent = null;
    this.modifiedNs = this.changedNs = node.changedNs = this.shared.now();
    node.releaseIfUnused();
  }

  #ours(node: TreeNode): MemoryNode {
    if (!(node instanceof MemoryNode) || node.shared !== this.shared) fail('EXDEV', 'in another tree');
    return node;
  }
}

class MemoryFile implements OpenFile {
  readonly #node: MemoryNode;
  readonly #how: OpenMode;
  #listing: DirectoryEntry[] | null = null;
  #closed = false;

  constructor(node: MemoryNode, how: OpenMode) {
    this.#node = node;
    this.#how = how;
    node.opens += 1;
  }

  async read(offset: bigint, count: number): Promise<Uint8Array> {
    if (this.#node.kind === 'directory') fail('EISDIR', 'is a directory');
    if (!this.#how.read) fail('EBADF', 'not open for reading');
    return this.#node.bytes.read(checkedOffset(offset), count);
  }

  async write(offset: bigint, data: Uint8Array): Promise<number> {
    if (!this.#how.write) fail('EBADF', 'not open for writing');
    const at = this.#how.append ? this.#node.bytes.size : checkedOffset(offset, data.length);
    if (data.length > 0) this.#node.write(at, data);
    return data.length;
  }

  async list(skip: number, limit: number): Promise<readonly DirectoryEntry[]> {
    if (this.#node.kind !== 'directory') fail('ENOTDIR', 'not a directory');
    this.#listing ??= [...this.#node.entries].map(([name, { kind, id }]) => ({ name, kind, id }));
    return this.#listing.slice(skip, skip + limit);
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#node.opens -= 1;
    this.#node.releaseIfUnused();
  }
}
