import { open } from 'node:fs/promises';
import type { Attributes, DirectoryEntry, NodeKind, OpenFile, OpenMode, Tree, TreeNode } from '../tree.ts';
import { byteString } from '../tree.ts';
import {
  checkedOffset,
  checkName,
  checkOpen,
  fail,
  MODE_DIRECTORY,
  MODE_FILE,
  MODE_SYMLINK,
} from './common.ts';

/** What a fixed tree holds at a path; folders follow from the paths. */
export type FixedEntry =
  | {
      readonly path: string;
      /** The host's file with the bytes; opened when the guest opens it. */
      readonly hostPath: string;
      readonly bytes: number;
      readonly executable: boolean;
    }
  | { readonly path: string; readonly target: string };

/**
 * A read-only tree of files that lie anywhere on the host, under the names a list gives them: how a program with its
 * libraries is served out of a folder of objects named by hash. Nothing in it ever changes, so guests may cache all of it.
 */
export function fixedTree(entries: readonly FixedEntry[]): Tree {
  let lastId = 0n;
  const make = (kind: NodeKind, entry: FixedEntry | null) => {
    lastId += 1n;
    return new FixedNode(lastId, kind, entry);
  };
  const root = make('directory', null);
  for (const entry of entries) {
    const parts = entry.path.split('/').map(byteString);
    const name = parts.pop() ?? '';
    const folder = parts.reduce((above, part) => above.folder(part, () => make('directory', null)), root);
    folder.add(name, make('target' in entry ? 'symlink' : 'file', entry));
  }
  return {
    root: async () => root,
    statfs: async () => ({ blockBytes: 4096, blocks: 0n, blocksFree: 0n, files: lastId, filesFree: 0n }),
  };
}

class FixedNode implements TreeNode {
  readonly id: bigint;
  readonly kind: NodeKind;
  readonly #entry: FixedEntry | null;
  readonly #children = new Map<string, FixedNode>();

  constructor(id: bigint, kind: NodeKind, entry: FixedEntry | null) {
    this.id = id;
    this.kind = kind;
    this.#entry = entry;
  }

  add(name: string, node: FixedNode): void {
    checkName(name);
    if (this.#children.has(name)) fail('EEXIST', name);
    this.#children.set(name, node);
  }

  folder(name: string, make: () => FixedNode): FixedNode {
    const found = this.#children.get(name);
    if (found) return found.kind === 'directory' ? found : fail('ENOTDIR', name);
    const made = make();
    this.add(name, made);
    return made;
  }

  async attributes(): Promise<Attributes> {
    const entry = this.#entry;
    const size = BigInt(!entry ? 0 : 'target' in entry ? entry.target.length : entry.bytes);
    return {
      mode: this.#mode(),
      uid: 0,
      gid: 0,
      links: entry ? 1 : 2,
      size,
      blocks512: (size + 511n) / 512n,
      accessedNs: 0n,
      modifiedNs: 0n,
      changedNs: 0n,
    };
  }

  #mode(): number {
    const entry = this.#entry;
    if (!entry) return MODE_DIRECTORY | 0o555;
    if ('target' in entry) return MODE_SYMLINK | 0o777;
    return MODE_FILE | (entry.executable ? 0o555 : 0o444);
  }

  async lookup(name: string): Promise<TreeNode> {
    if (this.kind !== 'directory') fail('ENOTDIR', 'not a directory');
    checkName(name);
    return this.#children.get(name) ?? fail('ENOENT', name);
  }

  async open(how: OpenMode): Promise<OpenFile> {
    checkOpen(this, how);
    if (how.write || how.truncate) fail('EROFS', READ_ONLY);
    const entry = this.#entry;
    if (!entry || 'target' in entry) return new FixedFolder([...this.#children]);
    return openedFile(entry.hostPath);
  }

  async readLink(): Promise<string> {
    const entry = this.#entry;
    return entry && 'target' in entry ? byteString(entry.target) : fail('EINVAL', 'not a symbolic link');
  }

  async setAttributes(): Promise<void> {
    fail('EROFS', READ_ONLY);
  }

  async create(name: string, how: OpenMode): Promise<{ node: TreeNode; file: OpenFile }> {
    const node = await this.lookup(name).catch(() => fail('EROFS', READ_ONLY));
    if (how.exclusive) fail('EEXIST', name);
    return { node, file: await node.open(how) };
  }

  async makeDirectory(): Promise<TreeNode> {
    fail('EROFS', READ_ONLY);
  }

  async makeSymlink(): Promise<TreeNode> {
    fail('EROFS', READ_ONLY);
  }

  async makeLink(): Promise<void> {
    fail('EROFS', READ_ONLY);
  }

  async rename(): Promise<void> {
    fail('EROFS', READ_ONLY);
  }

  async unlink(): Promise<void> {
    fail('EROFS', READ_ONLY);
  }
}

const READ_ONLY = 'this tree never changes';

async function openedFile(hostPath: string): Promise<OpenFile> {
  const file = await open(hostPath, 'r').catch((cause) => fail('EIO', 'the host has lost this file', cause));
  return {
    read: async (offset, count) => {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(count), 0, count, checkedOffset(offset));
      return buffer.subarray(0, bytesRead);
    },
    write: async () => fail('EBADF', 'opened for reading'),
    list: async () => fail('ENOTDIR', 'not a directory'),
    sync: async () => {},
    close: () => file.close(),
  };
}

class FixedFolder implements OpenFile {
  readonly #children: readonly (readonly [string, FixedNode])[];

  constructor(children: readonly (readonly [string, FixedNode])[]) {
    this.#children = children;
  }

  async read(): Promise<Uint8Array> {
    fail('EISDIR', 'is a directory');
  }

  async write(): Promise<number> {
    fail('EBADF', 'is a directory');
  }

  async list(skip: number, limit: number): Promise<readonly DirectoryEntry[]> {
    return this.#children.slice(skip, skip + limit).map(([name, { kind, id }]) => ({ name, kind, id }));
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}
