import { createHash } from 'node:crypto';
import {
  type Attributes,
  type DirectoryEntry,
  type ErrnoName,
  type NodeKind,
  type OpenFile,
  type OpenMode,
  type Tree,
  TreeError,
  type TreeNode,
  type TreeStatistics,
} from '../../ninep/tree.ts';
import { FormatError } from '../format/errors.ts';
import { checkName, type RepositoryPath } from '../format/paths.ts';
import { CacheFault, NoServer, PathError, Refusal } from '../read/errors.ts';
import type { FileReader } from '../read/file-reader.ts';
import type { Located, Snapshot } from '../read/snapshot.ts';

/** What of a Repository is served. */
export interface ServedRepository {
  readonly name: string;
  /** The revision that a client gets which attaches now; it keeps it. */
  readonly snapshot: Snapshot;
}

/**
 * Repositories as guests see /cvmfs: a folder for each, read-only. Who attaches gets the revisions of that moment and
 * keeps them, so that nothing changes under a program that runs, and clients may cache as they like. Pipes, sockets
 * and devices are left out, as hostFolder() does.
 */
export function repositoryTree(repositories: readonly ServedRepository[]): Tree {
  return {
    root: async () => new RootNode(new Map(repositories.map(({ name, snapshot }) => [name, snapshot]))),
    statfs: async () => NO_SPACE,
  };
}

/** One repository alone, its root being the root. */
export function singleRepositoryTree(repository: ServedRepository): Tree {
  const tree = repositoryTree([repository]);
  return { ...tree, root: async () => (await tree.root()).lookup(repository.name) };
}

/**
 * One folder of a revision, as a tree.
 * @param onTrouble told what could not be had: the client only hears that the disk does not work
 */
export function folderTree(
  snapshot: Snapshot,
  path: RepositoryPath,
  onTrouble: (error: unknown) => void,
): Tree {
  const served: Served = { snapshot, salt: 0n, onTrouble };
  return {
    root: () => guarded(served, async () => new EntryNode(served, await snapshot.lookup(path))),
    statfs: async () => NO_SPACE,
  };
}

interface Served {
  readonly snapshot: Snapshot;
  /** Inodes of one repository are unique; this keeps those of several apart. */
  readonly salt: bigint;
  readonly onTrouble: (error: unknown) => void;
}

const NO_SPACE: TreeStatistics = { blockBytes: 4096, blocks: 0n, blocksFree: 0n, files: 0n, filesFree: 0n };
const MODE_DIRECTORY = 0o040000;

abstract class ReadOnlyNode implements TreeNode {
  abstract readonly kind: NodeKind;
  abstract readonly id: bigint;
  abstract attributes(): Promise<Attributes>;
  abstract lookup(name: string): Promise<TreeNode>;
  abstract open(how: OpenMode): Promise<OpenFile>;
  abstract readLink(): Promise<string>;

  async setAttributes(): Promise<void> {
    readOnly();
  }

  async create(): Promise<never> {
    readOnly();
  }

  async makeDirectory(): Promise<never> {
    readOnly();
  }

  async makeSymlink(): Promise<never> {
    readOnly();
  }

  async makeLink(): Promise<void> {
    readOnly();
  }

  async rename(): Promise<void> {
    readOnly();
  }

  async unlink(): Promise<void> {
    readOnly();
  }
}

class RootNode extends ReadOnlyNode {
  readonly kind = 'directory';
  readonly id = 1n;
  readonly #snapshots: ReadonlyMap<string, Snapshot>;

  constructor(snapshots: ReadonlyMap<string, Snapshot>) {
    super();
    this.#snapshots = snapshots;
  }

  async attributes(): Promise<Attributes> {
    return {
      mode: MODE_DIRECTORY | 0o555,
      uid: 0,
      gid: 0,
      links: 2 + this.#snapshots.size,
      size: 4096n,
      blocks512: 8n,
      accessedNs: 0n,
      modifiedNs: 0n,
      changedNs: 0n,
    };
  }

  async lookup(name: string): Promise<TreeNode> {
    const snapshot = this.#snapshots.get(name) ?? fail('ENOENT', name);
    const served: Served = { snapshot, salt: saltOf(name), onTrouble: () => {} };
    return guarded(served, async () => new EntryNode(served, await snapshot.lookup('')));
  }

  async open(how: OpenMode): Promise<OpenFile> {
    refuseWriting(how);
    const names = [...this.#snapshots.keys()];
    return new OpenDirectory(async () =>
      Promise.all(
        names.map(async (name) => ({ name, kind: 'directory' as const, id: (await this.lookup(name)).id })),
      ),
    );
  }

  async readLink(): Promise<string> {
    fail('EINVAL', 'not a symbolic link');
  }
}

class EntryNode extends ReadOnlyNode {
  readonly kind: NodeKind;
  readonly id: bigint;
  readonly #served: Served;
  readonly #located: Located;

  constructor(served: Served, located: Located) {
    super();
    this.kind = kindOf(located) ?? fail('ENOENT', 'a special file');
    this.id = served.snapshot.idOf(located) ^ served.salt;
    this.#served = served;
    this.#located = located;
  }

  async attributes(): Promise<Attributes> {
    const { entry } = this.#located;
    const size = BigInt(this.kind === 'symlink' ? this.#served.snapshot.targetOf(entry).length : entry.size);
    const modifiedNs = BigInt(entry.mtime) * 1_000_000_000n + BigInt(entry.mtimeNs ?? 0);
    return {
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      links: entry.links,
      size,
      blocks512: (size + 511n) / 512n,
      accessedNs: modifiedNs,
      modifiedNs,
      changedNs: modifiedNs,
    };
  }

  async lookup(name: string): Promise<TreeNode> {
    if (this.kind !== 'directory') fail('ENOTDIR', 'not a directory');
    if (name.length > 255) fail('ENAMETOOLONG', `a name of ${name.length} bytes`);
    try {
      checkName(name);
    } catch (cause) {
      throw new TreeError('EINVAL', 'not a file name', { cause });
    }
    return guarded(this.#served, async () => {
      const located = await this.#served.snapshot.lookup(`${this.#located.path}/${name}`);
      return new EntryNode(this.#served, located);
    });
  }

  async open(how: OpenMode): Promise<OpenFile> {
    if (this.kind === 'symlink') fail('ELOOP', 'is a symbolic link');
    refuseWriting(how);
    const served = this.#served;
    if (this.kind === 'directory') return new OpenDirectory(() => guarded(served, () => this.#list()));
    return guarded(served, async () => {
      return new OpenContent(served, await served.snapshot.openLocated(this.#located));
    });
  }

  async readLink(): Promise<string> {
    if (this.kind !== 'symlink') fail('EINVAL', 'not a symbolic link');
    return this.#served.snapshot.targetOf(this.#located.entry);
  }

  /** Those of users alone: capabilities and labels of another computer's are not for this one. */
  async xattrs(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map([...this.#located.entry.xattrs].filter(([name]) => name.startsWith('user.')));
  }

  async #list(): Promise<DirectoryEntry[]> {
    const entries: DirectoryEntry[] = [];
    for (const located of await this.#served.snapshot.list(this.#located.path)) {
      if (!kindOf(located)) continue;
      const node = new EntryNode(this.#served, located);
      entries.push({ name: located.entry.name, kind: node.kind, id: node.id, node });
    }
    return entries;
  }
}

class OpenDirectory implements OpenFile {
  readonly #make: () => Promise<readonly DirectoryEntry[]>;
  #entries: Promise<readonly DirectoryEntry[]> | null = null;

  constructor(make: () => Promise<readonly DirectoryEntry[]>) {
    this.#make = make;
  }

  async read(): Promise<Uint8Array> {
    fail('EISDIR', 'is a directory');
  }

  async write(): Promise<number> {
    fail('EBADF', 'is a directory');
  }

  async list(skip: number, limit: number): Promise<readonly DirectoryEntry[]> {
    this.#entries ??= this.#make();
    return (await this.#entries).slice(skip, skip + limit);
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}

class OpenContent implements OpenFile {
  readonly #served: Served;
  readonly #file: FileReader;

  constructor(served: Served, file: FileReader) {
    this.#served = served;
    this.#file = file;
  }

  async read(offset: bigint, count: number): Promise<Uint8Array> {
    if (offset < 0n) fail('EINVAL', `offset ${offset}`);
    if (offset >= BigInt(this.#file.entry.size)) return new Uint8Array(0);
    return guarded(this.#served, () => this.#file.read(Number(offset), count));
  }

  async write(): Promise<number> {
    fail('EBADF', 'open for reading only');
  }

  async list(): Promise<readonly DirectoryEntry[]> {
    fail('ENOTDIR', 'not a directory');
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function kindOf({ entry }: Located): NodeKind | null {
  return entry.kind === 'special' ? null : entry.kind;
}

function saltOf(name: string): bigint {
  return createHash('md5').update(name).digest().readBigUInt64LE(0) >> 1n;
}

function refuseWriting(how: OpenMode): void {
  if (how.write || how.truncate || how.append) readOnly();
}

function readOnly(): never {
  fail('EROFS', 'software is read-only');
}

function fail(errno: ErrnoName, message: string): never {
  throw new TreeError(errno, message);
}

/** What a reader throws, in the words of a file system. */
async function guarded<T>({ onTrouble }: Served, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === null) throw cause;
    if (!(cause instanceof PathError)) onTrouble(cause);
    throw new TreeError(errno, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function errnoOf(error: unknown): ErrnoName | null {
  if (error instanceof PathError) return error.errno;
  if (error instanceof CacheFault) return error.full ? 'ENOSPC' : 'EIO';
  return error instanceof NoServer || error instanceof Refusal || error instanceof FormatError ? 'EIO' : null;
}
