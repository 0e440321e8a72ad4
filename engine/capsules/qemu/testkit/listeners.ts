import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Answers whoever comes to the port, over TCP and UDP, at all addresses there are.
 * @param onSeen told of each
 */
export async function listenEverywhere(port: number, onSeen: (how: 'tcp' | 'udp') => void): Promise<void> {
  const server = createServer((socket) => {
    onSeen('tcp');
    socket.on('error', () => {});
    socket.end('hello');
  });
  await new Promise<void>((resolve) => server.listen(port, '0.0.0.0', resolve));
  const socket = createSocket('udp4');
  socket.on('message', (message, { port: from, address }) => {
    onSeen('udp');
    socket.send(message, from, address);
  });
  await new Promise<void>((resolve) => socket.bind(port, '0.0.0.0', resolve));
}
