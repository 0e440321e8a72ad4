import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { decode, encode } from '../codec.ts';
import { NOTAG } from '../defs.ts';
import { FrameReader } from '../frames.ts';
import type { Message, MessageOf, Reply, ReplyName, Request } from '../messages.ts';
import { ERRNO, type ErrnoName } from '../tree.ts';

const LARGEST = 2 * 1024 * 1024;

/** Rlerror as an exception. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly errno: ErrnoName;

  constructor(ecode: number, request: string) {
    const errno = (Object.keys(ERRNO) as ErrnoName[]).find((name) => ERRNO[name] === ecode);
    super(`${request}: ${errno ?? ecode}`);
    this.errno = errno ?? 'EIO';
  }
}

/** Messages over a stream, as they are: for what a well-behaved client never does. */
export class RawClient {
  readonly stream: Duplex;
  /** Resolves when the stream has ended. */
  readonly closed: Promise<void>;
  readonly #waiting = new Map<number, (reply: Reply | null) => void>();
  /** Replies that came without anyone waiting for their tag, in their order. */
  readonly unexpected: { readonly tag: number; readonly message: Message }[] = [];
  #lastTag = 0;

  constructor(stream: Duplex) {
    this.stream = stream;
    const frames = new FrameReader(LARGEST);
    stream.on('data', (chunk: Buffer) =>
      frames.push(chunk, (frame) => {
        this.#take(decode(Buffer.from(frame)));
        return true;
      }),
    );
    stream.on('error', () => {});
    this.closed = new Promise((resolve) => {
      stream.once('close', () => {
        for (const take of this.#waiting.values()) take(null);
        resolve();
      });
    });
  }

  static async connect(socketPath: string): Promise<RawClient> {
    const socket = connect(socketPath);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawClient(socket);
  }

  /** A tag that no request under way has. */
  tag(): number {
    do this.#lastTag = (this.#lastTag + 1) % NOTAG;
    while (this.#waiting.has(this.#lastTag));
    return this.#lastTag;
  }

  /** Sends a request. @returns its reply, whatever it is; null when the stream ends first */
  request(message: Request, tag = message.name === 'Tversion' ? NOTAG : this.tag()): Promise<Reply | null> {
    const reply = this.expect(tag);
    this.send(encode(tag, message));
    return reply;
  }

  /** The next message with that tag. */
  expect(tag: number): Promise<Reply | null> {
    return new Promise((resolve) => {
      if (this.stream.destroyed) resolve(null);
      else this.#waiting.set(tag, resolve);
    });
  }

  send(pieces: readonly Uint8Array[]): void {
    this.stream.write(Buffer.concat(pieces));
  }

  /**
   * The reply of that name.
   * @throws Refused for Rlerror
   */
  async call<N extends ReplyName>(request: Request, name: N): Promise<MessageOf<N>> {
    const reply = await this.request(request);
    if (!reply) throw new Error(`${request.name}: the connection ended`);
    if (reply.name === 'Rlerror') throw new Refused(reply.ecode, request.name);
    if (reply.name !== name) throw new Error(`${reply.name} to ${request.name}`);
    return reply as MessageOf<N>;
  }

  async close(): Promise<void> {
    this.stream.destroy();
    await this.closed;
  }

  #take({ tag, message }: { tag: number; message: Message }): void {
    const take = this.#waiting.get(tag);
    this.#waiting.delete(tag);
    if (take) take(message as Reply);
    else this.unexpected.push({ tag, message });
  }
}
