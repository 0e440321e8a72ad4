import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { CodecError } from './codec.ts';
import { MSIZE_MIN } from './defs.ts';
import { FrameReader } from './frames.ts';
import { SavedSession } from './saved-session.ts';
import { DEFAULT_LIMITS, type Limits, Session } from './session.ts';
import type { Tree } from './tree.ts';

export interface ServeOptions {
  readonly tree: Tree;
  readonly limits?: Partial<Limits>;
  /** Goes on where this session stopped. */
  readonly resume?: SavedSession;
  /** Told of defects and of peers that break the protocol; the connection or the request ends, nothing else. */
  readonly onError?: (error: unknown) => void;
}

/** One client on one stream. */
export interface Connection {
  /** Resolves when the stream has ended; files are closed then, unless the session is frozen. */
  readonly closed: Promise<void>;
  readonly session: Session;
  /** Of a message that is not complete yet. */
  readonly partialBytes: number;
  /**
   * Stops answering, once replies to all but waiting reads are handed to the stream. Then stop the guest, let the
   * peer end the stream, so that nothing is under way, and take save().
   */
  freeze(): Promise<void>;
  /** After freeze(). */
  save(): SavedSession;
  /** Goes on after freeze(). */
  thaw(): void;
  /** Ends the stream and lets everything go. */
  close(): Promise<void>;
}

/** Serves a tree to the client at the other end of any duplex stream. */
export function serveStream(stream: Duplex, options: ServeOptions): Connection {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const onError = options.onError ?? (() => {});
  const frames = new FrameReader(Math.max(limits.msize, MSIZE_MIN));
  let corked = false;
  let broken = false;
  const breakOff = (error: unknown) => {
    broken = true;
    onError(error);
    stream.destroy();
  };
  const session = new Session({
    tree: options.tree,
    limits,
    onDefect: (error, request) => onError(new Error(`9P ${request} failed`, { cause: error })),
    onBroken: breakOff,
    unsent: () => stream.writableLength,
    send: (pieces) => {
      if (stream.destroyed) return;
      const [first] = pieces;
      // A lone reply leaves at once; of more, and of pieces, those of one turn leave in one system call.
      if (first && pieces.length === 1 && session.outstanding === 0 && !corked) stream.write(first);
      else {
        if (!corked) {
          corked = true;
          stream.cork();
          process.nextTick(() => {
            corked = false;
            stream.uncork();
          });
        }
        for (const piece of pieces) stream.write(piece);
      }
      if (stream.writableLength > limits.replyBytes) stream.pause();
    },
  });
  let frozen = false;
  const takeFrame = (frame: Buffer) => {
    session.receive(frame);
    return !broken;
  };
  const take = (chunk: Buffer) => {
    if (broken) return;
    try {
      frames.push(chunk, takeFrame);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      breakOff(error);
    }
  };
  stream.on('data', take);
  stream.on('drain', () => {
    session.budget.wake();
    stream.resume();
  });
  // A reset is how QEMU goes; 'close' follows.
  stream.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    const over = () => resolve(frozen ? undefined : session.close());
    // A peer that was quick to go is gone already, and there is no second 'close'.
    if (stream.closed) over();
    else stream.once('close', over);
  });

  if (options.resume) {
    const saved = SavedSession.parse(options.resume);
    take(Buffer.from(saved.partial, 'base64'));
    session.resume(saved).catch(breakOff);
  }

  return {
    closed,
    session,
    get partialBytes() {
      return frames.partial.length;
    },
    freeze: async () => {
      frozen = true;
      await session.freeze();
      await flushed(stream);
    },
    save: () => session.save(frames.partial),
    thaw: () => {
      frozen = false;
      session.thaw();
      if (stream.destroyed) void session.close();
    },
    close: async () => {
      frozen = false;
      stream.destroy();
      await session.close();
      await closed;
    },
  };
}

export interface NinepServer {
  readonly socketPath: string;
  /** The connections that are open now. */
  readonly connections: ReadonlySet<Connection>;
  /** The connection that is open, or the next. */
  connected(): Promise<Connection>;
  close(): Promise<void>;
}

export interface ListenOptions extends Omit<ServeOptions, 'tree'> {
  /** One tree for all, or one made for each connection. */
  readonly tree: Tree | (() => Tree);
  /** A Unix socket (a named pipe on Windows), made here; one left by a killed process is replaced. */
  readonly socketPath: string;
}

/** Listens on a Unix socket. `resume` is for the first connection; later ones begin anew. */
export async function serve9p(options: ListenOptions): Promise<NinepServer> {
  const connections = new Set<Connection>();
  const waiting = new Set<(connection: Connection) => void>();
  let saved = options.resume;
  const server = createServer((socket) => {
    const { tree, resume: _, ...rest } = options;
    const connection = serveStream(socket, {
      ...rest,
      tree: typeof tree === 'function' ? tree() : tree,
      ...(saved ? { resume: saved } : {}),
    });
    saved = undefined;
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
    for (const resolve of waiting) resolve(connection);
    waiting.clear();
  });
  if (process.platform !== 'win32') await rm(options.socketPath, { force: true });
  // Without a listener, a connection that cannot be accepted (no descriptors left) would end the process.
  server.on('error', options.onError ?? (() => {}));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.socketPath, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    socketPath: options.socketPath,
    connections,
    connected: async () => {
      const [open] = connections;
      return open ?? new Promise((resolve) => waiting.add(resolve));
    },
    close: async () => {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...connections].map((connection) => connection.close()));
      await ended;
    },
  };
}

/** Resolves when what was written so far has been handed to the system, or never will be. */
async function flushed(stream: Duplex): Promise<void> {
  if (stream.destroyed) return;
  await new Promise<void>((resolve) => {
    stream.once('close', () => resolve());
    stream.write(new Uint8Array(), () => resolve());
  });
}
