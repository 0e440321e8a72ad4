import type { Agent, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { anySignal } from '../../platform/signals.ts';
import { type HttpProxy, proxyHeaders } from './proxies.ts';

// An import makes all that the module exports, WebSocket and its 10 MB as well.
const http: typeof import('node:http') = createRequire(import.meta.url)('node:http');

export interface HttpLimits {
  /** Until the headers are here, and for each stretch in which too little comes. */
  readonly patienceMs: number;
  /** Less than this is a server that stalls. */
  readonly leastBytesPerSecond: number;
  readonly connections: number;
}

export const HTTP_LIMITS: HttpLimits = { patienceMs: 10_000, leastBytesPerSecond: 1024, connections: 20 };

const PACKS_HEADER = 'beamtime-pack';

/** Resolves when so many bytes more may come. */
export type Pace = (bytes: number, signal: AbortSignal) => Promise<void>;

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
  readonly #pace: Pace | undefined;
  readonly #http: Agent;
  readonly #packing = new Set<string>();
  /** For TLS, by the proxy's address. */
  readonly #secure = new Map<string, Agent>();

  constructor(limits: HttpLimits = HTTP_LIMITS, pace?: Pace) {
    this.#limits = limits;
    this.#pace = pace;
    this.#http = new http.Agent(this.#agentOptions);
  }

  /** @param take reads the body; what it leaves is thrown away */
  async get<T>(ask: HttpAsk, take: (body: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T> {
    const { signal } = ask;
    const stalled = new AbortController();
    const watch = new Watch(this.#limits, () => stalled.abort(new Error('the server stalls')));
    const either = anySignal(signal, stalled.signal);
    try {
      const answer = await this.#answer({ ...ask, signal: either });
      try {
        if (answer.headers[PACKS_HEADER] === '1') this.#packing.add(ask.url.origin);
        if (answer.statusCode !== 200) throw new HttpStatus(answer.statusCode ?? 0);
        const pace = this.#pace;
        return await take(watch.over(answer, pace ? (bytes) => pace(bytes, either) : null));
      } finally {
        // A connection whose answer is all here is kept, once it has been read; any other is closed.
        if (answer.complete) answer.resume();
        else answer.destroy();
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
    for (const agent of [this.#http, ...this.#secure.values()]) agent.destroy();
  }

  get #agentOptions() {
    return { keepAlive: true, maxSockets: this.#limits.connections, noDelay: true };
  }

  async #answer({ url, proxy, headers, signal, body }: HttpAsk): Promise<IncomingMessage> {
    const all = { ...headers, 'user-agent': 'beamtime' };
    const options = { method: body === undefined ? 'GET' : 'POST', headers: all, signal, agent: this.#http };
    // TLS takes 4 MB, and servers of software mostly do without: it is signed.
    const secure = url.protocol === 'https:' ? await import('./tls.ts') : null;
    return new Promise((resolve, reject) => {
      const request = secure
        ? secure.request(url, { ...options, agent: this.#secureAgent(secure, proxy) })
        : proxy
          ? // RFC 9112, 3.2.2: a proxy is told the whole address.
            http.request(proxy, {
              ...options,
              path: url.href,
              headers: { ...all, host: url.host, ...proxyHeaders(proxy) },
              auth: null,
            })
          : http.request(url, options);
      request.on('response', resolve);
      request.on('error', reject);
      request.end(body);
    });
  }

  #secureAgent(tls: typeof import('./tls.ts'), proxy: HttpProxy): Agent {
    const key = proxy?.href ?? '';
    const known = this.#secure.get(key);
    if (known) return known;
    const made = tls.makeAgent(proxy, this.#limits.patienceMs, this.#agentOptions);
    this.#secure.set(key, made);
    return made;
  }
}

/** Ends a transfer that is too slow in any stretch of the patience. */
class Watch {
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;
  #isHeld = false;

  constructor(limits: HttpLimits, stall: () => void) {
    const least = (limits.leastBytesPerSecond * limits.patienceMs) / 1000;
    this.#timer = setInterval(() => {
      if (this.#bytes < least && !this.#isHeld) stall();
      this.#bytes = 0;
    }, limits.patienceMs);
  }

  async *over(
    body: AsyncIterable<Uint8Array>,
    pace: ((bytes: number) => Promise<void>) | null,
  ): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      this.#bytes += piece.length;
      yield piece;
      if (!pace) continue;
      // We keep the server waiting, not the server us.
      this.#isHeld = true;
      await pace(piece.length);
      this.#isHeld = false;
      this.#bytes = Number.POSITIVE_INFINITY;
    }
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
