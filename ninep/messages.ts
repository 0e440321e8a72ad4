/**
 * The message table of 9P2000.L: it drives decoding, encoding and the types. Above each entry stands its wire
 * form: name[n] is n bytes, little-endian; name[s] is len[2] followed by that many bytes; qid[13] is
 * type[1] version[4] path[8]; data[count] follows count[4]. Every message begins size[4] type[1] tag[2], where
 * size counts itself.
 *
 * Source: protocol.md of diod, and Linux's net/9p/client.c for what the client really sends.
 */
export interface Qid {
  readonly type: number;
  readonly version: number;
  readonly path: bigint;
}

export interface FieldTypes {
  u8: number;
  u16: number;
  u32: number;
  u64: bigint;
  /** Byte string: one character a byte. */
  string: string;
  qid: Qid;
  /** count[4] and bytes; always the last field. Decoded it is a view of the message. */
  data: Uint8Array;
  /** n[2] n*(name[s]) */
  strings: readonly string[];
  /** n[2] n*(qid[13]) */
  qids: readonly Qid[];
}

export type FieldKind = keyof FieldTypes;

export const MESSAGES = {
  /** Rlerror ecode[4] */
  Rlerror: { type: 7, fields: { ecode: 'u32' } },

  /** Tstatfs fid[4] */
  Tstatfs: { type: 8, fields: { fid: 'u32' } },
  /** Rstatfs type[4] bsize[4] blocks[8] bfree[8] bavail[8] files[8] ffree[8] fsid[8] namelen[4] */
  Rstatfs: {
    type: 9,
    fields: {
      type: 'u32',
      bsize: 'u32',
      blocks: 'u64',
      bfree: 'u64',
      bavail: 'u64',
      files: 'u64',
      ffree: 'u64',
      fsid: 'u64',
      namelen: 'u32',
    },
  },

  /** Tlopen fid[4] flags[4] */
  Tlopen: { type: 12, fields: { fid: 'u32', flags: 'u32' } },
  /** Rlopen qid[13] iounit[4] */
  Rlopen: { type: 13, fields: { qid: 'qid', iounit: 'u32' } },

  /** Tlcreate fid[4] name[s] flags[4] mode[4] gid[4] */
  Tlcreate: { type: 14, fields: { fid: 'u32', entry: 'string', flags: 'u32', mode: 'u32', gid: 'u32' } },
  /** Rlcreate qid[13] iounit[4] */
  Rlcreate: { type: 15, fields: { qid: 'qid', iounit: 'u32' } },

  /** Tsymlink fid[4] name[s] symtgt[s] gid[4] */
  Tsymlink: { type: 16, fields: { fid: 'u32', entry: 'string', symtgt: 'string', gid: 'u32' } },
  /** Rsymlink qid[13] */
  Rsymlink: { type: 17, fields: { qid: 'qid' } },

  /** Tmknod dfid[4] name[s] mode[4] major[4] minor[4] gid[4] */
  Tmknod: {
    type: 18,
    fields: { dfid: 'u32', entry: 'string', mode: 'u32', major: 'u32', minor: 'u32', gid: 'u32' },
  },
  /** Rmknod qid[13] */
  Rmknod: { type: 19, fields: { qid: 'qid' } },

  /** Trename fid[4] dfid[4] name[s] */
  Trename: { type: 20, fields: { fid: 'u32', dfid: 'u32', entry: 'string' } },
  /** Rrename */
  Rrename: { type: 21, fields: {} },

  /** Treadlink fid[4] */
  Treadlink: { type: 22, fields: { fid: 'u32' } },
  /** Rreadlink target[s] */
  Rreadlink: { type: 23, fields: { target: 'string' } },

  /** Tgetattr fid[4] request_mask[8] */
  Tgetattr: { type: 24, fields: { fid: 'u32', requestMask: 'u64' } },
  /**
   * Rgetattr valid[8] qid[13] mode[4] uid[4] gid[4] nlink[8] rdev[8] size[8] blksize[8] blocks[8]
   *          atime_sec[8] atime_nsec[8] mtime_sec[8] mtime_nsec[8] ctime_sec[8] ctime_nsec[8]
   *          btime_sec[8] btime_nsec[8] gen[8] data_version[8]
   */
  Rgetattr: {
    type: 25,
    fields: {
      valid: 'u64',
      qid: 'qid',
      mode: 'u32',
      uid: 'u32',
      gid: 'u32',
      nlink: 'u64',
      rdev: 'u64',
      size: 'u64',
      blksize: 'u64',
      blocks: 'u64',
      atimeSec: 'u64',
      atimeNsec: 'u64',
      mtimeSec: 'u64',
      mtimeNsec: 'u64',
      ctimeSec: 'u64',
      ctimeNsec: 'u64',
      btimeSec: 'u64',
      btimeNsec: 'u64',
      gen: 'u64',
      dataVersion: 'u64',
    },
  },

  /** Tsetattr fid[4] valid[4] mode[4] uid[4] gid[4] size[8] atime_sec[8] atime_nsec[8] mtime_sec[8] mtime_nsec[8] */
  Tsetattr: {
    type: 26,
    fields: {
      fid: 'u32',
      valid: 'u32',
      mode: 'u32',
      uid: 'u32',
      gid: 'u32',
      size: 'u64',
      atimeSec: 'u64',
      atimeNsec: 'u64',
      mtimeSec: 'u64',
      mtimeNsec: 'u64',
    },
  },
  /** Rsetattr */
  Rsetattr: { type: 27, fields: {} },

  /** Txattrwalk fid[4] newfid[4] name[s] */
  Txattrwalk: { type: 30, fields: { fid: 'u32', newfid: 'u32', entry: 'string' } },
  /** Rxattrwalk size[8] */
  Rxattrwalk: { type: 31, fields: { size: 'u64' } },

  /** Txattrcreate fid[4] name[s] attr_size[8] flags[4] */
  Txattrcreate: { type: 32, fields: { fid: 'u32', entry: 'string', attrSize: 'u64', flags: 'u32' } },
  /** Rxattrcreate */
  Rxattrcreate: { type: 33, fields: {} },

  /** Treaddir fid[4] offset[8] count[4] */
  Treaddir: { type: 40, fields: { fid: 'u32', offset: 'u64', count: 'u32' } },
  /** Rreaddir count[4] data[count], where data is n*(qid[13] offset[8] type[1] name[s]) */
  Rreaddir: { type: 41, fields: { data: 'data' } },

  /** Tfsync fid[4] datasync[4] */
  Tfsync: { type: 50, fields: { fid: 'u32', datasync: 'u32' } },
  /** Rfsync */
  Rfsync: { type: 51, fields: {} },

  /** Tlock fid[4] type[1] flags[4] start[8] length[8] proc_id[4] client_id[s] */
  Tlock: {
    type: 52,
    fields: {
      fid: 'u32',
      type: 'u8',
      flags: 'u32',
      start: 'u64',
      length: 'u64',
      procId: 'u32',
      clientId: 'string',
    },
  },
  /** Rlock status[1] */
  Rlock: { type: 53, fields: { status: 'u8' } },

  /** Tgetlock fid[4] type[1] start[8] length[8] proc_id[4] client_id[s] */
  Tgetlock: {
    type: 54,
    fields: { fid: 'u32', type: 'u8', start: 'u64', length: 'u64', procId: 'u32', clientId: 'string' },
  },
  /** Rgetlock type[1] start[8] length[8] proc_id[4] client_id[s] */
  Rgetlock: {
    type: 55,
    fields: { type: 'u8', start: 'u64', length: 'u64', procId: 'u32', clientId: 'string' },
  },

  /** Tlink dfid[4] fid[4] name[s] */
  Tlink: { type: 70, fields: { dfid: 'u32', fid: 'u32', entry: 'string' } },
  /** Rlink */
  Rlink: { type: 71, fields: {} },

  /** Tmkdir dfid[4] name[s] mode[4] gid[4] */
  Tmkdir: { type: 72, fields: { dfid: 'u32', entry: 'string', mode: 'u32', gid: 'u32' } },
  /** Rmkdir qid[13] */
  Rmkdir: { type: 73, fields: { qid: 'qid' } },

  /** Trenameat olddirfid[4] oldname[s] newdirfid[4] newname[s] */
  Trenameat: {
    type: 74,
    fields: { olddirfid: 'u32', oldname: 'string', newdirfid: 'u32', newname: 'string' },
  },
  /** Rrenameat */
  Rrenameat: { type: 75, fields: {} },

  /** Tunlinkat dirfd[4] name[s] flags[4] */
  Tunlinkat: { type: 76, fields: { dirfd: 'u32', entry: 'string', flags: 'u32' } },
  /** Runlinkat */
  Runlinkat: { type: 77, fields: {} },

  /** Tversion msize[4] version[s] */
  Tversion: { type: 100, fields: { msize: 'u32', version: 'string' } },
  /** Rversion msize[4] version[s] */
  Rversion: { type: 101, fields: { msize: 'u32', version: 'string' } },

  /** Tauth afid[4] uname[s] aname[s] n_uname[4] */
  Tauth: { type: 102, fields: { afid: 'u32', uname: 'string', aname: 'string', nUname: 'u32' } },
  /** Rauth aqid[13] */
  Rauth: { type: 103, fields: { aqid: 'qid' } },

  /** Tattach fid[4] afid[4] uname[s] aname[s] n_uname[4] */
  Tattach: {
    type: 104,
    fields: { fid: 'u32', afid: 'u32', uname: 'string', aname: 'string', nUname: 'u32' },
  },
  /** Rattach qid[13] */
  Rattach: { type: 105, fields: { qid: 'qid' } },

  /** Tflush oldtag[2] */
  Tflush: { type: 108, fields: { oldtag: 'u16' } },
  /** Rflush */
  Rflush: { type: 109, fields: {} },

  /** Twalk fid[4] newfid[4] nwname[2] nwname*(wname[s]) */
  Twalk: { type: 110, fields: { fid: 'u32', newfid: 'u32', wnames: 'strings' } },
  /** Rwalk nwqid[2] nwqid*(wqid[13]) */
  Rwalk: { type: 111, fields: { wqids: 'qids' } },

  /** Tread fid[4] offset[8] count[4] */
  Tread: { type: 116, fields: { fid: 'u32', offset: 'u64', count: 'u32' } },
  /** Rread count[4] data[count] */
  Rread: { type: 117, fields: { data: 'data' } },

  /** Twrite fid[4] offset[8] count[4] data[count] */
  Twrite: { type: 118, fields: { fid: 'u32', offset: 'u64', data: 'data' } },
  /** Rwrite count[4] */
  Rwrite: { type: 119, fields: { count: 'u32' } },

  /** Tclunk fid[4] */
  Tclunk: { type: 120, fields: { fid: 'u32' } },
  /** Rclunk */
  Rclunk: { type: 121, fields: {} },

  /** Tremove fid[4] */
  Tremove: { type: 122, fields: { fid: 'u32' } },
  /** Rremove */
  Rremove: { type: 123, fields: {} },
} as const satisfies Record<string, { type: number; fields: MessageFields }>;

/** None is called `name`, which is the message's own: a wire's name[s] is `entry` here. */
type MessageFields = Readonly<Record<string, FieldKind>> & { readonly name?: never };

type Table = typeof MESSAGES;
export type MessageName = keyof Table;

/** The fields of one message, for example Fields<'Tread'> = { fid: number; offset: bigint; count: number }. */
export type Fields<N extends MessageName> = {
  readonly [F in keyof Table[N]['fields']]: Table[N]['fields'][F] extends FieldKind
    ? FieldTypes[Table[N]['fields'][F]]
    : never;
};

export type MessageOf<N extends MessageName> = N extends MessageName
  ? { readonly name: N } & Fields<N>
  : never;
export type Message = MessageOf<MessageName>;

export type RequestName = Extract<MessageName, `T${string}`>;
export type Request = MessageOf<RequestName>;
export type ReplyName = Exclude<MessageName, RequestName>;
export type Reply = MessageOf<ReplyName>;
