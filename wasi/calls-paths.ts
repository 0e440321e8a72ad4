import {
  type CallName,
  type Calls,
  FDFLAGS,
  LOOKUP_SYMLINK_FOLLOW,
  OFLAGS,
  RIGHTS,
  WasiError,
} from './abi.ts';
import { openedRights, times, writeFilestat } from './calls-files.ts';
import type { Machine } from './machine.ts';
import type { Entry } from './messages.ts';

/** Calls on a path below an open directory. The path is walked, and confined, where the tree is (path.ts). */
export function pathCalls({
  memory,
  descriptors,
  files,
}: Machine): Calls<Extract<CallName, `path_${string}`>> {
  const entry = (fd: number, rights: bigint, pointer: number, length: number): Entry => ({
    at: descriptors.directory(fd, rights).handle,
    path: memory.text(pointer, pathLength(length)),
  });
  return {
    path_create_directory: (fd, path, length) => {
      files.call('makeDirectory', entry(fd, RIGHTS.PATH_CREATE_DIRECTORY, path, length));
    },
    path_filestat_get: (fd, flags, path, length, result) => {
      const place = { ...entry(fd, RIGHTS.PATH_FILESTAT_GET, path, length), follow: follows(flags) };
      writeFilestat(memory, result, files.call('attributes', place));
    },
    path_filestat_set_times: (fd, flags, path, length, accessed, modified, what) => {
      const place = { ...entry(fd, RIGHTS.PATH_FILESTAT_SET_TIMES, path, length), follow: follows(flags) };
      files.call('setTimes', { ...place, ...times(accessed, modified, what) });
    },
    path_link: (fromFd, flags, fromPath, fromLength, toFd, toPath, toLength) => {
      files.call('makeLink', {
        from: { ...entry(fromFd, RIGHTS.PATH_LINK_SOURCE, fromPath, fromLength), follow: follows(flags) },
        to: entry(toFd, RIGHTS.PATH_LINK_TARGET, toPath, toLength),
      });
    },
    path_open: (fd, lookup, path, length, how, base, inheriting, flags, result) => {
      const creates = (how & OFLAGS.CREAT) !== 0;
      const truncates = (how & OFLAGS.TRUNC) !== 0;
      const needed =
        RIGHTS.PATH_OPEN |
        (creates ? RIGHTS.PATH_CREATE_FILE : 0n) |
        (truncates ? RIGHTS.PATH_FILESTAT_SET_SIZE : 0n);
      const at = entry(fd, needed, path, length);
      const directory = descriptors.directory(fd, needed);
      const asked = base & directory.inheriting;
      memory.u32(result);
      if (descriptors.full) throw new WasiError('MFILE');
      const { handle, kind } = files.call('open', {
        ...at,
        follow: follows(lookup),
        create: creates,
        directory: (how & OFLAGS.DIRECTORY) !== 0,
        exclusive: (how & OFLAGS.EXCL) !== 0,
        truncate: truncates,
        read: (asked & RIGHTS.FD_READ) !== 0n,
        write: (asked & (RIGHTS.FD_WRITE | RIGHTS.FD_ALLOCATE)) !== 0n,
        append: (flags & FDFLAGS.APPEND) !== 0,
      });
      const opened = descriptors.add({
        kind: kind === 'directory' ? 'directory' : 'file',
        handle,
        preopened: null,
        rights: openedRights(kind, base, directory.inheriting),
        inheriting: inheriting & directory.inheriting,
        flags: flags & 0x1f,
        offset: 0,
      });
      memory.setU32(result, opened);
    },
    path_readlink: (fd, path, length, buffer, room, result) => {
      memory.u32(result);
      memory.bytes(buffer, room);
      const { target } = files.call('readLink', entry(fd, RIGHTS.PATH_READLINK, path, length));
      memory.setU32(result, memory.setText(buffer, room, target));
    },
    path_remove_directory: (fd, path, length) => {
      files.call('unlink', { ...entry(fd, RIGHTS.PATH_REMOVE_DIRECTORY, path, length), directory: true });
    },
    path_rename: (fromFd, fromPath, fromLength, toFd, toPath, toLength) => {
      files.call('rename', {
        from: entry(fromFd, RIGHTS.PATH_RENAME_SOURCE, fromPath, fromLength),
        to: entry(toFd, RIGHTS.PATH_RENAME_TARGET, toPath, toLength),
      });
    },
    path_symlink: (target, targetLength, fd, path, length) => {
      files.call('makeSymlink', {
        ...entry(fd, RIGHTS.PATH_SYMLINK, path, length),
        target: memory.text(target, pathLength(targetLength)),
      });
    },
    path_unlink_file: (fd, path, length) => {
      files.call('unlink', { ...entry(fd, RIGHTS.PATH_UNLINK_FILE, path, length), directory: false });
    },
  };
}

const MAX_PATH_BYTES = 4096;

function pathLength(length: number): number {
  if (length > MAX_PATH_BYTES) throw new WasiError('NAMETOOLONG');
  return length;
}

function follows(flags: number): boolean {
  return (flags & LOOKUP_SYMLINK_FOLLOW) !== 0;
}
