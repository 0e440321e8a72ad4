import { request } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';

/** TLS to a server through a proxy's CONNECT (RFC 9110, 9.3.6). */
export class TunnelAgent extends HttpsAgent {
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
    const asking = request(this.#proxy, {
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
        done(null, connect({ socket, host, ...(isIP(host) ? {} : { servername: host }) }));
      } else {
        socket.destroy();
        fail(new Error(`the proxy answered ${answer.statusCode}`));
      }
    });
    asking.end();
  }
}

export function proxyHeaders({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
