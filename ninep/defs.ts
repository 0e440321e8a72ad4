/** Constants of 9P2000.L, by the names of its description (diod's protocol.md) and Linux's include/net/9p/9p.h. */

export const VERSION_L = '9P2000.L';
export const VERSION_UNKNOWN = 'unknown';

export const NOTAG = 0xffff;
export const NOFID = 0xffffffff;
/** Most names in one Twalk. */
export const MAXWELEM = 16;

/** size[4] type[1] tag[2] */
export const HEADER_BYTES = 7;
/** What Rread and Rreaddir add before their data: the header and count[4]. */
export const READ_OVERHEAD = HEADER_BYTES + 4;
/** The smallest msize that holds every message but data, with names of 255 bytes (Linux asks the same). */
export const MSIZE_MIN = 4096;

export const QTDIR = 0x80;
export const QTSYMLINK = 0x02;
export const QTFILE = 0x00;

/** Tlopen and Tlcreate flags (P9_DOTL_*, Linux's generic values). */
export const L_O_ACCMODE = 0o3;
export const L_O_WRONLY = 0o1;
export const L_O_RDWR = 0o2;
export const L_O_EXCL = 0o200;
export const L_O_TRUNC = 0o1000;
export const L_O_APPEND = 0o2000;
export const L_O_DIRECTORY = 0o200000;

/** Tunlinkat flag. */
export const L_AT_REMOVEDIR = 0x200;

/** Rgetattr valid: everything up to ctime is filled. */
export const GETATTR_BASIC = 0x7ffn;

/** Tsetattr valid bits. */
export const SETATTR_MODE = 0x1;
export const SETATTR_UID = 0x2;
export const SETATTR_GID = 0x4;
export const SETATTR_SIZE = 0x8;
export const SETATTR_ATIME = 0x10;
export const SETATTR_MTIME = 0x20;
export const SETATTR_ATIME_SET = 0x80;
export const SETATTR_MTIME_SET = 0x100;

/** Tlock and Tgetlock types. */
export const LOCK_RDLCK = 0;
export const LOCK_WRLCK = 1;
export const LOCK_UNLCK = 2;

/** Rlock status. */
export const LOCK_SUCCESS = 0;
export const LOCK_BLOCKED = 1;
export const LOCK_ERROR = 2;

/** Rreaddir entry types (dirent.h). */
export const DT_DIR = 4;
export const DT_REG = 8;
export const DT_LNK = 10;

/** Rstatfs type: V9FS_MAGIC. */
export const STATFS_TYPE = 0x01021997;
