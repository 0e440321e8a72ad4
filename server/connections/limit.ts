import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { addressBlock } from '../network.ts';
import { Admission } from './admission.ts';

/** Of one process, however many files it may have: a connection takes up to 50 kB (bench connections). */
const MOST = 12_000;
/** The store, objects and connections to others need files as well. */
const SHARE_OF_FILES = 0.75;
/** A lecture hall or a laboratory behind one address has enough of it. */
const SHARE_OF_BLOCK = 0.25;

/** How many connections this process may hold. */
export function mostConnections(): number {
  // Else it asks for the names of all who are connected.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft?: number | string } };
  };
  const files = Number(userLimits?.open_files?.soft);
  // Where it is not said (Windows), there is no limit.
  return Number.isFinite(files) ? Math.min(MOST, Math.floor(files * SHARE_OF_FILES)) : MOST;
}

/**
 * Closes connections of `server` in the order of Admission where more than `most` come.
 * @param isProxy of an address: through its connections many come, so that it has no share of its own
 */
export function limitConnections(server: Server, most: number, isProxy: (address: string) => boolean): void {
  const admission = new Admission<Socket>(most, Math.ceil(most * SHARE_OF_BLOCK));
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const block = isProxy(address) ? null : addressBlock(address);
    admission.arrives(socket, block)?.destroy();
    socket.once('close', () => admission.leaves(socket));
  });
  server.on('request', (request, response) => {
    admission.asks(request.socket);
    response.once('close', () => admission.hasAnswer(request.socket));
  });
}
