import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_END = '\r\n\r\n';

/**
 * One host's keep-alive connection, a request at a time. As much of HTTP as our own server speaks, written here: simulated hosts
 * share the machine with the server, and node:http takes as long for a request as the server does.
 */
export class Connection {
  readonly #host: string;
  readonly #port: number;
  #socket: Promise<Socket> | null = null;
  #came: Buffer = Buffer.alloc(0);
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null;
  requests = 0;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  async send(
    method: string,
    path: string,
    body: Buffer | null,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    this.requests++;
    this.#socket ??= this.#connect();
    const socket = await this.#socket;
    let head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}:${this.#port}\r\n`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    if (body !== null) head += `content-length: ${body.length}\r\n`;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      socket.write(Buffer.concat([Buffer.from(`${head}\r\n`), body ?? Buffer.alloc(0)]));
    });
  }

  async #connect(): Promise<Socket> {
    const socket = connect(this.#port, this.#host);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', (error) => this.#lost(error));
    socket.on('close', () => this.#lost(new Error('the server closed the connection')));
    return socket;
  }

  #take(bytes: Buffer): void {
    this.#came = this.#came.length === 0 ? bytes : Buffer.concat([this.#came, bytes]);
    const end = this.#came.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.#came.toString('latin1', 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.#lost(new Error(`the server's answer has no length: ${head}`));
      return;
    }
    const from = end + HEAD_END.length;
    if (this.#came.length < from + Number(length)) return;
    const answer = { status: Number(head.slice(9, 12)), body: this.#came.subarray(from) };
    this.#came = Buffer.alloc(0);
    this.#waiting?.resolve(answer);
    this.#waiting = null;
  }

  #lost(error: Error): void {
    this.#socket = null;
    this.#came = Buffer.alloc(0);
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    void socket?.then((open) => open.destroy());
  }
}
