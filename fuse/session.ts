import {
  type DirectoryEntry,
  ERRNO,
  type ErrnoName,
  type OpenFile,
  type Tree,
  TreeError,
  type TreeNode,
} from '../ninep/tree.ts';
import { READ } from '../ninep/trees/paths.ts';
import { Nodes } from './nodes.ts';
import { OpenFiles } from './open-files.ts';
import * as replies from './replies.ts';
import { type Ask, decodeRequest, OLDEST_MINOR, type Request } from './requests.ts';

/** "." and ".." come first. */
const DOTS = 2n;
const BATCH = 256;

/** What one mount is answered, from a tree that never changes. */
export class Session {
  readonly #tree: Tree;
  readonly #onError: (error: unknown) => void;
  readonly #nodes: Nodes;
  readonly #files: OpenFiles;
  readonly #running = new Map<bigint, AbortController>();
  #begin: (problem: Error | null) => void = () => {};
  /** Resolves with the kernel's first words; to why this kernel cannot be served, where it cannot. */
  readonly begun = new Promise<Error | null>((resolve) => {
    this.#begin = resolve;
  });

  /** @param onError told what is no TreeError, a defect; the kernel hears EIO */
  constructor(tree: Tree, onError: (error: unknown) => void) {
    this.#tree = tree;
    this.#onError = onError;
    this.#nodes = new Nodes(tree);
    this.#files = new OpenFiles(onError);
  }

  /** How many nodes the kernel may ask for. */
  get nodes(): number {
    return this.#nodes.size;
  }

  /** @returns null where the kernel waits for no answer */
  answer(frame: Buffer): Promise<replies.Frame | null> {
    let request: Request;
    try {
      request = decodeRequest(frame);
    } catch (error) {
      this.#onError(error);
      return Promise.resolve(frame.length < 16 ? null : replies.refusal(frame.readBigUInt64LE(8), 'EIO'));
    }
    const { unique, ask } = request;
    if (ask.op === 'forget') {
      for (const one of ask.nodes) if (this.#nodes.forget(one)) this.#files.drop(one.node);
      return Promise.resolve(null);
    }
    if (ask.op === 'interrupt') {
      this.#running.get(ask.unique)?.abort();
      return Promise.resolve(null);
    }
    const aborted = new AbortController();
    this.#running.set(unique, aborted);
    return this.#reply(request.node, ask, aborted.signal)
      .then(
        (body) => replies.reply(unique, body),
        (error) => replies.refusal(unique, this.#errnoOf(error)),
      )
      .finally(() => this.#running.delete(unique));
  }

  /** Closes what is open. */
  close(): void {
    for (const running of this.#running.values()) running.abort();
    this.#files.dropAll();
  }

  async #reply(id: bigint, ask: Exclude<Ask, { op: 'forget' | 'interrupt' }>, signal: AbortSignal) {
    switch (ask.op) {
      case 'init':
        return this.#init(ask.major, ask.minor, ask.flags);
      case 'lookup':
        return replies.entry(await this.#lookup(id, ask.name));
      case 'getattr':
        return replies.attributes({ id, attributes: await (await this.#nodes.get(id)).attributes() });
      case 'readlink':
        return Buffer.from(await (await this.#nodes.get(id)).readLink(), 'latin1');
      case 'read':
        return this.#read(id, ask.offset, ask.bytes, signal);
      case 'readdir':
      case 'readdirplus':
        return this.#list(id, ask.offset, ask.bytes, ask.op === 'readdirplus');
      case 'statfs':
        return replies.statistics(await this.#tree.statfs());
      case 'getxattr':
        return this.#xattr(await this.#nodes.get(id), ask.name, ask.bytes);
      case 'listxattr':
        return this.#xattrs(await this.#nodes.get(id), ask.bytes);
      case 'refused':
        throw new TreeError(ask.errno, 'not served here');
    }
  }

  #init(major: number, minor: number, flags: number): Buffer {
    const needed = replies.NEEDED_FLAGS;
    if (major === 7 && minor >= OLDEST_MINOR && (flags & needed) === needed) {
      this.#begin(null);
      return replies.init(flags);
    }
    const problem = new Error(
      'this kernel cannot read what was not opened; Linux 5.1 is the oldest that can',
    );
    this.#begin(problem);
    throw new TreeError('EPROTO', problem.message);
  }

  /** @returns null where there is no such name */
  async #lookup(parent: bigint, name: string): Promise<replies.Told | null> {
    const folder = await this.#nodes.get(parent);
    try {
      return await this.#nodes.tell(parent, name, await folder.lookup(name));
    } catch (error) {
      if (error instanceof TreeError && error.errno === 'ENOENT') return null;
      throw error;
    }
  }

  async #read(id: bigint, offset: bigint, bytes: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#using(id, async (file) => {
      // The kernel takes what is short for the end of the file.
      const parts: Uint8Array[] = [];
      for (let left = bytes; left > 0; ) {
        const part = await file.read(offset + BigInt(bytes - left), left, signal);
        if (part.length === 0) break;
        if (part.length === bytes) return part;
        parts.push(part);
        left -= part.length;
      }
      return Buffer.concat(parts);
    });
  }

  async #list(id: bigint, offset: bigint, bytes: number, plus: boolean): Promise<Uint8Array> {
    const folder = await this.#nodes.get(id);
    const listing = new replies.Listing(bytes);
    let next = offset;
    const add = (entry: DirectoryEntry, told: replies.Told | null) =>
      listing.add({ ...entry, next: ++next }, plus ? told : undefined);
    const dots = [
      { name: '.', kind: 'directory', id },
      { name: '..', kind: 'directory', id: this.#nodes.parentOf(id) },
    ] as const;
    for (const dot of dots.slice(Number(offset))) if (listing.fits(dot.name, plus)) add(dot, null);
    const ended = await this.#using(id, async (file) => {
      for (;;) {
        const entries = await file.list(Number(next - DOTS), BATCH);
        if (entries.length === 0) return true;
        for (const entry of entries) {
          // The kernel forgets just what it was told of: first there must be room to tell it.
          if (!listing.fits(entry.name, plus)) return false;
          const node = plus ? (entry.node ?? (await folder.lookup(entry.name))) : null;
          add(entry, node && (await this.#nodes.tell(id, entry.name, node)));
        }
      }
    });
    // The kernel keeps what it has seen of it.
    if (ended) this.#files.drop(id);
    return listing.bytes;
  }

  #using<T>(id: bigint, use: (file: OpenFile) => Promise<T>): Promise<T> {
    return this.#files.use(id, async () => (await this.#nodes.get(id)).open(READ), use);
  }

  async #xattr(node: TreeNode, name: string, bytes: number): Promise<Uint8Array> {
    const value = (await node.xattrs?.())?.get(name);
    if (!value) throw new TreeError('ENODATA', name);
    return fitting(value, bytes);
  }

  async #xattrs(node: TreeNode, bytes: number): Promise<Uint8Array> {
    const names = [...((await node.xattrs?.())?.keys() ?? [])];
    return fitting(Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1'), bytes);
  }

  #errnoOf(error: unknown): ErrnoName {
    if (error instanceof TreeError && error.errno in ERRNO) return error.errno;
    this.#onError(error);
    return 'EIO';
  }
}

/** Of no bytes the kernel wants to know how many there are. */
function fitting(value: Uint8Array, bytes: number): Uint8Array {
  if (bytes === 0) return replies.xattrSize(value.length);
  if (value.length > bytes) throw new TreeError('ERANGE', `${value.length} bytes`);
  return value;
}
