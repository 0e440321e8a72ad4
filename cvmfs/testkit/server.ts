import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Files } from './made-repository.ts';

/** What a server does instead of answering. */
export type Misdeed = (
  path: string,
  bytes: Buffer,
  response: ServerResponse,
) => Buffer | 'handled' | undefined;

export interface TestServer {
  readonly url: string;
  /** Paths asked for, in order. */
  readonly asked: string[];
  misdeed: Misdeed | null;
  stop(): Promise<void>;
}

/** A static server of one repository, from memory or from a folder. */
export async function serveRepository(name: string, files: Files | string): Promise<TestServer> {
  const find = (path: string): Buffer | undefined => {
    if (typeof files !== 'string') return files.get(path);
    const at = join(files, path);
    return existsSync(at) && statSync(at).isFile() ? readFileSync(at) : undefined;
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(`/cvmfs/${name}/`.length);
    test.asked.push(path);
    const bytes = find(path);
    const answer = test.misdeed?.(path, bytes ?? Buffer.alloc(0), response) ?? bytes;
    if (answer === 'handled') return;
    if (answer === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': answer.length }).end(answer);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  const { port } = server.address() as AddressInfo;
  const test: TestServer = { url: `http://127.0.0.1:${port}/cvmfs/${name}`, asked: [], misdeed: null, stop };
  afterAll(stop);
  return test;
}
