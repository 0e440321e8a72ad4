import { constants } from 'node:fs';
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises';
import { type Client, O } from './client.ts';
import type { Machine, Operation } from './operations.ts';

const KIND_MASK = 0o170000;
const DIRECTORY = 0o040000;

/** What both sides can tell of a file; a directory's size is its file system's own affair. */
function described(mode: number, links: number, size: number): object {
  return (mode & KIND_MASK) === DIRECTORY ? { mode, links } : { mode, links, size };
}

/** A real folder, by the system calls that Node offers; links are never followed. */
export class FolderMachine implements Machine {
  readonly #root: string;
  readonly #handles: FileHandle[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  /** Is there a symbolic link on the way? 9P servers do not follow them: clients do. */
  async hasLinkOnTheWay(path: string): Promise<boolean> {
    const names = path.split('/');
    for (let count = 1; count < names.length; count++) {
      const stats = await lstat(this.#path(names.slice(0, count).join('/'))).catch(() => null);
      if (stats?.isSymbolicLink()) return true;
    }
    return false;
  }

  async isLink(path: string): Promise<boolean> {
    return (await lstat(this.#path(path)).catch(() => null))?.isSymbolicLink() ?? false;
  }

  get handles(): number {
    return this.#handles.length;
  }

  async isWritable(handle: number): Promise<boolean> {
    const { fd } = this.#handle(handle);
    const flags = /^flags:\s*([0-7]+)$/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & 3) !== O.RDONLY;
  }

  async carryOut(operation: Operation): Promise<unknown> {
    switch (operation.do) {
      case 'create': {
        const handle = await this.#open(operation.path, operation.flags | O.CREAT);
        return this.#written(handle, operation);
      }
      case 'open':
        this.#handles.push(await this.#open(operation.path, operation.flags));
        return null;
      case 'read': {
        const buffer = Buffer.alloc(operation.count);
        const { bytesRead } = await this.#handle(operation.handle).read(
          buffer,
          0,
          operation.count,
          operation.offset,
        );
        return buffer.toString('latin1', 0, bytesRead);
      }
      case 'write': {
        const bytes = Buffer.from(operation.data, 'latin1');
        if (bytes.length === 0) return 0;
        return (await this.#handle(operation.handle).write(bytes, 0, bytes.length, operation.offset))
          .bytesWritten;
      }
      case 'resize':
        await this.#handle(operation.handle).truncate(operation.size);
        return null;
      case 'stat': {
        const stats = await this.#handle(operation.handle).stat();
        return described(stats.mode, stats.nlink, stats.size);
      }
      case 'close':
        await this.#handles.splice(operation.handle % this.#handles.length, 1)[0]?.close();
        return null;
      case 'truncate': {
        const handle = await this.#open(operation.path, O.WRONLY);
        try {
          await handle.truncate(operation.size);
        } finally {
          await handle.close();
        }
        return null;
      }
      case 'chmod': {
        const handle = await open(this.#path(operation.path), constants.O_RDONLY | constants.O_NOFOLLOW);
        try {
          await handle.chmod(operation.mode);
        } finally {
          await handle.close();
        }
        return null;
      }
      case 'symlink':
        await symlink(Buffer.from(operation.target, 'latin1'), this.#path(operation.path));
        return null;
      case 'mkdir':
        await mkdir(this.#path(operation.path), 0o755);
        return null;
      case 'rmdir':
        await rmdir(this.#path(operation.path));
        return null;
      case 'unlink':
        await unlink(this.#path(operation.path));
        return null;
      case 'list':
        return (await readdir(this.#path(operation.path), { encoding: 'latin1' })).sort();
      case 'lstat': {
        const stats = await lstat(this.#path(operation.path));
        return described(stats.mode, stats.nlink, stats.size);
      }
      case 'readlink':
        return readlink(this.#path(operation.path), 'latin1');
      case 'link':
        await link(this.#path(operation.from), this.#path(operation.to));
        return null;
      case 'rename':
        await rename(this.#path(operation.from), this.#path(operation.to));
        return null;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#handles.splice(0).map((handle) => handle.close()));
  }

  #open(path: string, flags: number): Promise<FileHandle> {
    return open(this.#path(path), flags | constants.O_NOFOLLOW, 0o644);
  }

  async #written(handle: FileHandle, { data, keep }: { data: string; keep: boolean }): Promise<unknown> {
    try {
      if (data !== '') await handle.write(Buffer.from(data, 'latin1'), 0, data.length, 0);
      if (keep) this.#handles.push(handle);
      return null;
    } finally {
      if (!this.#handles.includes(handle)) await handle.close();
    }
  }

  #handle(index: number): FileHandle {
    const handle = this.#handles[index % this.#handles.length];
    if (!handle) throw new Error('no handle is open');
    return handle;
  }

  #path(path: string): Buffer {
    return Buffer.concat([Buffer.from(`${this.#root}/`), Buffer.from(path, 'latin1')]);
  }
}

/** The same over 9P. */
export class NinepMachine implements Machine {
  readonly #client: Client;
  readonly #handles: number[] = [];

  constructor(client: Client) {
    this.#client = client;
  }

  async carryOut(operation: Operation): Promise<unknown> {
    const client = this.#client;
    switch (operation.do) {
      case 'create':
        return this.#written(await client.create(operation.path, operation.flags), operation);
      case 'open':
        this.#handles.push(await client.open(operation.path, operation.flags));
        return null;
      case 'read':
        return this.#read(this.#handle(operation.handle), operation.offset, operation.count);
      case 'write':
        return this.#write(this.#handle(operation.handle), operation.offset, operation.data);
      case 'resize':
        await client.setattrOf(this.#handle(operation.handle), 8, { size: BigInt(operation.size) });
        return null;
      case 'stat':
        return this.#stat(this.#handle(operation.handle));
      case 'close': {
        const [fid] = this.#handles.splice(operation.handle % this.#handles.length, 1);
        if (fid !== undefined) await client.clunk(fid);
        return null;
      }
      case 'truncate':
        await client.truncate(operation.path, operation.size);
        return null;
      case 'chmod':
        await client.setattr(operation.path, 1, { mode: operation.mode });
        return null;
      case 'symlink':
        await client.symlink(operation.path, operation.target);
        return null;
      case 'mkdir':
        await client.mkdir(operation.path);
        return null;
      case 'rmdir':
        await client.rmdir(operation.path);
        return null;
      case 'unlink':
        await client.unlink(operation.path);
        return null;
      case 'list':
        return (await client.list(operation.path)).map(({ name }) => name).sort();
      case 'lstat':
        return client.at(operation.path, (fid) => this.#stat(fid));
      case 'readlink':
        return client.readlink(operation.path);
      case 'link':
        await client.link(operation.from, operation.to);
        return null;
      case 'rename':
        await client.rename(operation.from, operation.to);
        return null;
    }
  }

  async #stat(fid: number): Promise<unknown> {
    const { mode, nlink, size } = await this.#client.raw.call(
      { name: 'Tgetattr', fid, requestMask: 0n },
      'Rgetattr',
    );
    return described(mode, Number(nlink), Number(size));
  }

  /** As Linux does: piece by piece, as much as a message takes. */
  async #read(fid: number, offset: number, count: number): Promise<string> {
    const pieces: Buffer[] = [];
    for (let done = 0; ; ) {
      const piece = await this.#client.read(fid, offset + done, count - done);
      pieces.push(piece);
      done += piece.length;
      if (piece.length === 0 || done >= count) return Buffer.concat(pieces).toString('latin1');
    }
  }

  async #write(fid: number, offset: number, data: string): Promise<number> {
    const bytes = Buffer.from(data, 'latin1');
    let done = 0;
    while (done < bytes.length)
      done += await this.#client.write(fid, offset + done, bytes.subarray(done, done + 100_000));
    return done;
  }

  async #written(fid: number, { data, keep }: { data: string; keep: boolean }): Promise<unknown> {
    let isKept = false;
    try {
      await this.#write(fid, 0, data);
      if (keep) this.#handles.push(fid);
      isKept = keep;
      return null;
    } finally {
      if (!isKept) await this.#client.clunk(fid);
    }
  }

  #handle(index: number): number {
    const fid = this.#handles[index % this.#handles.length];
    if (fid === undefined) throw new Error('no handle is open');
    return fid;
  }
}
