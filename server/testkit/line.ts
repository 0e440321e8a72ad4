import { connect, createServer, type Server, type Socket } from 'node:net';

/** The network between a server and its database: a TCP proxy that can be cut. */
export interface Line {
  readonly port: number;
  /** Nothing passes and nobody is told, as when a cable is pulled; new connections are taken, and hang too. */
  cut(): void;
  /** Ends what hung, as a router that forgets it does, and lets new connections pass. */
  mend(): void;
  close(): Promise<void>;
}

export function openLine(toPort: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Both ends learn of it by their own sockets.
    socket.on('error', () => socket.destroy());
    if (isCut) socket.pause();
  };
  const server: Server = createServer((near) => {
    keep(near);
    if (isCut) return;
    const far = connect(toPort, '127.0.0.1');
    keep(far);
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => near.write(bytes));
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address ? address.port : 0,
        cut() {
          isCut = true;
          for (const socket of sockets) socket.pause();
        },
        mend() {
          isCut = false;
          for (const socket of sockets) socket.destroy();
        },
        close() {
          for (const socket of sockets) socket.destroy();
          return new Promise((closed) => server.close(() => closed()));
        },
      });
    });
  });
}
