import { type AttributeChange, type OpenFile, type Tree, TreeError, type TreeNode } from '../ninep/tree.ts';
import { WASI_ERRNO_OF, WasiError } from './abi.ts';
import {
  type Answer,
  decodeMessage,
  type Entry,
  encodeMessage,
  type FileFacts,
  type FileOperation,
  type FileOperations,
  LIST_LIMIT,
  type ListedEntry,
  MAX_DATA_BYTES,
  type OpenRequest,
  type Place,
  type Request,
  ROOT_HANDLE,
} from './messages.ts';
import { type Found, walk } from './path.ts';

/** More than a program's thread can have open (descriptors.ts). */
const MAX_HANDLES = 1024;
const MAX_LISTING = 100_000;

interface Handle {
  readonly node: TreeNode;
  readonly file: OpenFile | null;
  listing: ListedEntry[];
}

type Answered<Op extends FileOperation> = FileOperations[Op]['answer'] | Uint8Array;
type Handlers = {
  [Op in FileOperation]: (
    ask: FileOperations[Op]['ask'],
    data: Uint8Array,
  ) => Promise<Answered<Op>> | Answered<Op>;
};

/** Answers one program's file calls from a tree. One request at a time, as the program makes them. */
export class FileService {
  readonly #tree: Tree;
  readonly #onConsole: (chunk: Uint8Array) => boolean;
  readonly #handles = new Map<number, Handle>();
  readonly #abort = new AbortController();
  /** Inode numbers count up as the program first sees each node: those of the host differ from run to run. */
  readonly #inodes = new Map<bigint, number>();
  #next = ROOT_HANDLE;

  /** @param onConsole given what the program prints; answers whether more is wanted */
  constructor(tree: Tree, onConsole: (chunk: Uint8Array) => boolean) {
    this.#tree = tree;
    this.#onConsole = onConsole;
  }

  /**
   * @param message as encodeMessage makes it from a Request
   * @returns the encoded Answer
   * @throws whatever the tree throws that is no TreeError: a defect of the host, not of the program
   */
  async handle(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const { header, data } = decodeMessage<Request>(message);
    try {
      if (this.#next === ROOT_HANDLE) this.#keep({ node: await this.#tree.root(), file: null, listing: [] });
      const handler = this.#handlers[header.op] as (ask: unknown, data: Uint8Array) => Promise<object>;
      const answer = await handler(header.ask, data);
      return answer instanceof Uint8Array ? encodeMessage({ answer: {} }, answer) : encodeMessage({ answer });
    } catch (error) {
      return encodeMessage(refusal(error));
    }
  }

  /** Ends a blocked read and closes what the program left open. */
  async close(): Promise<void> {
    this.#abort.abort();
    const open = [...this.#handles.values()];
    this.#handles.clear();
    const closed = await Promise.allSettled(open.map((handle) => handle.file?.close()));
    const failed = closed.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  readonly #handlers: Handlers = {
    open: (ask) => this.#open(ask),
    close: async ({ handle }) => {
      const { file } = this.#handle(handle);
      this.#handles.delete(handle);
      await file?.close();
      return {};
    },
    read: ({ handle, offset, count }) =>
      this.#file(handle).file.read(BigInt(offset), Math.min(count, MAX_DATA_BYTES), this.#abort.signal),
    write: async ({ handle, offset }, data) => {
      const { node, file } = this.#file(handle);
      let at = offset === null ? (await node.attributes()).size : BigInt(offset);
      for (let rest = data; rest.length > 0; ) {
        const taken = await file.write(at, rest, this.#abort.signal);
        at += BigInt(taken);
        rest = rest.subarray(taken);
      }
      return {};
    },
    list: async ({ handle, skip, limit }) => {
      const directory = this.#directory(handle);
      if (skip === 0) directory.listing = await this.#list(directory.node);
      return { entries: directory.listing.slice(skip, skip + Math.min(limit, LIST_LIMIT)) };
    },
    attributes: async (ask) => this.#facts(await this.#node(ask)),
    setSize: async ({ handle, size }) => {
      await this.#handle(handle).node.setAttributes({ size: BigInt(size) });
      return {};
    },
    setTimes: async (ask) => {
      const change: { -readonly [Key in keyof AttributeChange]: AttributeChange[Key] } = {};
      if (ask.accessed !== null) change.accessedNs = ask.accessed === 'now' ? 'now' : BigInt(ask.accessed);
      if (ask.modified !== null) change.modifiedNs = ask.modified === 'now' ? 'now' : BigInt(ask.modified);
      const node = await this.#node(ask);
      await node.setAttributes(change);
      return {};
    },
    sync: async ({ handle }) => {
      await this.#handle(handle).file?.sync();
      return {};
    },
    makeDirectory: async (ask) => {
      const { parent, name } = await this.#free(ask, true);
      await parent.makeDirectory(name, 0o777);
      return {};
    },
    makeSymlink: async ({ target, ...ask }) => {
      if (target.startsWith('/')) throw new WasiError('NOTCAPABLE');
      const { parent, name } = await this.#free(ask, false);
      await parent.makeSymlink(name, target);
      return {};
    },
    makeLink: async ({ from, to }) => {
      const { node } = await this.#walk(from, from.follow);
      if (!node) throw new WasiError('NOENT');
      if (node.kind === 'directory') throw new WasiError('PERM');
      const { parent, name } = await this.#free(to, false);
      await parent.makeLink(name, node);
      return {};
    },
    readLink: async (ask) => {
      const { node } = await this.#walk(ask, false);
      if (!node) throw new WasiError('NOENT');
      if (node.kind !== 'symlink') throw new WasiError('INVAL');
      return { target: await node.readLink() };
    },
    rename: async ({ from, to }) => {
      const source = await this.#walk(from, false);
      if (!source.node) throw new WasiError('NOENT');
      const target = await this.#walk(to, false);
      if (!source.entry || !target.entry) throw new WasiError('INVAL');
      if (target.asDirectory && source.node.kind !== 'directory') throw new WasiError('NOTDIR');
      await source.entry.parent.rename(source.entry.name, target.entry.parent, target.entry.name);
      return {};
    },
    unlink: async ({ directory, ...ask }) => {
      const { node, entry } = await this.#walk(ask, false);
      if (!node) throw new WasiError('NOENT');
      if (!entry) throw new WasiError('INVAL');
      if (directory && node.kind !== 'directory') throw new WasiError('NOTDIR');
      if (!directory && node.kind === 'directory') throw new WasiError('ISDIR');
      await entry.parent.unlink(entry.name, directory);
      return {};
    },
    console: (_, data) => ({ more: this.#onConsole(data) }),
  };

  async #open(ask: OpenRequest): Promise<FileOperations['open']['answer']> {
    if (ask.create && ask.directory) throw new WasiError('INVAL');
    if (ask.truncate && !ask.write) throw new WasiError('INVAL');
    const found = await this.#walk(ask, ask.follow && !(ask.create && ask.exclusive));
    if (this.#handles.size >= MAX_HANDLES) throw new WasiError('MFILE');
    const how = { read: ask.read || !ask.write, write: ask.write, append: ask.append };
    if (!found.node) {
      if (!ask.create || !found.entry) throw new WasiError('NOENT');
      if (found.asDirectory) throw new WasiError('ISDIR');
      const made = await found.entry.parent.create(
        found.entry.name,
        { ...how, truncate: false, exclusive: true },
        0o666,
      );
      return this.#keep({ ...made, listing: [] });
    }
    const { node } = found;
    if (ask.create && ask.exclusive) throw new WasiError('EXIST');
    if (node.kind === 'symlink') throw new WasiError('LOOP');
    if (node.kind === 'directory') {
      if (ask.create || ask.write) throw new WasiError('ISDIR');
      return this.#keep({ node, file: null, listing: [] });
    }
    if (ask.directory) throw new WasiError('NOTDIR');
    const file = await node.open({ ...how, truncate: ask.truncate, exclusive: false });
    return this.#keep({ node, file, listing: [] });
  }

  #keep(handle: Handle): FileOperations['open']['answer'] {
    const number = this.#next++;
    this.#handles.set(number, handle);
    return { handle: number, kind: handle.node.kind };
  }

  #handle(number: number): Handle {
    const handle = this.#handles.get(number);
    if (!handle) throw new WasiError('BADF');
    return handle;
  }

  #file(number: number): { node: TreeNode; file: OpenFile } {
    const { node, file } = this.#handle(number);
    if (!file) throw new WasiError('ISDIR');
    return { node, file };
  }

  #directory(number: number): Handle {
    const handle = this.#handle(number);
    if (handle.node.kind !== 'directory') throw new WasiError('NOTDIR');
    return handle;
  }

  #walk(entry: Entry, follow: boolean): Promise<Found> {
    return walk(this.#directory(entry.at).node, entry.path, follow);
  }

  async #node(place: Place): Promise<TreeNode> {
    if (place.path === null) return this.#handle(place.at).node;
    const { node } = await this.#walk({ at: place.at, path: place.path }, place.follow);
    if (!node) throw new WasiError('NOENT');
    return node;
  }

  /** Where a new entry will stand. */
  async #free(ask: Entry, directory: boolean): Promise<{ parent: TreeNode; name: string }> {
    const { node, entry, asDirectory } = await this.#walk(ask, false);
    if (node || !entry) throw new WasiError('EXIST');
    if (asDirectory && !directory) throw new WasiError('NOENT');
    return entry;
  }

  /** Sorted, since the order of a host's directory differs from machine to machine. */
  async #list(node: TreeNode): Promise<ListedEntry[]> {
    const file = await node.open({
      read: true,
      write: false,
      append: false,
      truncate: false,
      exclusive: false,
    });
    try {
      const entries: { name: string; kind: ListedEntry['kind']; id: bigint }[] = [];
      for (;;) {
        const more = await file.list(entries.length, 1000);
        if (more.length === 0) break;
        entries.push(...more);
        if (entries.length > MAX_LISTING) throw new WasiError('NOMEM');
      }
      entries.sort((a, b) => (a.name < b.name ? -1 : 1));
      return entries.map(({ name, kind, id }) => ({ name, kind, inode: this.#inode(id) }));
    } finally {
      await file.close();
    }
  }

  async #facts(node: TreeNode): Promise<FileFacts> {
    const { links, size } = await node.attributes();
    const directory = node.kind === 'directory';
    return {
      kind: node.kind,
      inode: this.#inode(node.id),
      links: directory ? 1 : links,
      size: directory ? 0 : Number(size),
    };
  }

  #inode(id: bigint): number {
    let inode = this.#inodes.get(id);
    if (inode === undefined) {
      inode = this.#inodes.size + 1;
      this.#inodes.set(id, inode);
    }
    return inode;
  }
}

function refusal(error: unknown): Answer {
  if (error instanceof WasiError) return { errno: error.errno };
  if (error instanceof TreeError) return { errno: WASI_ERRNO_OF[error.errno] };
  throw error;
}
