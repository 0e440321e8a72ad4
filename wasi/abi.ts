import type { ErrnoName } from '../ninep/tree.ts';

/**
 * WASI preview 1 as numbers: names and values are those of the specification
 * (WebAssembly/WASI, legacy/preview1/witx/{typenames,wasi_snapshot_preview1}.witx).
 */
export const WASI_MODULE = 'wasi_snapshot_preview1';

/** The error numbers this host answers with. */
export const WASI_ERRNO = {
  SUCCESS: 0,
  '2BIG': 1,
  ACCES: 2,
  AGAIN: 6,
  BADF: 8,
  DQUOT: 19,
  EXIST: 20,
  FAULT: 21,
  FBIG: 22,
  INTR: 27,
  INVAL: 28,
  IO: 29,
  ISDIR: 31,
  LOOP: 32,
  MFILE: 33,
  MLINK: 34,
  NAMETOOLONG: 37,
  NOENT: 44,
  NOMEM: 48,
  NOSPC: 51,
  NOSYS: 52,
  NOTDIR: 54,
  NOTEMPTY: 55,
  NOTSOCK: 57,
  NOTSUP: 58,
  PERM: 63,
  PROTO: 65,
  RANGE: 68,
  ROFS: 69,
  SPIPE: 70,
  STALE: 72,
  XDEV: 75,
  NOTCAPABLE: 76,
} as const;
export type WasiErrnoName = keyof typeof WASI_ERRNO;

/** A tree's errors as a program built for WASI knows them. */
export const WASI_ERRNO_OF: Readonly<Record<ErrnoName, WasiErrnoName>> = {
  EPERM: 'PERM',
  ENOENT: 'NOENT',
  EINTR: 'INTR',
  EIO: 'IO',
  EBADF: 'BADF',
  EAGAIN: 'AGAIN',
  ENOMEM: 'NOMEM',
  EACCES: 'ACCES',
  EEXIST: 'EXIST',
  EXDEV: 'XDEV',
  ENOTDIR: 'NOTDIR',
  EISDIR: 'ISDIR',
  EINVAL: 'INVAL',
  EMFILE: 'MFILE',
  EFBIG: 'FBIG',
  ENOSPC: 'NOSPC',
  EROFS: 'ROFS',
  EMLINK: 'MLINK',
  ERANGE: 'RANGE',
  ENAMETOOLONG: 'NAMETOOLONG',
  ENOSYS: 'NOSYS',
  ENOTEMPTY: 'NOTEMPTY',
  ELOOP: 'LOOP',
  ENODATA: 'NOTSUP',
  EPROTO: 'PROTO',
  EOPNOTSUPP: 'NOTSUP',
  ESTALE: 'STALE',
  EDQUOT: 'DQUOT',
};

/** A host call's answer other than success. */
export class WasiError extends Error {
  override readonly name = 'WasiError';
  readonly errno: WasiErrnoName;
  constructor(errno: WasiErrnoName) {
    super(errno);
    this.errno = errno;
  }
}

export const FILETYPE = {
  UNKNOWN: 0,
  CHARACTER_DEVICE: 2,
  DIRECTORY: 3,
  REGULAR_FILE: 4,
  SYMBOLIC_LINK: 7,
} as const;
export const OFLAGS = { CREAT: 1, DIRECTORY: 2, EXCL: 4, TRUNC: 8 } as const;
export const FDFLAGS = { APPEND: 1, DSYNC: 2, NONBLOCK: 4, RSYNC: 8, SYNC: 16 } as const;
export const FSTFLAGS = { ATIM: 1, ATIM_NOW: 2, MTIM: 4, MTIM_NOW: 8 } as const;
export const LOOKUP_SYMLINK_FOLLOW = 1;
export const WHENCE = { SET: 0, CUR: 1, END: 2 } as const;
export const EVENTTYPE = { CLOCK: 0, FD_READ: 1, FD_WRITE: 2 } as const;
export const SUBCLOCK_ABSTIME = 1;
/** Realtime, monotonic, and the two processor-time clocks. */
export const CLOCKS = 4;

const bit = (n: number) => 1n << BigInt(n);
export const RIGHTS = {
  FD_DATASYNC: bit(0),
  FD_READ: bit(1),
  FD_SEEK: bit(2),
  FD_FDSTAT_SET_FLAGS: bit(3),
  FD_SYNC: bit(4),
  FD_TELL: bit(5),
  FD_WRITE: bit(6),
  FD_ADVISE: bit(7),
  FD_ALLOCATE: bit(8),
  PATH_CREATE_DIRECTORY: bit(9),
  PATH_CREATE_FILE: bit(10),
  PATH_LINK_SOURCE: bit(11),
  PATH_LINK_TARGET: bit(12),
  PATH_OPEN: bit(13),
  FD_READDIR: bit(14),
  PATH_READLINK: bit(15),
  PATH_RENAME_SOURCE: bit(16),
  PATH_RENAME_TARGET: bit(17),
  PATH_FILESTAT_GET: bit(18),
  PATH_FILESTAT_SET_SIZE: bit(19),
  PATH_FILESTAT_SET_TIMES: bit(20),
  FD_FILESTAT_GET: bit(21),
  FD_FILESTAT_SET_SIZE: bit(22),
  FD_FILESTAT_SET_TIMES: bit(23),
  PATH_SYMLINK: bit(24),
  PATH_REMOVE_DIRECTORY: bit(25),
  PATH_UNLINK_FILE: bit(26),
  POLL_FD_READWRITE: bit(27),
} as const;
export const ALL_RIGHTS = bit(28) - 1n;
/** What a directory is opened for; a file has the rest. */
export const FILE_RIGHTS =
  RIGHTS.FD_DATASYNC |
  RIGHTS.FD_READ |
  RIGHTS.FD_SEEK |
  RIGHTS.FD_FDSTAT_SET_FLAGS |
  RIGHTS.FD_SYNC |
  RIGHTS.FD_TELL |
  RIGHTS.FD_WRITE |
  RIGHTS.FD_ADVISE |
  RIGHTS.FD_ALLOCATE |
  RIGHTS.FD_FILESTAT_GET |
  RIGHTS.FD_FILESTAT_SET_SIZE |
  RIGHTS.FD_FILESTAT_SET_TIMES |
  RIGHTS.POLL_FD_READWRITE;
export const CONSOLE_RIGHTS =
  RIGHTS.FD_WRITE | RIGHTS.FD_FDSTAT_SET_FLAGS | RIGHTS.FD_FILESTAT_GET | RIGHTS.POLL_FD_READWRITE;
export const STDIN_RIGHTS =
  RIGHTS.FD_READ | RIGHTS.FD_FDSTAT_SET_FLAGS | RIGHTS.FD_FILESTAT_GET | RIGHTS.POLL_FD_READWRITE;

/** Sizes in bytes of the structures in the program's memory; members stand where they are read or written. */
export const SIZEOF = {
  IOVEC: 8,
  PRESTAT: 8,
  FDSTAT: 24,
  FILESTAT: 64,
  DIRENT: 24,
  SUBSCRIPTION: 48,
  EVENT: 32,
} as const;

/** i: u32 or pointer; I: u64; the letters are the call's parameters in order. All return errno but the first two. */
export const CALLS = {
  proc_exit: 'i',
  proc_raise: 'i',
  args_get: 'ii',
  args_sizes_get: 'ii',
  environ_get: 'ii',
  environ_sizes_get: 'ii',
  clock_res_get: 'ii',
  clock_time_get: 'iIi',
  random_get: 'ii',
  sched_yield: '',
  poll_oneoff: 'iiii',
  fd_advise: 'iIIi',
  fd_allocate: 'iII',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'iII',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'iI',
  fd_filestat_set_times: 'iIIi',
  fd_pread: 'iiiIi',
  fd_prestat_get: 'ii',
  fd_prestat_dir_name: 'iii',
  fd_pwrite: 'iiiIi',
  fd_read: 'iiii',
  fd_readdir: 'iiiIi',
  fd_renumber: 'ii',
  fd_seek: 'iIii',
  fd_sync: 'i',
  fd_tell: 'ii',
  fd_write: 'iiii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiiIIi',
  path_link: 'iiiiiii',
  path_open: 'iiiiiIIii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  sock_accept: 'iii',
  sock_recv: 'iiiiii',
  sock_send: 'iiiii',
  sock_shutdown: 'ii',
} as const;
export type CallName = keyof typeof CALLS;

/** ['i','I'] of 'iI' as what an implementation is given: numbers 0..2^32-1 and bigints 0..2^64-1. */
export type CallArguments<Letters extends string> = Letters extends `${infer First}${infer Rest}`
  ? [First extends 'I' ? bigint : number, ...CallArguments<Rest>]
  : [];

/** Implementations of some calls; success when they return, else they throw WasiError. */
export type Calls<Names extends CallName> = {
  [Name in Names]: (...args: CallArguments<(typeof CALLS)[Name]>) => void;
};
