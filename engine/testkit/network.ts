import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** What a bad network does with the bytes that pass. Each is asked for every chunk; the default lets all pass. */
export interface Mischief {
  /** Bytes on their way to the server. null: the connection breaks here. */
  readonly request?: (chunk: Buffer, soFar: number) => Buffer | null;
  /** Bytes on their way back. */
  readonly answer?: (chunk: Buffer, soFar: number) => Buffer | null;
}

/** The network between an engine and a project server: it can be away, cut and damage. */
export class Network {
  mischief: Mischief = {};
  /** Connections tried, whether the network was there or not. */
  connections = 0;
  readonly #target: () => URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isAway = false;

  private constructor(target: () => URL) {
    this.#target = target;
    this.#server = createServer((socket) => this.#connect(socket));
  }

  /** @param target asked at each connection: the server may have moved */
  static async start(target: () => string): Promise<Network> {
    const network = new Network(() => new URL(target()));
    await new Promise<void>((resolve) => network.#server.listen(0, '127.0.0.1', resolve));
    return network;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  /** The invitation as somebody behind this network would have it. */
  invitation(original: string): string {
    return original.replace(/url=[^&]*/, `url=${encodeURIComponent(this.url)}`);
  }

  away(isAway: boolean): void {
    this.#isAway = isAway;
    if (isAway) for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #connect(client: Socket): void {
    this.connections++;
    this.#keep(client);
    if (this.#isAway) {
      client.destroy();
      return;
    }
    const { hostname, port } = this.#target();
    const server = this.#keep(dial(Number(port), hostname));
    const both = [client, server];
    for (const socket of both) socket.on('close', () => destroyAll(both));
    pass(client, server, (chunk, soFar) => this.mischief.request?.(chunk, soFar));
    pass(server, client, (chunk, soFar) => this.mischief.answer?.(chunk, soFar));
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // A connection that breaks is what this is for.
    socket.on('error', () => {});
    return socket;
  }
}

function destroyAll(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy();
}

function pass(
  from: Socket,
  to: Socket,
  change: (chunk: Buffer, soFar: number) => Buffer | null | undefined,
): void {
  let soFar = 0;
  from.on('data', (chunk: Buffer) => {
    const changed = change(chunk, soFar);
    soFar += chunk.length;
    if (changed === null) from.destroy();
    else if (!to.write(changed ?? chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
  from.on('end', () => to.end());
}
