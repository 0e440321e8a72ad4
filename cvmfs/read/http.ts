import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { HttpProxy } from './proxies.ts';
import { proxyHeaders, TunnelAgent } from './tunnel.ts';

export interface HttpLimits {
  /** Until the headers are here, and for each stretch in which too little comes. */
  readonly patienceMs: number;
  /** Less than this is a server that stalls. */
  readonly leastBytesPerSecond: number;
  readonly connections: number;
}

export const HTTP_LIMITS: HttpLimits = { patienceMs: 10_000, leastBytesPerSecond: 1024, connections: 20 };

const PACKS_HEADER = 'beamtime-pack';

/** The server answered, but not with what was asked for. */
export class HttpStatus extends Error {
  override readonly name = 'HttpStatus';
  readonly status: number;
  constructor(status: number) {
    super(`answered ${status}`);
    this.status = status;
  }
}

export interface HttpAsk {
  readonly url: URL;
  readonly proxy: HttpProxy;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** POST in place of GET. */
  readonly body?: string;
}

/**
 * GET over connections that are kept. Not fetch(): that would inflate what a server declares to be compressed, without
 * a bound, and follow it elsewhere.
 */
export class HttpClient {
  readonly #limits: HttpLimits;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  readonly #packing = new Set<string>();
  readonly #tunnels = new Map<string, TunnelAgent>();

  constructor(limits: HttpLimits = HTTP_LIMITS) {
    this.#limits = limits;
    this.#http = new HttpAgent(this.#agentOptions);
    this.#https = new HttpsAgent(this.#agentOptions);
  }

  /** @param take reads the body; what it leaves is thrown away */
  async get<T>(ask: HttpAsk, take: (body: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T> {
    const { signal } = ask;
    const stalled = new AbortController();
    const watch = new Watch(this.#limits, () => stalled.abort(new Error('the server stalls')));
    const either = AbortSignal.any([signal, stalled.signal]);
    try {
      const answer = await this.#answer({ ...ask, signal: either });
      try {
        if (answer.headers[PACKS_HEADER] === '1') this.#packing.add(ask.url.origin);
        if (answer.statusCode !== 200) throw new HttpStatus(answer.statusCode ?? 0);
        return await take(watch.over(answer));
      } finally {
        // A connection whose answer was read to its end is kept; any other is closed.
        if (!answer.complete) answer.destroy();
      }
    } catch (error) {
      throw stalled.signal.aborted && !signal.aborted ? stalled.signal.reason : error;
    } finally {
      watch.end();
    }
  }

  /** Whether a server has said that it takes requests for several objects. */
  packs({ origin }: URL): boolean {
    return this.#packing.has(origin);
  }

  /** It does not, whatever it has said. */
  packsNot({ origin }: URL): void {
    this.#packing.delete(origin);
  }

  close(): void {
    for (const agent of [this.#http, this.#https, ...this.#tunnels.values()]) agent.destroy();
  }

  get #agentOptions() {
    return { keepAlive: true, maxSockets: this.#limits.connections, noDelay: true };
  }

  #answer({ url, proxy, headers, signal, body }: HttpAsk): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const all = { ...headers, 'user-agent': 'beamtime' };
      const request =
        url.protocol === 'https:'
          ? httpsRequest(url, {
              method,
              headers: all,
              signal,
              agent: proxy ? this.#tunnel(proxy) : this.#https,
            })
          : proxy
            ? // RFC 9112, 3.2.2: a proxy is told the whole address.
              httpRequest(proxy, {
                method,
                path: url.href,
                headers: { ...all, host: url.host, ...proxyHeaders(proxy) },
                auth: null,
                signal,
                agent: this.#http,
              })
            : httpRequest(url, { method, headers: all, signal, agent: this.#http });
      request.on('response', resolve);
      request.on('error', reject);
      request.end(body);
    });
  }

  #tunnel(proxy: URL): TunnelAgent {
    const known = this.#tunnels.get(proxy.href);
    if (known) return known;
    const made = new TunnelAgent(proxy, this.#limits.patienceMs, this.#agentOptions);
    this.#tunnels.set(proxy.href, made);
    return made;
  }
}

/** Ends a transfer that is too slow in any stretch of the patience. */
class Watch {
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;

  constructor(limits: HttpLimits, stall: () => void) {
    const least = (limits.leastBytesPerSecond * limits.patienceMs) / 1000;
    this.#timer = setInterval(() => {
      if (this.#bytes < least) stall();
      this.#bytes = 0;
    }, limits.patienceMs);
  }

  async *over(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      this.#bytes += piece.length;
      yield piece;
    }
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
