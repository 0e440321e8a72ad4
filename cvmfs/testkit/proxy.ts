import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll } from 'vitest';

export interface TestProxy {
  readonly url: string;
  /** What was asked for, in order: whole addresses, or "host:port" of a CONNECT. */
  readonly asked: string[];
  /** Each request's Proxy-Authorization. */
  readonly credentials: (string | undefined)[];
  /** Answers itself in place of passing on; true where it did. */
  misdeed: ((response: ServerResponse) => boolean) | null;
  stop(): Promise<void>;
}

/** A forward proxy on loopback that keeps nothing. */
export async function forwardProxy(): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming: IncomingMessage, response) => {
    const { url = '', method, headers } = incoming;
    proxy.asked.push(url);
    proxy.credentials.push(headers['proxy-authorization']);
    if (proxy.misdeed?.(response)) return;
    const passed = request(url, { method, headers: { ...headers, connection: 'close' } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.writeHead(502).end());
    incoming.pipe(passed);
  });
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    const { url = '' } = incoming;
    proxy.asked.push(url);
    const [host = '', port] = url.split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const one of [socket, onward]) {
      sockets.add(one);
      one.on('error', () => socket.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close(() => resolve());
    });
  const { port } = server.address() as AddressInfo;
  const proxy: TestProxy = {
    url: `http://127.0.0.1:${port}`,
    asked: [],
    credentials: [],
    misdeed: null,
    stop,
  };
  afterAll(stop);
  return proxy;
}
