import type { Duplex } from 'node:stream';
import { z } from 'zod';

/** QEMU Machine Protocol: JSON, one object a line (qemu: docs/interop/qmp-spec). */

const Greeting = z.object({
  QMP: z.object({ version: z.object({ qemu: z.record(z.string(), z.number()) }) }),
});
const Reply = z.object({ id: z.number(), return: z.unknown() });
const Refusal = z.object({ id: z.number(), error: z.object({ class: z.string(), desc: z.string() }) });
const Event = z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) });

export type QmpEvent = z.infer<typeof Event>;

/** No line QEMU sends us is near this; beyond it the other end is not QEMU any more. */
const MAX_LINE_BYTES = 1024 * 1024;

/** QEMU refused a command. */
export class QmpRefused extends Error {
  override readonly name = 'QmpRefused';
}
/** The connection is gone, or QEMU does not answer. */
export class QmpLost extends Error {
  override readonly name = 'QmpLost';
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Commands are answered by id, in any order; each has a time limit. When the connection ends, all that wait fail with
 * QmpLost, and so does every later command.
 */
export class QmpClient {
  readonly #socket: Duplex;
  readonly #onEvent: (event: QmpEvent) => void;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #greeted: Waiting | null = null;
  #lost: QmpLost | null = null;

  /**
   * Waits for the greeting and enters command mode.
   * @throws QmpLost after timeoutMs, or when the connection ends
   */
  static async connect(
    socket: Duplex,
    timeoutMs: number,
    onEvent: (event: QmpEvent) => void = () => {},
  ): Promise<QmpClient> {
    const client = new QmpClient(socket, onEvent);
    await client.#within(timeoutMs, 'greeting', (waiting) => {
      client.#greeted = waiting;
      return () => {
        client.#greeted = null;
      };
    });
    await client.execute('qmp_capabilities', {}, timeoutMs);
    return client;
  }

  private constructor(socket: Duplex, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (cause) => this.#end(new QmpLost('the connection to QEMU broke', { cause })));
    const closed = () => this.#end(new QmpLost('QEMU closed its control connection'));
    // A QEMU that was quick to end is gone already, and there is no second 'close'.
    if (socket.closed) closed();
    else socket.on('close', closed);
  }

  /**
   * @param timeoutMs how long QEMU may take to answer; the command may still have its effect afterwards
   * @returns what the command returns, not checked
   * @throws QmpRefused with QEMU's own words; QmpLost
   */
  execute(command: string, args: Record<string, unknown> = {}, timeoutMs = 10_000): Promise<unknown> {
    const id = ++this.#lastId;
    return this.#within(timeoutMs, command, (waiting) => {
      this.#waiting.set(id, waiting);
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
      return () => this.#waiting.delete(id);
    });
  }

  close(): void {
    this.#socket.destroy();
    this.#end(new QmpLost('closed'));
  }

  #within(timeoutMs: number, what: string, begin: (waiting: Waiting) => () => void): Promise<unknown> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const done = (end: () => void) => {
        clearTimeout(timer);
        forget();
        end();
      };
      const timer = setTimeout(
        () => done(() => reject(new QmpLost(`QEMU gave no answer to ${what} in ${timeoutMs} ms`))),
        timeoutMs,
      );
      const forget = begin({
        resolve: (value) => done(() => resolve(value)),
        reject: (error) => done(() => reject(error)),
      });
    });
  }

  #take(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = Buffer.concat([...this.#pieces, rest.subarray(0, end)]).toString('utf8');
      this.#pieces = [];
      this.#bytes = 0;
      rest = rest.subarray(end + 1);
      this.#line(line);
    }
    this.#pieces.push(rest);
    this.#bytes += rest.length;
    if (this.#bytes > MAX_LINE_BYTES) {
      this.#end(new QmpLost('QEMU sent a line without end'));
      this.#socket.destroy();
    }
  }

  #line(line: string): void {
    const message = parseMessage(line);
    if (!message) {
      this.#end(new QmpLost(`not a QMP message: ${line.slice(0, 200)}`));
      this.#socket.destroy();
    } else if (message.kind === 'greeting') this.#greeted?.resolve(undefined);
    else if (message.kind === 'event') this.#onEvent(message.event);
    else if (message.kind === 'reply') this.#waiting.get(message.id)?.resolve(message.value);
    else this.#waiting.get(message.id)?.reject(new QmpRefused(message.reason));
  }

  #end(error: QmpLost): void {
    if (this.#lost) return;
    this.#lost = error;
    this.#greeted?.reject(error);
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
  }
}

type Message =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly reason: string }
  | { readonly kind: 'event'; readonly event: QmpEvent };

/** @returns null where the line is not a message of the protocol */
export function parseMessage(line: string): Message | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null;
  }
  const event = Event.safeParse(json);
  if (event.success) return { kind: 'event', event: event.data };
  const refusal = Refusal.safeParse(json);
  if (refusal.success) return { kind: 'refusal', id: refusal.data.id, reason: refusal.data.error.desc };
  const reply = Reply.safeParse(json);
  if (reply.success) return { kind: 'reply', id: reply.data.id, value: reply.data.return };
  return Greeting.safeParse(json).success ? { kind: 'greeting' } : null;
}
