import { Budget } from './budget.ts';
import { CodecError, decode, decodeTag, encode, UnknownMessageError } from './codec.ts';
import { MSIZE_MIN, VERSION_L, VERSION_UNKNOWN } from './defs.ts';
import { FidTable } from './fids.ts';
import { type LockTable, locksOf } from './locks.ts';
import type { Message, MessageOf, Reply, Request } from './messages.ts';
import { descend, Place } from './places.ts';
import { answer, type Call, type Context, type FileRequest } from './requests.ts';
import type { SavedSession } from './saved-session.ts';
import { ERRNO, type NodeKind, type Tree, TreeError } from './tree.ts';

export interface Limits {
  /** Largest message either side may send, bytes. Linux takes up to 1 MiB over TCP. */
  readonly msize: number;
  readonly fids: number;
  readonly openFiles: number;
  /** Requests without a reply. */
  readonly outstanding: number;
  /** Bytes of replies being made and not taken by the peer: beyond, reads wait, and then all requests do. */
  readonly replyBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  msize: 1024 * 1024,
  fids: 131072,
  openFiles: 1024,
  outstanding: 1024,
  replyBytes: 16 * 1024 * 1024,
};

export interface SessionOptions {
  readonly tree: Tree;
  readonly limits: Limits;
  /** Takes a message in one or two pieces. */
  readonly send: (pieces: readonly Uint8Array[]) => void;
  /** Bytes given to send() that are still in this process; call session.budget.wake() when there are fewer. */
  readonly unsent: () => number;
  /** The peer breaks the protocol so that the stream cannot be trusted any more: end it. */
  readonly onBroken: (error: CodecError) => void;
  /** A tree threw what is no TreeError: a defect, answered as EIO. */
  readonly onDefect: (error: unknown, request: string) => void;
}

/** A request without a reply. */
class Outstanding implements Call {
  readonly frame: Uint8Array;
  readonly request: Request;
  done: Promise<void> = Promise.resolve();
  /** The client has given it up: it is not to be asked again. */
  isFlushed = false;
  /** Made when someone wants to know: most requests do not wait for anything. */
  #abort: AbortController | null = null;
  readonly #budget: Budget;
  #reserved = 0;

  constructor(frame: Uint8Array, request: Request, budget: Budget) {
    this.frame = frame;
    this.request = request;
    this.#budget = budget;
  }

  async room(bytes: number): Promise<void> {
    await this.#budget.take(bytes, this);
    this.#reserved += bytes;
  }

  /** The reply is sent, or there is none. */
  settle(): void {
    if (this.#reserved > 0) this.#budget.give(this.#reserved);
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  abort(): void {
    this.#abort ??= new AbortController();
    this.#abort.abort();
  }
}

/**
 * One conversation: what was agreed, the fids, the requests under way.
 *
 *     open      requests run, each by itself; replies go out as they come
 *     gated     Tversion or a resume is at work: requests queue up behind it
 *     frozen    after freeze(): nothing runs and nothing is sent; what arrives queues up. save() tells all a
 *               successor needs; thaw() goes on
 *     closed    after close(): everything is let go, nothing is sent any more
 *
 * Malformed messages are answered with Rlerror; nothing a peer sends makes a method throw.
 */
export class Session implements Context {
  readonly tree: Tree;
  readonly fids: FidTable;
  readonly locks: LockTable;
  readonly budget: Budget;
  readonly self: object = this;
  msize = 0;
  readonly #options: SessionOptions;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #queue: Uint8Array[] = [];
  #state: 'open' | 'gated' | 'frozen' | 'closed' = 'open';
  #root: Promise<Place> | null = null;
  #gate: Promise<void> = Promise.resolve();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.tree = options.tree;
    this.fids = new FidTable(options.limits.fids, options.limits.openFiles);
    this.budget = new Budget(options.limits.replyBytes, options.unsent);
    this.locks = locksOf(options.tree);
  }

  get outstanding(): number {
    return this.#outstanding.size;
  }

  root = (): Promise<Place> => {
    this.#root ??= this.tree.root().then(
      (node) => new Place(node, null, '').hold(),
      (error: unknown) => {
        this.#root = null;
        throw error;
      },
    );
    return this.#root;
  };

  interrupt = (fid: number): void => {
    for (const outstanding of this.#outstanding.values()) {
      if (waits(outstanding.request) && outstanding.request.fid === fid) outstanding.abort();
    }
  };

  /** Takes one whole message (at least its header). */
  receive(frame: Uint8Array): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'open') this.#dispatch(frame);
    else if (this.#queue.length < this.#options.limits.outstanding) this.#queue.push(frame);
    else this.#options.onBroken(new CodecError('too many requests while none can run'));
  }

  /** Takes up a saved session; call it before anything else. What the tree has no more is stale to the client. */
  resume(saved: SavedSession): Promise<void> {
    return this.#behindGate(() => this.#restore(saved));
  }

  async #restore(saved: SavedSession): Promise<void> {
    this.msize = Math.min(saved.msize, this.#options.limits.msize);
    for (const { fid, path, kind, open } of saved.fids) {
      try {
        await this.#restoreFid(fid, path ?? stale(), kind, open);
      } catch (error) {
        if (!(error instanceof TreeError)) throw error;
        await this.fids.lose(fid);
      }
    }
    for (const { fid, start, end, exclusive, procId, clientId } of saved.locks) {
      const known = this.fids.find(fid);
      const range = { start: BigInt(start), end: BigInt(end) };
      if (known) this.locks.set(known.place.node.id, { session: this, procId, clientId }, range, exclusive);
    }
    this.#queue.unshift(...saved.pending.map((frame) => Buffer.from(frame, 'base64')));
  }

  async #restoreFid(
    number: number,
    path: readonly string[],
    kind: NodeKind,
    open: SavedSession['fids'][number]['open'],
  ): Promise<void> {
    const place = await descend(await this.root(), path);
    try {
      if (place.node.kind !== kind) stale();
      const fid = await this.fids.put(number, place);
      if (!open) return;
      const how = { ...open, truncate: false, exclusive: false };
      await fid.open(how, async () => ({ file: await place.node.open(how) }));
    } finally {
      place.release();
    }
  }

  /**
   * Ends what runs: replies go out for all but reads and writes that wait for something, and those are kept to
   * be asked again. Resolves when nothing runs any more.
   */
  async freeze(): Promise<void> {
    await this.#gate;
    if (this.#state === 'closed') return;
    this.#state = 'frozen';
    // Tversion and Tflush wait for others; abort what they may wait for, then see all of them off.
    for (const outstanding of this.#outstanding.values()) {
      const { request } = outstanding;
      if (waits(request) && this.fids.find(request.fid)?.place.node.volatile) outstanding.abort();
    }
    while (this.#outstanding.size > 0)
      await Promise.all([...this.#outstanding.values()].map(({ done }) => done));
  }

  /** After freeze(). @param partial bytes of a message still incomplete */
  save(partial: Uint8Array): SavedSession {
    if (this.#state !== 'frozen') throw new Error('a session is saved after freeze()');
    const fids = [...this.fids].map(({ number, place, how }) => ({
      fid: number,
      path: place.path(),
      kind: place.node.kind,
      open: how && { read: how.read, write: how.write, append: how.append },
    }));
    const lost = [...this.fids.lost].map((fid) => ({ fid, path: null, kind: 'file' as const, open: null }));
    const locks = this.locks.ofSession(this).flatMap(({ file, lock }) => {
      const fid = [...this.fids].find((one) => one.place.node.id === file);
      const { exclusive, owner, start, end } = lock;
      if (!fid) return [];
      const { procId, clientId } = owner;
      return [{ fid: fid.number, start: `${start}`, end: `${end}`, exclusive, procId, clientId }];
    });
    const base64 = (bytes: Uint8Array) =>
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    const pending = this.#queue.map(base64);
    return {
      version: 1,
      msize: this.msize,
      fids: [...fids, ...lost],
      locks,
      pending,
      partial: base64(partial),
    };
  }

  thaw(): void {
    if (this.#state === 'frozen') this.#reopen();
  }

  /** Lets everything go. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#queue.length = 0;
    await this.#endAll();
  }

  /** Sees off what runs, unanswered, and lets go of what it worked on. */
  async #endAll(): Promise<void> {
    const running = [...this.#outstanding.values()];
    this.#outstanding.clear();
    for (const outstanding of running) outstanding.abort();
    await Promise.all(running.map(({ done }) => done));
    this.locks.releaseAll(this);
    this.#root = null;
    try {
      await this.fids.clunkAll();
    } catch (error) {
      this.#options.onDefect(error, 'closing files');
    }
  }

  /** Requests that arrive meanwhile run afterwards. */
  async #behindGate(work: () => Promise<void>): Promise<void> {
    this.#state = 'gated';
    const done = work();
    // For freeze(), which only waits; the error is the caller's.
    this.#gate = done.catch(() => {});
    await done;
    if (this.#state === 'gated') this.#reopen();
  }

  #reopen(): void {
    this.#state = 'open';
    while (this.#state === 'open') {
      const frame = this.#queue.shift();
      if (!frame) return;
      this.#dispatch(frame);
    }
  }

  #dispatch(frame: Uint8Array): void {
    const tag = decodeTag(frame);
    if (this.#outstanding.has(tag)) {
      this.#options.onBroken(new CodecError(`tag ${tag} is in use`));
      return;
    }
    const message = this.#decode(frame, tag);
    if (!message) return;
    if (!isRequest(message)) this.#sendError(tag, 'EOPNOTSUPP');
    else if (message.name === 'Tversion') void this.#version(tag, message);
    else if (this.msize === 0) this.#sendError(tag, 'EPROTO');
    // A flush is let through: it is what frees the others.
    else if (this.#outstanding.size >= this.#options.limits.outstanding && message.name !== 'Tflush') {
      this.#sendError(tag, 'EAGAIN');
    } else this.#start(frame, tag, message);
  }

  #decode(frame: Uint8Array, tag: number): Message | null {
    try {
      return decode(frame).message;
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.#sendError(tag, error instanceof UnknownMessageError ? 'EOPNOTSUPP' : 'EPROTO');
      return null;
    }
  }

  #start(frame: Uint8Array, tag: number, request: Request): void {
    const outstanding = new Outstanding(frame, request, this.budget);
    this.#outstanding.set(tag, outstanding);
    outstanding.done = this.#run(tag, outstanding);
  }

  async #run(tag: number, outstanding: Outstanding): Promise<void> {
    const { request } = outstanding;
    let reply: Reply | null;
    try {
      if (request.name === 'Tflush') reply = await this.#flush(tag, request);
      else reply = await answer(this, request as FileRequest, outstanding);
    } catch (error) {
      if (this.#isToBeAskedAgain(tag, outstanding, error)) {
        this.#queue.unshift(outstanding.frame);
        reply = null;
      } else reply = { name: 'Rlerror', ecode: this.#errno(error, request.name) };
    }
    // After Tversion the tag may be another request's.
    if (this.#outstanding.get(tag) === outstanding) {
      this.#outstanding.delete(tag);
      if (reply) this.#send(tag, reply);
    }
    outstanding.settle();
  }

  #isToBeAskedAgain(tag: number, outstanding: Outstanding, error: unknown): boolean {
    if (this.#state !== 'frozen' || outstanding.isFlushed || !interrupted(error)) return false;
    return this.#outstanding.get(tag) === outstanding;
  }

  /** The reply to the old request, if there is one, goes out before Rflush: the client may reuse the tag then. */
  async #flush(tag: number, { oldtag }: MessageOf<'Tflush'>): Promise<Reply> {
    const old = oldtag === tag ? undefined : this.#outstanding.get(oldtag);
    if (old) {
      old.isFlushed = true;
      old.abort();
      await old.done;
    }
    return { name: 'Rflush' };
  }

  async #version(tag: number, { msize, version }: MessageOf<'Tversion'>): Promise<void> {
    await this.#behindGate(async () => {
      await this.#endAll();
      const known = version === VERSION_L && msize >= MSIZE_MIN;
      this.msize = known ? Math.min(msize, this.#options.limits.msize) : 0;
      this.#send(tag, {
        name: 'Rversion',
        msize: known ? this.msize : msize,
        version: known ? VERSION_L : VERSION_UNKNOWN,
      });
    });
  }

  #errno(error: unknown, request: string): number {
    if (error instanceof TreeError) return ERRNO[error.errno];
    this.#options.onDefect(error, request);
    return ERRNO.EIO;
  }

  #sendError(tag: number, errno: keyof typeof ERRNO): void {
    this.#send(tag, { name: 'Rlerror', ecode: ERRNO[errno] });
  }

  #send(tag: number, reply: Reply): void {
    if (this.#state === 'closed') return;
    let pieces: readonly Uint8Array[];
    try {
      pieces = encode(tag, reply);
    } catch (error) {
      this.#options.onDefect(error, reply.name);
      pieces = encode(tag, { name: 'Rlerror', ecode: ERRNO.EIO });
    }
    // Only a link's target can be longer than a client with a tiny msize takes.
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length > Math.max(this.msize, MSIZE_MIN)) {
      pieces = encode(tag, { name: 'Rlerror', ecode: ERRNO.ENAMETOOLONG });
    }
    this.#options.send(pieces);
  }
}

function isRequest(message: Message): message is Request {
  return message.name.startsWith('T');
}

function waits(request: Request): request is MessageOf<'Tread'> | MessageOf<'Twrite'> {
  return request.name === 'Tread' || request.name === 'Twrite';
}

function interrupted(error: unknown): boolean {
  return error instanceof TreeError && error.errno === 'EINTR';
}

function stale(): never {
  throw new TreeError('ESTALE', 'the file had no name when the session was saved');
}
