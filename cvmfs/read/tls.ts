import type { Agent, AgentOptions, RequestOptions } from 'node:https';
import { createRequire } from 'node:module';
import { isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type HttpProxy, proxyHeaders } from './proxies.ts';

// In a bundle imports would come at the beginning, wanted or not.
const require = createRequire(import.meta.url);
const http: typeof import('node:http') = require('node:http');
const https: typeof import('node:https') = require('node:https');
const tls: typeof import('node:tls') = require('node:tls');

export const { request } = https;

export function makeAgent(proxy: HttpProxy, patienceMs: number, options: AgentOptions): Agent {
  return proxy ? new TunnelAgent(proxy, patienceMs, options) : new https.Agent(options);
}

/** TLS to a server through a proxy's CONNECT (RFC 9110, 9.3.6). */
class TunnelAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #patienceMs: number;

  constructor(proxy: URL, patienceMs: number, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#patienceMs = patienceMs;
  }

  override createConnection(
    options: RequestOptions,
    done: (error: Error | null, stream: Duplex) => void = () => {},
  ): undefined {
    const host = options.host ?? '';
    const authority = `${host.includes(':') ? `[${host}]` : host}:${options.port}`;
    const asking = http.request(this.#proxy, {
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...proxyHeaders(this.#proxy) },
      auth: null,
      agent: false,
      timeout: this.#patienceMs,
    });
    // The type wants a stream with an error as well; nobody looks at it.
    const fail = (error: Error) => done(error, new Socket());
    asking.once('timeout', () => asking.destroy(new Error('the proxy stalls')));
    asking.once('error', fail);
    asking.once('connect', (answer, socket) => {
      if (answer.statusCode === 200) {
        socket.setTimeout(0);
        // By its name, not its number (RFC 6066, 3).
        done(null, tls.connect({ socket, host, ...(isIP(host) ? {} : { servername: host }) }));
      } else {
        socket.destroy();
        fail(new Error(`the proxy answered ${answer.statusCode}`));
      }
    });
    asking.end();
  }
}
