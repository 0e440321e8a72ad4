import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  type Dirent,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  statfsSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import {
  type AttributeChange,
  type Attributes,
  type NodeKind,
  type OpenFile,
  type OpenMode,
  type Tree,
  TreeError,
  type TreeNode,
  type TreeStatistics,
} from '../tree.ts';
import { checkedOffset, checkName, checkOpen, checkTarget, fail } from './common.ts';
import { type Confinement, confinement, type Place } from './host-confinement.ts';
import { sys } from './host-errors.ts';
import { HostDirectory, HostFile } from './host-files.ts';
import { HostLedger } from './host-ledger.ts';
import type { QuotaLimits } from './quota.ts';

export interface HostFolderOptions extends QuotaLimits {
  /** Refuses every change with EROFS, and takes the folder as fixed: what was looked at once is remembered. */
  readonly readOnly?: boolean;
  /** Shown as the owner of everything, whoever owns it on the host; changes of ownership are then refused. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * A folder of the host as a tree, confined: no name, link or race leads out of it (see host-confinement.ts).
 *
 * Calls are synchronous inside, except fsync: for a local disk's cached data they take microseconds, a tenth of
 * what a trip through the thread pool costs. Set-user-id and set-group-id bits are never stored, for the sake of
 * the host's other users; the owner's own rights (u+rw, u+rwx for directories) are always kept, so that the
 * engine can clean up whatever a guest made.
 */
export function hostFolder(path: string, options: HostFolderOptions = {}): Tree {
  const stats = sys(() => statSync(path, { bigint: true }));
  if (!stats.isDirectory()) fail('ENOTDIR', path);
  const shared = new HostShared(path, stats, options);
  const root = new HostNode(shared, 'directory', shared.idOf(stats), stats.ino, null, '');
  shared.ledger.scanFrom(() => shared.paths.folder(root));
  return { root: async () => root, statfs: async () => shared.statistics(root) };
}

class HostShared {
  readonly paths: Confinement;
  readonly readOnly: boolean;
  readonly owner: HostFolderOptions['owner'];
  readonly ledger: HostLedger;
  readonly #devices: bigint[];

  constructor(path: string, stats: BigIntStats, options: HostFolderOptions) {
    this.paths = confinement(path, stats.ino);
    this.readOnly = options.readOnly ?? false;
    this.owner = options.owner;
    this.ledger = new HostLedger(options);
    this.#devices = [stats.dev];
  }

  /** Inode numbers are unique per file system; another one mounted inside the folder gets its own high bits. */
  idOf(stats: Identity): bigint {
    let device = this.#devices.indexOf(stats.dev);
    if (device < 0) device = this.#devices.push(stats.dev) - 1;
    return stats.ino ^ (BigInt(device) << 48n);
  }

  statistics(root: Place): TreeStatistics {
    if (this.ledger.limited) return this.ledger.statistics();
    const disk = sys(() => statfsSync(this.paths.folder(root), { bigint: true }));
    return {
      blockBytes: Number(disk.bsize),
      blocks: disk.blocks,
      blocksFree: disk.bavail,
      files: disk.files,
      filesFree: disk.ffree,
    };
  }

  mustBeWritable(): void {
    if (this.readOnly) fail('EROFS', 'this folder is served read-only');
  }
}

/** What tells one file from another, and what kind it is. */
type Identity = Pick<BigIntStats, 'ino' | 'dev' | 'isFile' | 'isDirectory' | 'isSymbolicLink'>;

/** lstat(2) as cheaply as may be: whole BigInt statistics only where a number cannot tell the inode exactly. */
function identify(path: string | Buffer): Identity {
  const stats = lstatSync(path);
  if (!Number.isSafeInteger(stats.ino)) return lstatSync(path, { bigint: true });
  return {
    ino: BigInt(stats.ino),
    dev: BigInt(stats.dev),
    isFile: () => stats.isFile(),
    isDirectory: () => stats.isDirectory(),
    isSymbolicLink: () => stats.isSymbolicLink(),
  };
}

function kindOf(
  stats: Pick<BigIntStats | Dirent, 'isFile' | 'isDirectory' | 'isSymbolicLink'>,
): NodeKind | null {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : null;
}

const SECOND_NS = 1_000_000_000n;
const MODE_MASK = 0o1777;
const keepOwner = (kind: NodeKind, mode: number) =>
  (mode & MODE_MASK) | (kind === 'directory' ? 0o700 : 0o600);
/** A named pipe put there by someone on the host must not block the process. */
const SAFE = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const O_PATH = 0o10000000;

class HostNode implements TreeNode, Place {
  readonly shared: HostShared;
  readonly kind: NodeKind;
  readonly id: bigint;
  readonly inode: bigint;
  parent: HostNode | null;
  name: string;
  /** No longer reachable by its name: only through what is open. */
  removed = false;
  /** Open files of this node; made with the first. */
  #opened: Set<HostFile> | null = null;
  #children: Children | null = null;
  #remembered: Attributes | null = null;

  constructor(
    shared: HostShared,
    kind: NodeKind,
    id: bigint,
    inode: bigint,
    parent: HostNode | null,
    name: string,
  ) {
    this.shared = shared;
    this.kind = kind;
    this.id = id;
    this.inode = inode;
    this.parent = parent;
    this.name = name;
  }

  async attributes(): Promise<Attributes> {
    if (this.#remembered) return this.#remembered;
    const attributes = this.#toAttributes(sys(() => this.#stat()));
    if (this.shared.readOnly) this.#remembered = attributes;
    return attributes;
  }

  async setAttributes(change: AttributeChange): Promise<void> {
    this.shared.mustBeWritable();
    sys(() => {
      if (change.size !== undefined) this.#resize(checkedOffset(change.size));
      if (change.mode !== undefined) this.#setMode(change.mode);
      if (change.uid !== undefined || change.gid !== undefined) this.#setOwner(change.uid, change.gid);
      if (change.accessedNs !== undefined || change.modifiedNs !== undefined) this.#setTimes(change);
    });
  }

  async lookup(name: string): Promise<TreeNode> {
    this.#mustBeFolder(name);
    if (this.shared.readOnly) {
      const held = this.#children?.get(name);
      if (held) return held;
    }
    return sys(() => this.#child(name, identify(this.shared.paths.entry(this, name))));
  }

  async open(how: OpenMode): Promise<OpenFile> {
    checkOpen(this, how);
    if (how.write || how.truncate) this.shared.mustBeWritable();
    if (this.kind === 'directory') {
      return new HostDirectory(() => this.#listing());
    }
    return sys(() => this.#openFile(how, 0, 0));
  }

  async create(name: string, how: OpenMode, mode: number): Promise<{ node: TreeNode; file: OpenFile }> {
    this.#mustBeFolder(name);
    this.shared.mustBeWritable();
    return sys(() => {
      const created = this.#createNew(name, how, mode);
      if (created) return created;
      if (how.exclusive) fail('EEXIST', name);
      const node = this.#child(name, lstatSync(this.shared.paths.entry(this, name), { bigint: true }));
      checkOpen(node, { ...how, write: true });
      return { node, file: node.#openFile(how, 0, 0) };
    });
  }

  async makeDirectory(name: string, mode: number): Promise<TreeNode> {
    return this.#make(name, (path) => {
      mkdirSync(path, { mode: keepOwner('directory', mode) });
      const stats = lstatSync(path, { bigint: true });
      const node = this.#child(name, stats);
      // The engine's umask is not the guest's.
      if ((Number(stats.mode) & MODE_MASK) !== keepOwner('directory', mode)) node.#setMode(mode);
      return node;
    });
  }

  async makeSymlink(name: string, target: string): Promise<TreeNode> {
    checkTarget(target);
    return this.#make(name, (path) => {
      symlinkSync(Buffer.from(target, 'latin1'), path);
      return this.#child(name, lstatSync(path, { bigint: true }));
    });
  }

  async makeLink(name: string, target: TreeNode): Promise<void> {
    this.#mustBeFolder(name);
    this.shared.mustBeWritable();
    const node = this.#ours(target);
    if (node.kind === 'directory') {
      fail(sys(() => this.#peek(name)) ? 'EEXIST' : 'EPERM', 'a directory has one name');
    }
    const from = node.#place();
    sys(() => linkSync(...this.shared.paths.entries(from.folder, from.name, this, name)));
  }

  async readLink(): Promise<string> {
    if (this.kind !== 'symlink') fail('EINVAL', 'not a symbolic link');
    const { folder, name } = this.#place();
    return sys(() => readlinkSync(this.shared.paths.entry(folder, name), 'latin1'));
  }

  async rename(name: string, newParent: TreeNode, newName: string): Promise<void> {
    this.#mustBeFolder(name);
    this.shared.mustBeWritable();
    const folder = this.#ours(newParent);
    folder.#mustBeFolder(newName);
    sys(() => {
      const source = lstatSync(this.shared.paths.entry(this, name), { bigint: true });
      const replaced = folder.#peek(newName);
      if (replaced && replaced.ino === source.ino && replaced.dev === source.dev) return;
      renameSync(...this.shared.paths.entries(this, name, folder, newName));
      if (replaced) folder.#forget(newName, replaced);
      const moved = this.#children?.get(name);
      this.#children?.delete(name);
      if (moved) {
        moved.parent = folder;
        moved.name = newName;
        folder.#remember(newName, moved);
      }
    });
  }

  async unlink(name: string, directory: boolean): Promise<void> {
    this.#mustBeFolder(name);
    this.shared.mustBeWritable();
    sys(() => {
      const stats = lstatSync(this.shared.paths.entry(this, name), { bigint: true });
      const path = this.shared.paths.entry(this, name);
      if (directory) rmdirSync(path);
      else if (stats.isDirectory()) fail('EISDIR', name);
      else unlinkSync(path);
      this.#forget(name, stats);
    });
  }

  #stat(): BigIntStats {
    const open = this.#anOpenFile();
    if (open) return fstatSync(open.descriptor, { bigint: true });
    if (!this.parent) return statSync(this.shared.paths.folder(this), { bigint: true });
    const { folder, name } = this.#place();
    const stats = lstatSync(this.shared.paths.entry(folder, name), { bigint: true });
    if (stats.ino !== this.inode) fail('ESTALE', `${name} is another file now`);
    return stats;
  }

  #anOpenFile(): HostFile | undefined {
    return this.#opened?.values().next().value;
  }

  #toAttributes(stats: BigIntStats): Attributes {
    return {
      mode: Number(stats.mode),
      uid: this.shared.owner?.uid ?? Number(stats.uid),
      gid: this.shared.owner?.gid ?? Number(stats.gid),
      links: Number(stats.nlink),
      size: stats.size,
      blocks512: stats.blocks,
      accessedNs: stats.atimeNs,
      modifiedNs: stats.mtimeNs,
      changedNs: stats.ctimeNs,
    };
  }

  #openFile(how: OpenMode, extraFlags: number, mode: number): HostFile {
    const { folder, name } = this.#place();
    const path = this.shared.paths.entry(folder, name);
    const descriptor = openSync(path, accessFlags(how) | extraFlags | SAFE, mode);
    return this.#adopt(descriptor, how);
  }

  /** Takes an open descriptor as a file of this node, or closes it where it is not one. */
  #adopt(descriptor: number, how: OpenMode): HostFile {
    let file: HostFile | null = null;
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      if (!stats.isFile() || stats.ino !== this.inode) fail('ESTALE', `${this.name} is another file now`);
      file = this.#opens(descriptor, how, Number(stats.size));
      if (how.truncate && how.write) file.resize(0);
      return file;
    } catch (error) {
      if (file) file.closeNow();
      else closeSync(descriptor);
      throw error;
    }
  }

  #opens(descriptor: number, how: OpenMode, size: number): HostFile {
    const account = this.shared.ledger.open(this.id, size);
    const file = new HostFile(descriptor, how, account, () => this.#opened?.delete(file));
    this.#opened ??= new Set();
    this.#opened.add(file);
    return file;
  }

  #createNew(name: string, how: OpenMode, mode: number): { node: HostNode; file: HostFile } | null {
    const { ledger, paths } = this.shared;
    if (this.removed) fail('ENOENT', 'the directory was removed');
    const path = paths.entry(this, name);
    const flags = accessFlags(how) | constants.O_CREAT | constants.O_EXCL | SAFE;
    const wanted = keepOwner('file', mode);
    const descriptor = this.#unlessThere(name, () =>
      ledger.addFile(() => {
        try {
          return openSync(path, flags, wanted);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
          throw error;
        }
      }),
    );
    if (descriptor === null) return null;
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      // The engine's umask is not the guest's.
      if ((Number(stats.mode) & 0o7777) !== wanted) fchmodSync(descriptor, wanted);
      const node = this.#child(name, stats);
      return { node, file: node.#opens(descriptor, how, 0) };
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** Where the quota is used up, what is there can still be opened. */
  #unlessThere<T>(name: string, make: () => T | null): T | null {
    try {
      return make();
    } catch (error) {
      if (error instanceof TreeError && error.errno === 'EDQUOT' && this.#peek(name)) return null;
      throw error;
    }
  }

  #make(name: string, make: (path: string | Buffer) => HostNode): HostNode {
    this.#mustBeFolder(name);
    this.shared.mustBeWritable();
    return sys(() => {
      if (this.#peek(name)) fail('EEXIST', name);
      return this.shared.ledger.addFile(() => make(this.shared.paths.entry(this, name)));
    });
  }

  #resize(size: number): void {
    if (this.kind === 'directory') fail('EISDIR', 'only files have a size');
    if (this.kind === 'symlink') fail('EINVAL', 'only files have a size');
    for (const file of this.#opened ?? []) {
      if (file.writable) {
        file.resize(size);
        return;
      }
    }
    const file = this.#openFile(
      { read: false, write: true, append: false, truncate: false, exclusive: false },
      0,
      0,
    );
    try {
      file.resize(size);
    } finally {
      file.closeNow();
    }
  }

  #setMode(mode: number): void {
    if (this.kind === 'symlink') fail('EOPNOTSUPP', 'links have no mode');
    const wanted = keepOwner(this.kind, mode);
    if (this.kind === 'directory') {
      chmodSync(this.shared.paths.folder(this), wanted);
      return;
    }
    const open = this.#anOpenFile();
    if (open) {
      fchmodSync(open.descriptor, wanted);
      return;
    }
    const { folder, name } = this.#place();
    const path = this.shared.paths.entry(folder, name);
    if (process.platform !== 'linux') {
      if (lstatSync(path).isSymbolicLink()) fail('ELOOP', name);
      chmodSync(path, wanted);
      return;
    }
    // chmod(2) follows links: hold the file first, then change what is held.
    const held = openSync(path, O_PATH | constants.O_NOFOLLOW);
    try {
      chmodSync(`/proc/self/fd/${held}`, wanted);
    } finally {
      closeSync(held);
    }
  }

  #setOwner(uid: number | undefined, gid: number | undefined): void {
    const now = this.#toAttributes(this.#stat());
    const wanted = { uid: uid ?? now.uid, gid: gid ?? now.gid };
    if (wanted.uid === now.uid && wanted.gid === now.gid) return;
    if (this.shared.owner) fail('EPERM', 'everything here belongs to one owner');
    const open = this.#anOpenFile();
    if (open) {
      fchownSync(open.descriptor, wanted.uid, wanted.gid);
      return;
    }
    const { folder, name } = this.#place();
    lchownSync(this.shared.paths.entry(folder, name), wanted.uid, wanted.gid);
  }

  /**
   * Node takes times as seconds in a double: they are kept to a few hundred nanoseconds. A negative number it takes
   * for "now", but not a date before 1970.
   */
  #setTimes(change: AttributeChange): void {
    const seconds = (wanted: bigint | 'now' | undefined, kept: () => bigint) => {
      if (wanted === 'now') return Date.now() / 1000;
      const ns = wanted ?? kept();
      if (ns < 0n) return new Date(Number(ns / 1_000_000n));
      return Number(ns / SECOND_NS) + Number(ns % SECOND_NS) / 1e9;
    };
    const accessed = seconds(change.accessedNs, () => this.#stat().atimeNs);
    const modified = seconds(change.modifiedNs, () => this.#stat().mtimeNs);
    const open = this.#anOpenFile();
    if (open) {
      futimesSync(open.descriptor, accessed, modified);
      return;
    }
    if (!this.parent) {
      lutimesSync(this.shared.paths.folder(this), accessed, modified);
      return;
    }
    const { folder, name } = this.#place();
    lutimesSync(this.shared.paths.entry(folder, name), accessed, modified);
  }

  #listing() {
    const entries = sys(() =>
      readdirSync(this.shared.paths.folder(this), { withFileTypes: true, encoding: 'latin1' }),
    );
    const known = entries.flatMap((entry) => {
      const kind = kindOf(entry);
      return kind ? [{ name: entry.name, kind }] : [];
    });
    // The inode of each entry is asked for only when it is about to be sent.
    return {
      length: known.length,
      entry: (index: number) => {
        const { name, kind } = known[index] ?? fail('EINVAL', 'no such entry');
        return { name, kind, id: this.#entryId(name) };
      },
    };
  }

  #entryId(name: string): bigint {
    const held = this.shared.readOnly ? this.#children?.get(name) : undefined;
    if (held) return held.id;
    const stats = this.#peek(name);
    return stats ? this.shared.idOf(stats) : 0n;
  }

  #peek(name: string): BigIntStats | null {
    const stats = lstatSync(this.shared.paths.entry(this, name), { bigint: true, throwIfNoEntry: false });
    return stats ?? null;
  }

  #child(name: string, stats: Identity): HostNode {
    const kind = kindOf(stats) ?? fail('EACCES', `${name} is neither file, directory nor link`);
    const id = this.shared.idOf(stats);
    const held = this.#children?.get(name);
    if (held && held.id === id && held.kind === kind) return held;
    const node = new HostNode(this.shared, kind, id, stats.ino, this, name);
    this.#remember(name, node);
    return node;
  }

  #remember(name: string, node: HostNode): void {
    this.#children ??= new Children();
    this.#children.set(name, node);
  }

  /** The entry is gone from this directory; stats tell what it was. */
  #forget(name: string, stats: BigIntStats): void {
    const node = this.#children?.get(name);
    this.#children?.delete(name);
    if (node && node.inode === stats.ino) node.removed = true;
    const last = stats.isDirectory() || stats.nlink <= 1n;
    if (last) this.shared.ledger.remove(this.shared.idOf(stats), stats.isFile() ? Number(stats.size) : 0);
  }

  #place(): { folder: HostNode; name: string } {
    if (this.removed) fail('ENOENT', `${this.name} was removed`);
    return { folder: this.parent ?? fail('EINVAL', 'the root has no name'), name: this.name };
  }

  #mustBeFolder(name: string): void {
    if (this.kind !== 'directory') fail('ENOTDIR', 'not a directory');
    checkName(name);
    if (this.removed) fail('ENOENT', 'the directory was removed');
  }

  #ours(node: TreeNode): HostNode {
    if (!(node instanceof HostNode) || node.shared !== this.shared) fail('EXDEV', 'in another tree');
    return node;
  }
}

/** Nodes that someone may hold, by name, so that a rename reaches all who hold them; held weakly. */
class Children {
  readonly #nodes = new Map<string, WeakRef<HostNode>>();
  /** When there are so many, those that are gone are swept out. */
  #sweepAt = 64;

  get(name: string): HostNode | undefined {
    return this.#nodes.get(name)?.deref();
  }

  set(name: string, node: HostNode): void {
    this.#nodes.set(name, new WeakRef(node));
    if (this.#nodes.size < this.#sweepAt) return;
    for (const [known, ref] of this.#nodes) if (!ref.deref()) this.#nodes.delete(known);
    this.#sweepAt = 2 * this.#nodes.size + 64;
  }

  delete(name: string): void {
    this.#nodes.delete(name);
  }
}

function accessFlags(how: OpenMode): number {
  const access = how.write ? (how.read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  return access | (how.append ? constants.O_APPEND : 0);
}
