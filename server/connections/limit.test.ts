import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { limitConnections, mostConnections } from './limit.ts';

const MOST = 20;

let server: Server;
let answer: (() => void) | null = null;
const sockets: Socket[] = [];
beforeEach(async () => {
  server = createServer((request, response) => {
    if (request.url === '/slow') answer = () => response.end('late');
    else response.end('at once');
  });
  limitConnections(server, MOST, () => false);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** @returns everything that came before the server closed it */
function open(text: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(text));
    sockets.push(socket);
    socket.setEncoding('utf8').on('data', (more: string) => {
      said += more;
    });
    socket.on('error', () => {}); // being closed is what is looked at
    socket.on('close', () => resolve(said));
  });
}

const connections = () =>
  new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
const ask = (path: string) => open(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);

test('ten times as many silent connections as there may be: the oldest go, all that ask are answered, nobody is cut short', async () => {
  const slow = ask('/slow');
  await expect.poll(() => answer).not.toBe(null);
  const silent = Array.from({ length: 10 * MOST }, () => open(''));
  const first = await Promise.race(silent);
  expect(first).toBe('');
  for (let i = 0; i < 20; i++) expect(await ask('/')).toMatch(/at once$/);
  expect(await connections()).toBeLessThanOrEqual(MOST);
  answer?.();
  expect(await slow).toMatch(/late$/);
});

test('this process may hold some thousands', () => {
  expect(mostConnections()).toBeGreaterThan(500);
});
