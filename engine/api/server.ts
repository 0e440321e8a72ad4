import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { writeFileAtomic } from '../../platform/files.ts';
import type { Logger } from '../../platform/log.ts';
import type { EngineEndpoint } from '../../protocol/engine-api.ts';
import { EngineStartError } from '../errors.ts';
import type { StateStore } from '../state.ts';
import { engineApp } from './app.ts';
import type { EngineControl } from './control.ts';

export interface ApiOptions {
  readonly store: StateStore;
  readonly control: EngineControl;
  /** On 127.0.0.1; 0: any free one. */
  readonly port: number;
  /** Built page to serve; null: API only. */
  readonly rendererFolder: string | null;
  /** Written once we listen, removed at close(); null: tell nobody. */
  readonly endpointFile: string | null;
  readonly log: Logger;
  /** A new one at each start unless given. */
  readonly token?: string;
}

export interface RunningApi {
  readonly url: string;
  readonly token: string;
  /** Ends streams and connections. Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves the local API on loopback.
 * @throws EngineStartError where the port is taken
 */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const token = options.token ?? randomBytes(32).toString('base64url');
  const ended = new AbortController();
  let port = options.port;
  const app = await engineApp({ ...options, token, port: () => port, ended: ended.signal });
  const server = createServer(getRequestListener(app.fetch));
  port = await listen(server, options.port);
  const url = `http://127.0.0.1:${port}`;
  if (options.endpointFile !== null) {
    const endpoint: EngineEndpoint = { url, token, pid: process.pid };
    await writeFileAtomic(options.endpointFile, `${JSON.stringify(endpoint)}\n`, 0o600);
  }
  let closing: Promise<void> | null = null;
  const close = async () => {
    if (options.endpointFile !== null) await rm(options.endpointFile, { force: true });
    ended.abort();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // What is being answered gets a moment; idle connections and streams have nothing to wait for.
    server.closeIdleConnections();
    const late = setTimeout(() => server.closeAllConnections(), 500);
    await closed;
    clearTimeout(late);
  };
  return {
    url,
    token,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE'
          ? `port ${port} is taken by another program; choose another with --port, or none for any free one`
          : `cannot listen on 127.0.0.1:${port}: ${cause.message}`;
      reject(new EngineStartError(why, { cause }));
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}
