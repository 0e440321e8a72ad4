import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { ProjectClient } from './client.ts';
import { ProjectBadAnswer, ProjectRefused, ProjectUnreachable } from './errors.ts';

/** The client against servers that are not a project, or a project on a bad day. All real HTTP. */
let server: Server;
let handle: (request: IncomingMessage, response: ServerResponse) => void;
let url: string;
let connections: number;
const NEVER = new AbortController().signal;

beforeEach(async () => {
  connections = 0;
  server = createServer((request, response) => handle(request, response));
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

const client = (timeoutMs = 20_000, at = url) =>
  new ProjectClient({ url: at, token: 'secret', clock: systemClock, timeoutMs });
const upload = { offset: 5, complete: false };

function json(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for await (const part of chunks) parts.push(part);
  return parts;
}

describe('a question', () => {
  test('carries the token and gets what was answered, over one kept connection', async () => {
    const seen: unknown[] = [];
    handle = (request, response) => {
      seen.push([request.method, request.url, request.headers.authorization]);
      json(response, upload);
    };
    const one = client();
    for (let i = 0; i < 3; i++) expect(await one.uploadState('a')).toEqual(upload);
    expect(seen).toEqual(Array(3).fill(['GET', '/api/v1/uploads/a', 'Bearer secret']));
    expect(connections).toBe(1);
  });

  test('is asked again when the kept connection was closed just then', async () => {
    handle = (_, response) => json(response, upload);
    const one = client();
    await one.uploadState('a');
    // Without a goodbye, as a crashed server or a forgetful router.
    server.closeAllConnections();
    expect(await one.uploadState('a')).toEqual(upload);
    expect(connections).toBe(2);
  });

  test('sends bytes with their length', async () => {
    let sent: Uint8Array = Buffer.alloc(0);
    handle = async (request, response) => {
      expect(request.headers['content-length']).toBe('300000');
      expect(request.headers['upload-offset']).toBe('7');
      sent = await body(request);
      json(response, upload);
    };
    const bytes = new Uint8Array(300_000).fill(3);
    expect(await client().upload('a', 7, 400_000, bytes, NEVER)).toEqual({ state: 'taken', upload });
    expect(Buffer.compare(sent, bytes)).toBe(0);
  });

  test('learns the time of the server', async () => {
    handle = (_, response) => json(response, upload, 200, { date: 'Tue, 24 Nov 2020 12:00:00 GMT' });
    const one = client();
    await one.uploadState('a');
    expect(Math.abs(one.serverNow() - Date.UTC(2020, 10, 24, 12))).toBeLessThan(60_000);
  });
});

describe('no answer', () => {
  test('nobody listens: unreachable, with the reason', async () => {
    const failing = client(20_000, 'http://127.0.0.1:9').info();
    await expect(failing).rejects.toBeInstanceOf(ProjectUnreachable);
    await expect(failing).rejects.toThrow('ECONNREFUSED');
    await expect(client(20_000, 'http://localhost:9').info()).rejects.toThrow('ECONNREFUSED');
    await expect(client(20_000, 'http://no-such-host.invalid').info()).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  });

  test('a server that hangs, before the answer or in it, is given up', async () => {
    handle = () => {};
    await expect(client(100).info()).rejects.toThrow('no answer within 100 ms');
    handle = (_, response) => void response.writeHead(200).write('{"name":');
    await expect(client(100).info()).rejects.toThrow('nothing came for 100 ms');
    handle = (_, response) => void response.writeHead(200).write('half');
    const { chunks } = await client(100).object('a', 0, NEVER);
    await expect(all(chunks)).rejects.toThrow('nothing came for 100 ms');
    // Nothing is left hanging: the server sees them go.
    await expect
      .poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count))))
      .toBe(0);
  });

  test('a connection that breaks in the answer', async () => {
    handle = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setTimeout(() => response.destroy(), 20);
    };
    await expect(client().info()).rejects.toBeInstanceOf(ProjectUnreachable);
    const { chunks } = await client().object('a', 0, NEVER);
    await expect(all(chunks)).rejects.toBeInstanceOf(ProjectUnreachable);
  });

  test('what speaks no HTTP', async () => {
    server.removeAllListeners('connection');
    server.on('connection', (socket) => socket.resume().end('SSH-2.0-OpenSSH_9.2\r\n'));
    await expect(client().info()).rejects.toBeInstanceOf(ProjectUnreachable);
  });

  test('is ended by the caller, at once', async () => {
    handle = () => {};
    const stop = new AbortController();
    const failing = client().info(stop.signal);
    await expect.poll(() => connections).toBe(1);
    stop.abort();
    await expect(failing).rejects.toBeInstanceOf(ProjectUnreachable);
  });
});

describe('an answer that is not a project’s', () => {
  test('a page to log in', async () => {
    handle = (_, response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
    await expect(client().info()).rejects.toThrow('log-in page');
  });

  test('an error page, and our own errors', async () => {
    handle = (_, response) => void response.writeHead(404).end('<h1>Not found</h1>');
    await expect(client().info()).rejects.toBeInstanceOf(ProjectBadAnswer);
    handle = (_, response) =>
      json(response, { error: { code: 'c', message: 'no such host', place: null } }, 403);
    await expect(client().info()).rejects.toEqual(new ProjectRefused(403, 'c', 'no such host', null));
    handle = (_, response) => void response.writeHead(503, { 'retry-after': '7' }).end('busy');
    await expect(client().info()).rejects.toMatchObject({ name: 'ProjectUnreachable', retryAfterSeconds: 7 });
  });

  test('one without end is not read to its end', async () => {
    handle = (_, response) => {
      response.writeHead(200);
      const more = () => {
        if (!response.destroyed) response.write('x'.repeat(65_536), more);
      };
      more();
    };
    await expect(client().info()).rejects.toThrow('more than 16777216 bytes');
    await expect
      .poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count))))
      .toBe(0);
  });
});

describe('redirections', () => {
  test('are followed for questions; the token stays with its server', async () => {
    const seen: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      json(response, upload);
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : 0;
    handle = (request, response) => {
      seen.push(request.headers.authorization);
      const here = request.url === '/api/v1/uploads/a';
      response.writeHead(307, { location: here ? '/moved' : `http://127.0.0.1:${port}/` }).end();
    };
    expect(await client().uploadState('a')).toEqual(upload);
    expect(seen).toEqual(['Bearer secret', 'Bearer secret', undefined]);
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  });

  test('that go round, or lead elsewhere than the web, end', async () => {
    handle = (_, response) => void response.writeHead(302, { location: '/again' }).end();
    await expect(client().info()).rejects.toThrow('redirections');
    handle = (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    await expect(client().info()).rejects.toThrow('redirected to file:');
  });

  test('are not followed by what changes something', async () => {
    handle = (_, response) => void response.writeHead(307, { location: '/elsewhere' }).end();
    await expect(client().verdicts([])).rejects.toBeInstanceOf(ProjectBadAnswer);
  });
});

test('objects come from where they are asked, or from the start', async () => {
  const bytes = Buffer.from('0123456789');
  handle = (request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from >= bytes.length) response.writeHead(416).end();
    else if (from === 0 || request.url?.endsWith('whole')) response.writeHead(200).end(bytes);
    else response.writeHead(206, { 'content-range': `bytes ${from}-9/10` }).end(bytes.subarray(from));
  };
  const read = async (name: string, at: number) => {
    const { from, chunks } = await client().object(name, at, NEVER);
    return [from, Buffer.concat(await all(chunks)).toString()];
  };
  expect(await read('a', 0)).toEqual([0, '0123456789']);
  expect(await read('a', 4)).toEqual([4, '456789']);
  expect(await read('whole', 4)).toEqual([0, '0123456789']);
  expect(await read('a', 10)).toEqual([0, '']);
});
