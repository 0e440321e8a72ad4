import { Reader } from '../codec.ts';
import { MAXWELEM, NOFID, SETATTR_SIZE, VERSION_L } from '../defs.ts';
import type { MessageOf, Qid } from '../messages.ts';
import { RawClient } from './raw-client.ts';

export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  DIRECTORY: 0o200000,
} as const;

export interface Entry {
  readonly name: string;
  readonly qid: Qid;
  readonly type: number;
  readonly offset: bigint;
}

export type SetAttributes = Partial<Omit<MessageOf<'Tsetattr'>, 'name' | 'fid' | 'valid'>>;

/** File operations by path over 9P, much as Linux's client makes them of system calls. Paths are byte strings. */
export class Client {
  readonly raw: RawClient;
  readonly root: number;
  #lastFid: number;

  private constructor(raw: RawClient, root: number, lastFid: number) {
    this.raw = raw;
    this.root = root;
    this.#lastFid = lastFid;
  }

  /** Over a connection that is attached already; fids up to `lastFid` are taken. */
  static over(raw: RawClient, root: number, lastFid: number): Client {
    return new Client(raw, root, lastFid);
  }

  /** Tversion and Tattach. */
  static async attach(raw: RawClient, options: { msize?: number; aname?: string } = {}): Promise<Client> {
    const { msize = 131072, aname = '' } = options;
    await raw.call({ name: 'Tversion', msize, version: VERSION_L }, 'Rversion');
    const root = 0;
    await raw.call(
      { name: 'Tattach', fid: root, afid: NOFID, uname: 'root', aname, nUname: NOFID },
      'Rattach',
    );
    return new Client(raw, root, root);
  }

  static async connect(
    socketPath: string,
    options: { msize?: number; aname?: string } = {},
  ): Promise<Client> {
    return Client.attach(await RawClient.connect(socketPath), options);
  }

  fid(): number {
    this.#lastFid += 1;
    return this.#lastFid;
  }

  /** A new fid at the path, from the root or another fid; ENOENT when it is not there. */
  async walk(path: string, from = this.root): Promise<number> {
    const wnames = path.split('/').filter((name) => name !== '');
    if (wnames.length > MAXWELEM) {
      const reached = await this.walk(wnames.slice(0, MAXWELEM).join('/'), from);
      return this.with(reached, () => this.walk(wnames.slice(MAXWELEM).join('/'), reached));
    }
    const fid = this.fid();
    const { wqids } = await this.raw.call({ name: 'Twalk', fid: from, newfid: fid, wnames }, 'Rwalk');
    if (wqids.length < wnames.length) {
      // A part of the way, so there is no fid: the next step tells why.
      const reached = await this.walk(wnames.slice(0, wqids.length).join('/'), from);
      return this.with(reached, () => this.walk(wnames.slice(wqids.length).join('/'), reached));
    }
    return fid;
  }

  async open(path: string, flags: number = O.RDONLY): Promise<number> {
    const fid = await this.walk(path);
    return this.kept(fid, () => this.raw.call({ name: 'Tlopen', fid, flags }, 'Rlopen'));
  }

  async create(path: string, flags: number = O.RDWR | O.EXCL, mode = 0o644): Promise<number> {
    const { folder, name } = split(path);
    const fid = await this.walk(folder);
    return this.kept(fid, () =>
      this.raw.call({ name: 'Tlcreate', fid, entry: name, flags: flags | O.CREAT, mode, gid: 0 }, 'Rlcreate'),
    );
  }

  async read(fid: number, offset: number | bigint, count: number): Promise<Buffer> {
    const { data } = await this.raw.call({ name: 'Tread', fid, offset: BigInt(offset), count }, 'Rread');
    return Buffer.from(data);
  }

  async write(fid: number, offset: number | bigint, data: string | Uint8Array): Promise<number> {
    const bytes = Buffer.from(data as Uint8Array);
    const request = { name: 'Twrite', fid, offset: BigInt(offset), data: bytes } as const;
    return (await this.raw.call(request, 'Rwrite')).count;
  }

  async clunk(fid: number): Promise<void> {
    await this.raw.call({ name: 'Tclunk', fid }, 'Rclunk');
  }

  /** Everything in the file. */
  async readFile(path: string): Promise<Buffer> {
    const fid = await this.open(path);
    return this.with(fid, async () => {
      const pieces: Buffer[] = [];
      for (let offset = 0; ; ) {
        const piece = await this.read(fid, offset, 65536);
        if (piece.length === 0) return Buffer.concat(pieces);
        pieces.push(piece);
        offset += piece.length;
      }
    });
  }

  async writeFile(path: string, data: string | Uint8Array): Promise<void> {
    const fid = await this.create(path, O.WRONLY | O.TRUNC);
    await this.with(fid, () => this.write(fid, 0, data));
  }

  /** Entries but for "." and "..", in the server's order. */
  async list(path: string, count = 8192): Promise<Entry[]> {
    const fid = await this.open(path, O.DIRECTORY);
    return this.with(fid, async () => {
      const found: Entry[] = [];
      for (let offset = 0n; ; ) {
        const entries = await this.readdir(fid, offset, count);
        if (entries.length === 0) return found.filter(({ name }) => name !== '.' && name !== '..');
        found.push(...entries);
        offset = entries.at(-1)?.offset ?? 0n;
      }
    });
  }

  async readdir(fid: number, offset: bigint, count: number): Promise<Entry[]> {
    const { data } = await this.raw.call({ name: 'Treaddir', fid, offset, count }, 'Rreaddir');
    const reader = new Reader(data);
    const entries: Entry[] = [];
    while (reader.remaining > 0) {
      const qid = reader.qid();
      const next = reader.u64();
      entries.push({ qid, offset: next, type: reader.u8(), name: reader.string() });
    }
    return entries;
  }

  async getattr(path: string): Promise<MessageOf<'Rgetattr'>> {
    return this.at(path, (fid) => this.raw.call({ name: 'Tgetattr', fid, requestMask: 0x7ffn }, 'Rgetattr'));
  }

  async setattr(path: string, valid: number, values: SetAttributes = {}): Promise<void> {
    await this.at(path, (fid) => this.setattrOf(fid, valid, values));
  }

  async setattrOf(fid: number, valid: number, values: SetAttributes = {}): Promise<void> {
    const none = { mode: 0, uid: 0, gid: 0, size: 0n };
    const times = { atimeSec: 0n, atimeNsec: 0n, mtimeSec: 0n, mtimeNsec: 0n };
    await this.raw.call({ name: 'Tsetattr', fid, valid, ...none, ...times, ...values }, 'Rsetattr');
  }

  async truncate(path: string, size: number): Promise<void> {
    await this.setattr(path, SETATTR_SIZE, { size: BigInt(size) });
  }

  async mkdir(path: string, mode = 0o755): Promise<Qid> {
    const { folder, name } = split(path);
    const request = (dfid: number) => ({ name: 'Tmkdir', dfid, entry: name, mode, gid: 0 }) as const;
    return (await this.at(folder, (dfid) => this.raw.call(request(dfid), 'Rmkdir'))).qid;
  }

  async symlink(path: string, symtgt: string): Promise<Qid> {
    const { folder, name } = split(path);
    const request = (fid: number) => ({ name: 'Tsymlink', fid, entry: name, symtgt, gid: 0 }) as const;
    return (await this.at(folder, (fid) => this.raw.call(request(fid), 'Rsymlink'))).qid;
  }

  async readlink(path: string): Promise<string> {
    return (await this.at(path, (fid) => this.raw.call({ name: 'Treadlink', fid }, 'Rreadlink'))).target;
  }

  async link(existing: string, path: string): Promise<void> {
    const { folder, name } = split(path);
    await this.at(existing, (fid) =>
      this.at(folder, (dfid) => this.raw.call({ name: 'Tlink', dfid, fid, entry: name }, 'Rlink')),
    );
  }

  async rename(from: string, to: string): Promise<void> {
    const [old, next] = [split(from), split(to)];
    await this.at(old.folder, (olddirfid) =>
      this.at(next.folder, (newdirfid) =>
        this.raw.call(
          { name: 'Trenameat', olddirfid, oldname: old.name, newdirfid, newname: next.name },
          'Rrenameat',
        ),
      ),
    );
  }

  async unlink(path: string): Promise<void> {
    await this.#unlinkat(path, 0);
  }

  async rmdir(path: string): Promise<void> {
    await this.#unlinkat(path, 0x200);
  }

  /** Does something with a fid at the path and clunks it. */
  async at<T>(path: string, use: (fid: number) => Promise<T>): Promise<T> {
    const fid = await this.walk(path);
    return this.with(fid, () => use(fid));
  }

  async with<T>(fid: number, use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } finally {
      await this.clunk(fid);
    }
  }

  /** Clunks the fid where `use` fails. */
  async kept(fid: number, use: () => Promise<unknown>): Promise<number> {
    try {
      await use();
      return fid;
    } catch (error) {
      await this.clunk(fid);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.raw.close();
  }

  async #unlinkat(path: string, flags: number): Promise<void> {
    const { folder, name } = split(path);
    await this.at(folder, (dirfd) =>
      this.raw.call({ name: 'Tunlinkat', dirfd, entry: name, flags }, 'Runlinkat'),
    );
  }
}

export function split(path: string): { folder: string; name: string } {
  const at = path.lastIndexOf('/');
  return { folder: path.slice(0, Math.max(0, at)), name: path.slice(at + 1) };
}
