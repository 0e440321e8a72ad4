import { getAttributes, setAttributes } from './attributes.ts';
import {
  L_AT_REMOVEDIR,
  L_O_ACCMODE,
  L_O_APPEND,
  L_O_DIRECTORY,
  L_O_EXCL,
  L_O_RDWR,
  L_O_TRUNC,
  L_O_WRONLY,
  LOCK_BLOCKED,
  LOCK_ERROR,
  LOCK_RDLCK,
  LOCK_SUCCESS,
  LOCK_UNLCK,
  LOCK_WRLCK,
  MAXWELEM,
  NOFID,
  READ_OVERHEAD,
  STATFS_TYPE,
} from './defs.ts';
import type { Fid, FidTable } from './fids.ts';
import { END, type LockTable, type Owner, range } from './locks.ts';
import type { MessageOf, Qid, Reply, Request, RequestName } from './messages.ts';
import { descend, type Place } from './places.ts';
import { qidOf } from './qids.ts';
import { packEntries } from './readdir.ts';
import { type OpenMode, type Tree, TreeError } from './tree.ts';
import { attributeValue, OpenAttribute } from './xattrs.ts';

/** What the requests of one connection work on. */
export interface Context {
  readonly tree: Tree;
  readonly fids: FidTable;
  readonly locks: LockTable;
  readonly msize: number;
  /** Whose locks these are. */
  readonly self: object;
  root(): Promise<Place>;
  /** Ends what waits on this fid. */
  interrupt(fid: number): void;
}

/** Tversion and Tflush are the session's own: they act on other requests. */
export type FileRequestName = Exclude<RequestName, 'Tversion' | 'Tflush'>;
export type FileRequest = Extract<Request, { name: FileRequestName }>;

/** One request under way. */
export interface Call {
  /** Aborts when the client gives the request up, or the connection ends. */
  readonly signal: AbortSignal;
  /** Resolves when a reply of so many bytes may be made. */
  room(bytes: number): Promise<void>;
}

type Handler<N extends RequestName> = (context: Context, request: MessageOf<N>, call: Call) => Promise<Reply>;

/**
 * Carries out one request.
 * @throws TreeError for Rlerror
 */
export function answer(context: Context, request: FileRequest, call: Call): Promise<Reply> {
  const handler = HANDLERS[request.name] as Handler<FileRequestName>;
  return handler(context, request, call);
}

const NAME_MAX = 255;

const HANDLERS: { readonly [N in FileRequestName]: Handler<N> } = {
  Tauth: async () => refuse('EOPNOTSUPP', 'no authentication: who holds the socket is let in'),

  Tattach: async ({ fids, root }, { fid, afid, aname }) => {
    if (afid !== NOFID) refuse('EOPNOTSUPP', 'no authentication: who holds the socket is let in');
    fids.mustBeFree(fid);
    const names = aname.split('/').filter((part) => part !== '');
    const place = await descend(await root(), names.map(checkName));
    try {
      await fids.put(fid, place);
      return { name: 'Rattach', qid: qidOf(place.node) };
    } finally {
      place.release();
    }
  },

  Twalk: async ({ fids }, { fid, newfid, wnames }) => {
    if (wnames.length > MAXWELEM) refuse('EINVAL', `${wnames.length} names in one walk`);
    const from = fids.get(fid);
    if (newfid !== fid) fids.mustBeFree(newfid);
    const wqids: Qid[] = [];
    const names = wnames.map((name) => (name === '..' ? name : checkName(name)));
    let place: Place;
    try {
      place = await descend(from.place, names, ({ node }) => wqids.push(qidOf(node)));
    } catch (error) {
      // Only the first name's failure is an error; later ones tell how far it went.
      if (wqids.length === 0 || !(error instanceof TreeError)) throw error;
      return { name: 'Rwalk', wqids };
    }
    try {
      // Another request may have taken the number while this one looked up names.
      if (newfid !== fid) fids.mustBeFree(newfid);
      await fids.put(newfid, place);
      return { name: 'Rwalk', wqids };
    } finally {
      place.release();
    }
  },

  Tlopen: async ({ fids }, { fid: number, flags }) => {
    const fid = fids.get(number);
    mustBeClosed(fid);
    const { node } = fid.place;
    if (flags & L_O_DIRECTORY && node.kind !== 'directory') refuse('ENOTDIR', 'not a directory');
    const how = openMode(flags);
    await fid.open(how, async () => ({ file: await node.open(how) }));
    return { name: 'Rlopen', qid: qidOf(node), iounit: 0 };
  },

  Tlcreate: async ({ fids }, { fid: number, entry: name, flags, mode }) => {
    const fid = fids.get(number);
    mustBeClosed(fid);
    const how = openMode(flags);
    const folder = fid.place.hold();
    try {
      let qid: Qid | null = null;
      await fid.open(how, async () => {
        const { node, file } = await folder.node.create(checkName(name), how, mode);
        qid = qidOf(node);
        return { file, place: folder.child(name, node) };
      });
      return { name: 'Rlcreate', qid: qid ?? qidOf(fid.place.node), iounit: 0 };
    } finally {
      folder.release();
    }
  },

  Tread: async ({ fids, msize }, { fid: number, offset, count }, call) => {
    const fid = fids.get(number);
    const most = Math.min(count, msize - READ_OVERHEAD);
    const data = await fid.using(async () => {
      await call.room(most);
      return fid.file.read(offset, most, call.signal);
    });
    return { name: 'Rread', data: data.length > most ? data.subarray(0, most) : data };
  },

  Twrite: async ({ fids }, { fid: number, offset, data }, call) => {
    const fid = fids.get(number);
    const count = await fid.using(() => fid.file.write(offset, data, call.signal));
    return { name: 'Rwrite', count };
  },

  Tclunk: async ({ fids, interrupt }, { fid }) => {
    interrupt(fid);
    await fids.clunk(fid);
    return { name: 'Rclunk' };
  },

  Tremove: async ({ fids, interrupt }, { fid: number }) => {
    const { place } = fids.get(number);
    interrupt(number);
    try {
      await remove(mustHaveName(place), place.name, place.node.kind === 'directory');
    } finally {
      // The fid is clunked even if the remove fails.
      await fids.clunk(number);
    }
    return { name: 'Rremove' };
  },

  Treaddir: async ({ fids, msize }, { fid: number, offset, count }, call) => {
    const fid = fids.get(number);
    const { how } = fid;
    const { node, parent } = fid.place;
    if (!how || node.kind !== 'directory') refuse('EBADF', 'not an open directory');
    const most = Math.min(count, msize - READ_OVERHEAD);
    return fid.using(async () => {
      await call.room(most);
      // From the beginning again: rewinddir(3) promises what is there now.
      if (offset === 0n) await fid.open(how, async () => ({ file: await node.open(how) }));
      return {
        name: 'Rreaddir',
        data: await packEntries(fid.file, node, parent?.node ?? node, offset, most),
      };
    });
  },

  Tgetattr: async ({ fids }, { fid }) => getAttributes(fids.get(fid).place.node),

  Tsetattr: async ({ fids }, request) => {
    await setAttributes(fids.get(request.fid).place.node, request);
    return { name: 'Rsetattr' };
  },

  Tstatfs: async ({ fids, tree }, { fid }) => {
    const { node } = fids.get(fid).place;
    const disk = await (node.statfs?.() ?? tree.statfs());
    return {
      name: 'Rstatfs',
      type: STATFS_TYPE,
      bsize: disk.blockBytes,
      blocks: disk.blocks,
      bfree: disk.blocksFree,
      bavail: disk.blocksFree,
      files: disk.files,
      ffree: disk.filesFree,
      fsid: 0n,
      namelen: NAME_MAX,
    };
  },

  Tmkdir: async ({ fids }, { dfid, entry: name, mode }) => {
    const node = await fids.get(dfid).place.node.makeDirectory(checkName(name), mode);
    return { name: 'Rmkdir', qid: qidOf(node) };
  },

  Tsymlink: async ({ fids }, { fid, entry: name, symtgt }) => {
    const node = await fids.get(fid).place.node.makeSymlink(checkName(name), symtgt);
    return { name: 'Rsymlink', qid: qidOf(node) };
  },

  Treadlink: async ({ fids }, { fid }) => ({
    name: 'Rreadlink',
    target: await fids.get(fid).place.node.readLink(),
  }),

  Tlink: async ({ fids }, { dfid, fid, entry: name }) => {
    await fids.get(dfid).place.node.makeLink(checkName(name), fids.get(fid).place.node);
    return { name: 'Rlink' };
  },

  Tmknod: async () => refuse('EPERM', 'devices, pipes and sockets stay in the guest'),

  Trename: async ({ fids }, { fid, dfid, entry: name }) => {
    const { place } = fids.get(fid);
    await rename(mustHaveName(place), place.name, fids.get(dfid).place, name);
    return { name: 'Rrename' };
  },

  Trenameat: async ({ fids }, { olddirfid, oldname, newdirfid, newname }) => {
    await rename(fids.get(olddirfid).place, oldname, fids.get(newdirfid).place, newname);
    return { name: 'Rrenameat' };
  },

  Tunlinkat: async ({ fids }, { dirfd, entry: name, flags }) => {
    await remove(fids.get(dirfd).place, name, (flags & L_AT_REMOVEDIR) !== 0);
    return { name: 'Runlinkat' };
  },

  Tfsync: async ({ fids }, { fid: number }) => {
    const fid = fids.get(number);
    await fid.using(() => fid.file.sync());
    return { name: 'Rfsync' };
  },

  Tlock: async ({ fids, locks, self }, { fid, type, start, length, procId, clientId }) => {
    const { node } = fids.get(fid).place;
    const owner: Owner = { session: self, procId, clientId };
    const wanted = range(start, length);
    if (type !== LOCK_UNLCK && type !== LOCK_RDLCK && type !== LOCK_WRLCK)
      refuse('EINVAL', `lock type ${type}`);
    const exclusive = type === LOCK_WRLCK;
    if (type !== LOCK_UNLCK && locks.conflict(node.id, owner, wanted, exclusive)) {
      // The client waits and asks again where the caller wants to wait.
      return { name: 'Rlock', status: LOCK_BLOCKED };
    }
    const isSet = locks.set(node.id, owner, wanted, type === LOCK_UNLCK ? null : exclusive);
    return { name: 'Rlock', status: isSet ? LOCK_SUCCESS : LOCK_ERROR };
  },

  Tgetlock: async ({ fids, locks, self }, { fid, type, start, length, procId, clientId }) => {
    const { node } = fids.get(fid).place;
    const owner: Owner = { session: self, procId, clientId };
    const found = locks.conflict(node.id, owner, range(start, length), type === LOCK_WRLCK);
    if (!found) return { name: 'Rgetlock', type: LOCK_UNLCK, start, length, procId, clientId };
    return {
      name: 'Rgetlock',
      type: found.exclusive ? LOCK_WRLCK : LOCK_RDLCK,
      start: found.start,
      length: found.end === END ? 0n : found.end - found.start,
      procId: found.owner.procId,
      clientId: found.owner.clientId,
    };
  },

  Txattrwalk: async ({ fids }, { fid: number, newfid, entry: name }) => {
    const { place } = fids.get(number);
    const value = await attributeValue(place.node, name);
    fids.mustBeFree(newfid);
    const fid = await fids.put(newfid, place);
    // Without a mode: it is not opened again where the session is resumed.
    await fid.open(null, async () => ({ file: new OpenAttribute(value) }));
    return { name: 'Rxattrwalk', size: BigInt(value.length) };
  },

  Txattrcreate: async ({ fids }, { fid }) => {
    fids.get(fid);
    return refuse('EOPNOTSUPP', 'no extended attributes');
  },
};

function refuse(errno: ConstructorParameters<typeof TreeError>[0], message: string): never {
  throw new TreeError(errno, message);
}

function mustBeClosed(fid: Fid): void {
  if (fid.isOpen) refuse('EBADF', `fid ${fid.number} is open already`);
}

function checkName(name: string): string {
  if (name.length > NAME_MAX) refuse('ENAMETOOLONG', `a name of ${name.length} bytes`);
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    refuse('EINVAL', 'not a file name');
  }
  return name;
}

/** @returns the place of its directory */
function mustHaveName(place: Place): Place {
  if (place.gone) refuse('ENOENT', 'the file has no name any more');
  return place.parent ?? refuse('EINVAL', 'the root stays');
}

async function remove(folder: Place, name: string, directory: boolean): Promise<void> {
  folder.hold();
  try {
    await folder.node.unlink(checkName(name), directory);
    folder.removed(name);
  } finally {
    folder.release();
  }
}

async function rename(from: Place, name: string, to: Place, newName: string): Promise<void> {
  from.hold();
  to.hold();
  try {
    await from.node.rename(checkName(name), to.node, checkName(newName));
    from.moved(name, to, newName);
  } finally {
    from.release();
    to.release();
  }
}

function openMode(flags: number): OpenMode {
  const access = flags & L_O_ACCMODE;
  return {
    read: access !== L_O_WRONLY,
    write: access === L_O_WRONLY || access === L_O_RDWR,
    append: (flags & L_O_APPEND) !== 0,
    truncate: (flags & L_O_TRUNC) !== 0,
    exclusive: (flags & L_O_EXCL) !== 0,
  };
}
