import type {
  Attributes,
  DirectoryEntry,
  NodeKind,
  OpenFile,
  OpenMode,
  Tree,
  TreeNode,
  TreeStatistics,
} from '../tree.ts';
import { checkedOffset, checkName, checkOpen, fail, MODE_DIRECTORY, MODE_FILE, nowNs } from './common.ts';

/** What a synthetic file does once it is open; a missing method refuses with EBADF. */
export interface SyntheticStream {
  /** As OpenFile.read: may wait, and ends with EINTR when the signal aborts. Streams ignore the offset. */
  read?(offset: number, count: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Takes all of data, or throws. */
  write?(offset: number, data: Uint8Array, signal: AbortSignal): Promise<void>;
  close?(): Promise<void> | void;
}

/** A file that is code. Made by content(), stream(), sink() or by hand. */
export interface SyntheticFile {
  /** Permission bits. */
  readonly mode: number;
  /** What stat(2) shows; 0 for streams, as in /proc. */
  size(): Promise<number>;
  open(how: OpenMode): Promise<SyntheticStream>;
}

export interface SyntheticFolder {
  readonly [name: string]: SyntheticFile | SyntheticFolder;
}

/**
 * Directories and files that are code. Guests can neither add nor remove names. Inode numbers follow from the
 * order of the names, so that two trees of the same shape agree, which a restored guest needs.
 *
 * Linux caches by st_size: with cache=loose a stream (size 0) reads as empty unless opened with O_DIRECT, so
 * mount such a tree with cache=none.
 */
export function synthetic(folder: SyntheticFolder): Tree {
  let lastId = 0n;
  const build = (entry: SyntheticFile | SyntheticFolder): SyntheticNode => {
    lastId += 1n;
    const id = lastId;
    if (isFile(entry)) return new SyntheticNode(id, entry, new Map());
    return new SyntheticNode(
      id,
      null,
      new Map(Object.entries(entry).map(([name, inner]) => [name, build(inner)])),
    );
  };
  const root = build(folder);
  return { root: async () => root, statfs: async () => NO_SPACE };
}

function isFile(entry: SyntheticFile | SyntheticFolder): entry is SyntheticFile {
  return typeof entry.open === 'function';
}

/** A file whose bytes are made when it is opened. */
export function content(make: () => string | Uint8Array | Promise<string | Uint8Array>): SyntheticFile {
  const bytes = async () => {
    const made = await make();
    return typeof made === 'string' ? Buffer.from(made) : made;
  };
  return {
    mode: 0o444,
    size: async () => (await bytes()).length,
    open: async () => {
      const fixed = await bytes();
      return { read: async (offset, count) => fixed.subarray(offset, offset + count) };
    },
  };
}

/**
 * A file whose reads wait for the next message. A message that does not fit one read goes on in the next; no
 * read holds bytes of two messages.
 * @param next null is the end of the file; it must not consume a message once its signal has aborted
 */
export function stream(next: (signal: AbortSignal) => Promise<Uint8Array | null>): SyntheticFile {
  return {
    mode: 0o444,
    size: async () => 0,
    open: async () => {
      // More than one where several reads waited at once.
      const rests: Uint8Array[] = [];
      return {
        read: async (_offset, count, signal) => {
          if (rests.length === 0 && count > 0) {
            const message = await next(signal);
            if (message) rests.push(message);
          }
          const [first = new Uint8Array(0)] = rests;
          const piece = first.subarray(0, count);
          if (piece.length === first.length) rests.shift();
          else rests[0] = first.subarray(piece.length);
          return piece;
        },
      };
    },
  };
}

/**
 * A file that takes what is written to it, whatever the offset.
 * @param take may wait, which holds the writer back; it must copy what it keeps. When it throws, the writer takes
 *   nothing for written and may write the same again
 * @param onClose called when a writer closes the file
 */
export function sink(
  take: (data: Uint8Array, signal: AbortSignal) => Promise<void> | void,
  onClose?: () => Promise<void> | void,
): SyntheticFile {
  return {
    mode: 0o222,
    size: async () => 0,
    open: async () => ({
      write: async (_offset, data, signal) => take(data, signal),
      close: () => onClose?.(),
    }),
  };
}

/** Messages for one reader or many: each goes to one of them. Feeds stream(). */
export class Mailbox {
  readonly #messages: Uint8Array[] = [];
  readonly #waiting = new Set<(message: Uint8Array | null) => void>();
  #ended = false;

  /** An empty message is none: to readers it would be the end. */
  push(message: string | Uint8Array): void {
    const bytes = typeof message === 'string' ? Buffer.from(message) : message;
    if (bytes.length === 0) return;
    const [first] = this.#waiting;
    if (first) first(bytes);
    else this.#messages.push(bytes);
  }

  /** After what is still here, readers see the end. */
  end(): void {
    this.#ended = true;
    for (const waiting of [...this.#waiting]) waiting(null);
  }

  /**
   * The next message, or null at the end.
   * @throws TreeError EINTR when the signal aborts first; the message stays for the next reader
   */
  next(signal: AbortSignal): Promise<Uint8Array | null> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(interrupted());
      const message = this.#messages.shift();
      if (message || this.#ended) return resolve(message ?? null);
      const abort = () => {
        this.#waiting.delete(take);
        reject(interrupted());
      };
      const take = (next: Uint8Array | null) => {
        this.#waiting.delete(take);
        signal.removeEventListener('abort', abort);
        resolve(next);
      };
      this.#waiting.add(take);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}

function interrupted(): unknown {
  try {
    return fail('EINTR', 'the read was given up');
  } catch (error) {
    return error;
  }
}

const NO_SPACE: TreeStatistics = { blockBytes: 4096, blocks: 0n, blocksFree: 0n, files: 0n, filesFree: 0n };

class SyntheticNode implements TreeNode {
  readonly kind: NodeKind;
  readonly id: bigint;
  readonly volatile = true;
  readonly #file: SyntheticFile | null;
  readonly #entries: ReadonlyMap<string, SyntheticNode>;
  readonly #sinceNs = nowNs();

  constructor(id: bigint, file: SyntheticFile | null, entries: ReadonlyMap<string, SyntheticNode>) {
    this.id = id;
    this.kind = file ? 'file' : 'directory';
    this.#file = file;
    this.#entries = entries;
  }

  async attributes(): Promise<Attributes> {
    const size = BigInt(this.#file ? await this.#file.size() : 0);
    return {
      mode: this.#file ? MODE_FILE | this.#file.mode : MODE_DIRECTORY | 0o555,
      uid: 0,
      gid: 0,
      links: this.#file ? 1 : 2,
      size,
      blocks512: (size + 511n) / 512n,
      accessedNs: this.#sinceNs,
      modifiedNs: this.#sinceNs,
      changedNs: this.#sinceNs,
    };
  }

  /** `echo > file` truncates and a size of 0 is what it has; nothing else can be changed. */
  async setAttributes(change: Parameters<TreeNode['setAttributes']>[0]): Promise<void> {
    const { size, accessedNs, modifiedNs, ...rest } = change;
    const harmless = (size ?? 0n) === 0n && Object.values(rest).every((value) => value === undefined);
    if (!harmless) fail('EPERM', 'this file is not stored');
    void [accessedNs, modifiedNs];
  }

  async lookup(name: string): Promise<TreeNode> {
    if (this.#file) fail('ENOTDIR', 'not a directory');
    checkName(name);
    return this.#entries.get(name) ?? fail('ENOENT', name);
  }

  async open(how: OpenMode): Promise<OpenFile> {
    checkOpen(this, how);
    if (!this.#file) return new SyntheticOpenFile({}, [...this.#entries]);
    return new SyntheticOpenFile(await this.#file.open(how), null);
  }

  async create(name: string, how: OpenMode): Promise<{ node: TreeNode; file: OpenFile }> {
    const node = await this.lookup(name).catch(() => fail('EPERM', 'names here are fixed'));
    if (how.exclusive) fail('EEXIST', name);
    return { node, file: await node.open(how) };
  }

  async makeDirectory(): Promise<TreeNode> {
    fail('EPERM', 'names here are fixed');
  }

  async makeSymlink(): Promise<TreeNode> {
    fail('EPERM', 'names here are fixed');
  }

  async makeLink(): Promise<void> {
    fail('EPERM', 'names here are fixed');
  }

  async readLink(): Promise<string> {
    fail('EINVAL', 'not a symbolic link');
  }

  async rename(): Promise<void> {
    fail('EPERM', 'names here are fixed');
  }

  async unlink(): Promise<void> {
    fail('EPERM', 'names here are fixed');
  }
}

class SyntheticOpenFile implements OpenFile {
  readonly #stream: SyntheticStream;
  readonly #entries: readonly (readonly [string, SyntheticNode])[] | null;
  #closed = false;

  constructor(stream: SyntheticStream, entries: readonly (readonly [string, SyntheticNode])[] | null) {
    this.#stream = stream;
    this.#entries = entries;
  }

  async read(offset: bigint, count: number, signal: AbortSignal): Promise<Uint8Array> {
    if (this.#entries) fail('EISDIR', 'is a directory');
    if (!this.#stream.read) fail('EBADF', 'this file takes writes only');
    return this.#stream.read(checkedOffset(offset), count, signal);
  }

  async write(offset: bigint, data: Uint8Array, signal: AbortSignal): Promise<number> {
    if (!this.#stream.write) fail('EBADF', 'this file cannot be written');
    await this.#stream.write(checkedOffset(offset), data, signal);
    return data.length;
  }

  async list(skip: number, limit: number): Promise<readonly DirectoryEntry[]> {
    const entries = this.#entries ?? fail('ENOTDIR', 'not a directory');
    return entries.slice(skip, skip + limit).map(([name, { kind, id }]) => ({ name, kind, id }));
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#stream.close?.();
  }
}
