import { createConnection, type Socket } from 'node:net';
import { decode, encode, type Message, TYPE } from './message.ts';

const BUS = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
};
const ANSWER_WITHIN_MS = 3000;

/** A connection to this user's session bus. */
export class Bus {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Message) => void>();
  #data = Buffer.alloc(0);
  #serial = 0;
  #onMessage: (message: Message) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#data = Buffer.concat([this.#data, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
      this.#read();
    });
  }

  /**
   * @param address DBUS_SESSION_BUS_ADDRESS
   * @throws Error where there is no such bus
   */
  static async connect(address: string, uid: number): Promise<Bus> {
    const path = /unix:(?:.*,)?path=([^,;]+)/.exec(address)?.[1];
    if (!path) throw new Error('the session bus is not a socket in the file system');
    const socket = createConnection(decodeURIComponent(path));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {}); // followed by close, which is told
    const who = Buffer.from(String(uid)).toString('hex');
    const greeting = await new Promise<string>((resolve, reject) => {
      socket.once('data', (chunk) => resolve(chunk.toString()));
      socket.once('close', () => reject(new Error('the session bus hung up')));
      socket.write(`\0AUTH EXTERNAL ${who}\r\n`);
    });
    if (!greeting.startsWith('OK')) throw new Error('the session bus does not know this user');
    socket.write('BEGIN\r\n');
    const bus = new Bus(socket);
    await bus.ask('Hello', '', []);
    return bus;
  }

  /** Signals and calls to us. */
  listen(listener: (message: Message) => void): void {
    this.#onMessage = listener;
  }

  onClose(listener: () => void): void {
    this.#socket.once('close', listener);
  }

  /** Calls a method of the bus itself. */
  ask(member: string, signature: string, body: readonly (string | number)[]): Promise<Message> {
    const serial = ++this.#serial;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(serial);
        reject(new Error(`the session bus does not answer ${member}`));
      }, ANSWER_WITHIN_MS);
      this.#waiting.set(serial, (answer) => {
        clearTimeout(late);
        if (answer.type === TYPE.error) reject(new Error(String(answer.body?.[0] ?? member)));
        else resolve(answer);
      });
      this.#socket.write(
        encode({ type: TYPE.call, serial, ...BUS, member, ...(signature ? { signature, body } : {}) }),
      );
    });
  }

  async hasOwner(name: string): Promise<boolean> {
    return (await this.ask('NameHasOwner', 's', [name])).body?.[0] === true;
  }

  /** Answers a call that came by listen(). */
  answer(call: Message, signature: string, body: readonly (string | number | boolean)[]): void {
    this.#socket.write(
      encode({
        type: TYPE.answer,
        serial: ++this.#serial,
        replyTo: call.serial,
        ...(call.sender ? { destination: call.sender } : {}),
        ...(signature ? { signature, body } : {}),
      }),
    );
  }

  close(): void {
    this.#socket.destroy();
  }

  /** The connection alone does not keep the process alive. */
  unref(): void {
    this.#socket.unref();
  }

  #read(): void {
    try {
      for (let found = decode(this.#data); found; found = decode(this.#data)) {
        this.#data = this.#data.subarray(found.bytes);
        const { message } = found;
        const waiting = message.replyTo === undefined ? undefined : this.#waiting.get(message.replyTo);
        if (waiting && message.replyTo !== undefined) {
          this.#waiting.delete(message.replyTo);
          waiting(message);
        } else this.#onMessage(message);
      }
    } catch {
      this.#socket.destroy(); // nothing after a message that cannot be read can be
    }
  }
}
