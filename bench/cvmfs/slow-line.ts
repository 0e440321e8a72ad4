import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SlowLine {
  readonly url: string;
  /** That came down it, since it was made. */
  bytes(): number;
  close(): Promise<void>;
}

/** What goes over the line in one turn of a connection. */
const PIECE_BYTES = 4096;
/** Of a connection, before its sender is kept waiting. */
const MOST_WAITING = 128 * 1024;

interface Flow {
  readonly client: Socket;
  readonly server: Socket;
  readonly waiting: Buffer[];
  bytes: number;
}

/**
 * A line to a server on this computer: so many bits a second come down it, shared by connections turn by turn; each way
 * takes half of the round trip, and a new connection costs one.
 */
export async function slowLine(to: URL, bitsPerSecond: number, roundTripMs: number): Promise<SlowLine> {
  const sockets = new Set<Socket>();
  const flows: Flow[] = [];
  let carried = 0;
  let wake = () => {};
  let isOpen = true;

  const carry = async () => {
    let freeAt = performance.now();
    while (isOpen) {
      const flow = flows.shift();
      if (!flow) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        freeAt = Math.max(freeAt, performance.now());
        continue;
      }
      const [first = Buffer.alloc(0)] = flow.waiting;
      const piece = first.subarray(0, PIECE_BYTES);
      if (piece.length < first.length) flow.waiting[0] = first.subarray(piece.length);
      else flow.waiting.shift();
      flow.bytes -= piece.length;
      if (flow.waiting.length > 0) flows.push(flow);
      if (flow.bytes < MOST_WAITING) flow.server.resume();
      carried += piece.length;
      freeAt += (piece.length * 8000) / bitsPerSecond;
      // Timers are not finer than a millisecond; what is slept too long is made up for.
      const aheadMs = freeAt - performance.now();
      if (aheadMs > 1) await sleep(aheadMs);
      setTimeout(() => flow.client.write(piece), roundTripMs / 2);
    }
  };
  void carry();

  const listener = createServer({ noDelay: true }, (client) => {
    const server = connect({ port: Number(to.port), host: to.hostname, noDelay: true });
    const flow: Flow = { client, server, waiting: [], bytes: 0 };
    const begunAt = performance.now();
    let ready = begunAt + roundTripMs;
    client.on('data', (data) => {
      ready = Math.max(ready, performance.now());
      setTimeout(() => server.write(data), Math.max(0, ready - performance.now()) + roundTripMs / 2);
    });
    server.on('data', (data) => {
      if (flow.waiting.length === 0) flows.push(flow);
      flow.waiting.push(data);
      flow.bytes += data.length;
      if (flow.bytes >= MOST_WAITING) server.pause();
      wake();
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        setTimeout(() => other.end(), roundTripMs);
      });
    }
  });
  listener.listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bytes: () => carried,
    async close() {
      isOpen = false;
      wake();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
