import {
  ALL_RIGHTS,
  type CallName,
  type Calls,
  FDFLAGS,
  FILE_RIGHTS,
  FILETYPE,
  FSTFLAGS,
  RIGHTS,
  SIZEOF,
  WasiError,
  WHENCE,
} from './abi.ts';
import type { Descriptor } from './descriptors.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Machine } from './machine.ts';
import { type FileFacts, LIST_LIMIT, MAX_DATA_BYTES } from './messages.ts';

const MAX_IOVECS = 1024;
const FLAGS_KEPT = FDFLAGS.APPEND | FDFLAGS.DSYNC | FDFLAGS.NONBLOCK | FDFLAGS.RSYNC | FDFLAGS.SYNC;

/** Calls on an open descriptor. */
export function fileCalls({ memory, descriptors, files }: Machine): Calls<Extract<CallName, `fd_${string}`>> {
  let consoleWanted = true;

  const facts = (fd: Descriptor): FileFacts | null =>
    fd.handle < 0 ? null : files.call('attributes', { at: fd.handle, path: null, follow: false });

  const position = (fd: Descriptor): number => {
    fd.offset ??= facts(fd)?.size ?? 0;
    return fd.offset;
  };

  const read = (fd: Descriptor, vectors: Vector[], offset: number): number => {
    const wanted = vectors.reduce((sum, { length }) => sum + length, 0);
    if (wanted === 0) return 0;
    const data = files.read({ handle: fd.handle, offset, count: Math.min(wanted, MAX_DATA_BYTES) });
    let taken = 0;
    for (const { pointer, length } of vectors) {
      const part = data.subarray(taken, taken + length);
      memory.bytes(pointer, part.length).set(part);
      taken += part.length;
    }
    return taken;
  };

  /** Sends all of it, in pieces that fit a message. @returns bytes sent; fewer where a later piece was refused */
  const send = (vectors: Vector[], piece: (data: Uint8Array, done: number) => void): number => {
    let done = 0;
    const batch = new Uint8Array(Math.min(MAX_DATA_BYTES, total(vectors)));
    let filled = 0;
    const flush = () => {
      if (filled === 0) return;
      piece(batch.subarray(0, filled), done);
      done += filled;
      filled = 0;
    };
    try {
      for (const { pointer, length } of vectors) {
        for (let from = 0; from < length; ) {
          const count = Math.min(length - from, batch.length - filled);
          batch.set(memory.bytes(pointer + from, count), filled);
          filled += count;
          from += count;
          if (filled === batch.length) flush();
        }
      }
      flush();
    } catch (error) {
      if (done === 0) throw error;
    }
    return done;
  };

  const write = (fd: Descriptor, vectors: Vector[], offset: number | null): number =>
    send(vectors, (data, done) =>
      files.call('write', { handle: fd.handle, offset: offset === null ? null : whole(offset + done) }, data),
    );

  const print = (vectors: Vector[]): number => {
    const bytes = total(vectors);
    if (!consoleWanted) return bytes;
    return send(vectors, (data) => {
      if (consoleWanted) consoleWanted = files.call('console', {}, data).more;
    });
  };

  const vectors = (pointer: number, count: number): Vector[] => iovecs(memory, pointer, count);

  return {
    fd_advise: (fd) => {
      descriptors.file(fd, RIGHTS.FD_ADVISE);
    },
    fd_allocate: (fd, offset, length) => {
      const { handle } = descriptors.file(fd, RIGHTS.FD_ALLOCATE | RIGHTS.FD_WRITE);
      const size = whole(Number(offset) + Number(length));
      const { size: before } = files.call('attributes', { at: handle, path: null, follow: false });
      if (size > before) files.call('setSize', { handle, size });
    },
    fd_close: (fd) => {
      const { handle, preopened } = descriptors.get(fd);
      descriptors.remove(fd);
      // The root stays open at the other side: it is handle 0 of a service that outlives it.
      if (handle >= 0 && preopened === null) files.call('close', { handle });
    },
    fd_datasync: (fd) => {
      files.call('sync', { handle: descriptors.file(fd, RIGHTS.FD_DATASYNC).handle });
    },
    fd_sync: (fd) => {
      const { handle } = descriptors.get(fd, RIGHTS.FD_SYNC);
      if (handle >= 0) files.call('sync', { handle });
    },
    // fdstat: filetype:u8@0 flags:u16@2 rights_base:u64@8 rights_inheriting:u64@16
    fd_fdstat_get: (fd, result) => {
      const descriptor = descriptors.get(fd);
      memory.clear(result, SIZEOF.FDSTAT);
      memory.setU8(result, filetype(descriptor.kind));
      memory.setU16(result + 2, descriptor.flags);
      memory.setU64(result + 8, descriptor.rights);
      memory.setU64(result + 16, descriptor.inheriting);
    },
    fd_fdstat_set_flags: (fd, flags) => {
      if ((flags & ~FLAGS_KEPT) !== 0) throw new WasiError('INVAL');
      descriptors.get(fd, RIGHTS.FD_FDSTAT_SET_FLAGS).flags = flags;
    },
    fd_fdstat_set_rights: (fd, base, inheriting) => {
      const descriptor = descriptors.get(fd);
      if ((base & ~descriptor.rights) !== 0n || (inheriting & ~descriptor.inheriting) !== 0n) {
        throw new WasiError('NOTCAPABLE');
      }
      descriptor.rights = base;
      descriptor.inheriting = inheriting;
    },
    fd_filestat_get: (fd, result) => {
      const descriptor = descriptors.get(fd, RIGHTS.FD_FILESTAT_GET);
      writeFilestat(memory, result, facts(descriptor));
    },
    fd_filestat_set_size: (fd, size) => {
      const { handle } = descriptors.file(fd, RIGHTS.FD_FILESTAT_SET_SIZE | RIGHTS.FD_WRITE);
      files.call('setSize', { handle, size: whole(Number(size)) });
    },
    fd_filestat_set_times: (fd, accessed, modified, flags) => {
      const { handle } = descriptors.get(fd, RIGHTS.FD_FILESTAT_SET_TIMES);
      if (handle < 0) throw new WasiError('INVAL');
      files.call('setTimes', { at: handle, path: null, follow: false, ...times(accessed, modified, flags) });
    },
    fd_read: (fd, pointer, count, result) => {
      const list = vectors(pointer, count);
      if (descriptors.get(fd).kind === 'stdin') {
        memory.setU32(result, 0);
        return;
      }
      const descriptor = descriptors.file(fd, RIGHTS.FD_READ);
      memory.u32(result);
      const taken = read(descriptor, list, position(descriptor));
      descriptor.offset = position(descriptor) + taken;
      memory.setU32(result, taken);
    },
    fd_pread: (fd, pointer, count, offset, result) => {
      const descriptor = descriptors.file(fd, RIGHTS.FD_READ | RIGHTS.FD_SEEK);
      memory.setU32(result, read(descriptor, vectors(pointer, count), whole(Number(offset))));
    },
    fd_write: (fd, pointer, count, result) => {
      const list = vectors(pointer, count);
      memory.u32(result);
      if (descriptors.get(fd).kind === 'console') {
        descriptors.get(fd, RIGHTS.FD_WRITE);
        memory.setU32(result, print(list));
        return;
      }
      const descriptor = descriptors.file(fd, RIGHTS.FD_WRITE);
      if ((descriptor.flags & FDFLAGS.APPEND) !== 0) {
        const written = write(descriptor, list, null);
        descriptor.offset = null;
        memory.setU32(result, written);
      } else {
        const offset = position(descriptor);
        const written = write(descriptor, list, offset);
        descriptor.offset = offset + written;
        memory.setU32(result, written);
      }
    },
    fd_pwrite: (fd, pointer, count, offset, result) => {
      const descriptor = descriptors.file(fd, RIGHTS.FD_WRITE | RIGHTS.FD_SEEK);
      memory.u32(result);
      memory.setU32(result, write(descriptor, vectors(pointer, count), whole(Number(offset))));
    },
    fd_seek: (fd, offset, whence, result) => {
      const descriptor = descriptors.file(fd, RIGHTS.FD_SEEK);
      const moved = Number(BigInt.asIntN(64, offset));
      const base =
        whence === WHENCE.SET
          ? 0
          : whence === WHENCE.CUR
            ? position(descriptor)
            : (facts(descriptor)?.size ?? 0);
      if (whence > WHENCE.END) throw new WasiError('INVAL');
      memory.u64(result);
      descriptor.offset = whole(base + moved);
      memory.setU64(result, BigInt(descriptor.offset));
    },
    fd_tell: (fd, result) => {
      const descriptor = descriptors.file(fd, RIGHTS.FD_TELL);
      memory.setU64(result, BigInt(position(descriptor)));
    },
    // prestat: tag:u8@0 (0 = directory) name_length:u32@4
    fd_prestat_get: (fd, result) => {
      const { preopened } = descriptors.get(fd);
      if (preopened === null) throw new WasiError('BADF');
      memory.setU32(result, 0);
      memory.setU32(result + 4, preopened.length);
    },
    fd_prestat_dir_name: (fd, pointer, length) => {
      const { preopened } = descriptors.get(fd);
      if (preopened === null) throw new WasiError('BADF');
      if (length < preopened.length) throw new WasiError('NAMETOOLONG');
      memory.setText(pointer, length, preopened);
    },
    // dirent: next:u64@0 inode:u64@8 name_length:u32@16 type:u8@20, then the name; the last may be cut off
    fd_readdir: (fd, pointer, length, cookie, result) => {
      const { handle } = descriptors.directory(fd, RIGHTS.FD_READDIR);
      const room = memory.bytes(pointer, length);
      memory.u32(result);
      let filled = 0;
      let next = whole(Number(cookie));
      for (;;) {
        const entries = listing(handle, next);
        for (const { name, type, inode } of entries) {
          next += 1;
          const dirent = new Uint8Array(SIZEOF.DIRENT + name.length);
          const view = new DataView(dirent.buffer);
          view.setBigUint64(0, BigInt(next), true);
          view.setBigUint64(8, BigInt(inode), true);
          view.setUint32(16, name.length, true);
          view.setUint8(20, type);
          for (let i = 0; i < name.length; i++) dirent[SIZEOF.DIRENT + i] = name.charCodeAt(i);
          const fits = dirent.subarray(0, room.length - filled);
          room.set(fits, filled);
          filled += fits.length;
          if (filled === room.length) break;
        }
        if (entries.length === 0 || filled === room.length) break;
      }
      memory.setU32(result, filled);
    },
    fd_renumber: (from, to) => {
      descriptors.get(from);
      const { handle, preopened } = descriptors.get(to);
      if (from === to) return;
      descriptors.move(from, to);
      if (handle >= 0 && preopened === null) files.call('close', { handle });
    },
  };

  /** Entries from a cookie on: "." and ".." come first, as every POSIX directory has them. */
  function listing(handle: number, cookie: number): { name: string; type: number; inode: number }[] {
    if (cookie < 2) {
      // Asking from 0 lists the directory anew, which is what a program that rewinds expects.
      if (cookie === 0) files.call('list', { handle, skip: 0, limit: 0 });
      return ['.', '..'].slice(cookie).map((name) => ({ name, type: FILETYPE.DIRECTORY, inode: 0 }));
    }
    const skip = cookie - 2;
    const { entries } = files.call('list', { handle, skip, limit: LIST_LIMIT });
    return entries.map(({ name, kind, inode }) => ({ name, type: filetype(kind), inode }));
  }
}

interface Vector {
  readonly pointer: number;
  readonly length: number;
}

/** Checked, all of them, before the first is used. */
function iovecs(memory: GuestMemory, pointer: number, count: number): Vector[] {
  if (count > MAX_IOVECS) throw new WasiError('INVAL');
  return Array.from({ length: count }, (_, i) => {
    const vector = { pointer: memory.u32(pointer + 8 * i), length: memory.u32(pointer + 8 * i + 4) };
    memory.bytes(vector.pointer, vector.length);
    return vector;
  });
}

function total(vectors: Vector[]): number {
  const sum = vectors.reduce((bytes, { length }) => bytes + length, 0);
  if (sum >= 2 ** 32) throw new WasiError('INVAL');
  return sum;
}

/** A size or offset that numbers can hold. */
export function whole(value: number): number {
  if (value < 0) throw new WasiError('INVAL');
  if (!Number.isSafeInteger(value)) throw new WasiError('FBIG');
  return value;
}

export function filetype(kind: Descriptor['kind'] | FileFacts['kind']): number {
  if (kind === 'directory') return FILETYPE.DIRECTORY;
  if (kind === 'file') return FILETYPE.REGULAR_FILE;
  if (kind === 'symlink') return FILETYPE.SYMBOLIC_LINK;
  return FILETYPE.CHARACTER_DEVICE;
}

/** filestat: dev:u64@0 ino:u64@8 filetype:u8@16 nlink:u64@24 size:u64@32 atim, mtim, ctim:u64@40, 48, 56 (all 0) */
export function writeFilestat(memory: GuestMemory, result: number, facts: FileFacts | null): void {
  memory.clear(result, SIZEOF.FILESTAT);
  memory.setU64(result + 8, BigInt(facts?.inode ?? 0));
  memory.setU8(result + 16, facts ? filetype(facts.kind) : FILETYPE.CHARACTER_DEVICE);
  memory.setU64(result + 24, BigInt(facts?.links ?? 1));
  memory.setU64(result + 32, BigInt(facts?.size ?? 0));
}

export function times(
  accessed: bigint,
  modified: bigint,
  flags: number,
): { accessed: string | null; modified: string | null } {
  const both = (flag: number, now: number) => (flags & flag) !== 0 && (flags & now) !== 0;
  if (both(FSTFLAGS.ATIM, FSTFLAGS.ATIM_NOW) || both(FSTFLAGS.MTIM, FSTFLAGS.MTIM_NOW))
    throw new WasiError('INVAL');
  const one = (flag: number, now: number, value: bigint) =>
    (flags & now) !== 0 ? 'now' : (flags & flag) !== 0 ? value.toString() : null;
  return {
    accessed: one(FSTFLAGS.ATIM, FSTFLAGS.ATIM_NOW, accessed),
    modified: one(FSTFLAGS.MTIM, FSTFLAGS.MTIM_NOW, modified),
  };
}

/** What a newly opened file or directory may be used for. */
export function openedRights(kind: FileFacts['kind'], asked: bigint, allowed: bigint): bigint {
  return (kind === 'directory' ? ALL_RIGHTS : FILE_RIGHTS) & asked & allowed;
}
