import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';

export interface HttpLimits {
  /** Until the headers are here, and for each stretch in which too little comes. */
  readonly patienceMs: number;
  /** Less than this is a server that stalls. */
  readonly leastBytesPerSecond: number;
  readonly connections: number;
}

export const HTTP_LIMITS: HttpLimits = { patienceMs: 10_000, leastBytesPerSecond: 1024, connections: 8 };

/** The server answered, but not with what was asked for. */
export class HttpStatus extends Error {
  override readonly name = 'HttpStatus';
  readonly status: number;
  constructor(status: number) {
    super(`answered ${status}`);
    this.status = status;
  }
}

/**
 * GET over connections that are kept. Not fetch(): that would inflate what a server declares to be compressed, without
 * a bound, and follow it elsewhere.
 */
export class HttpClient {
  readonly #limits: HttpLimits;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  constructor(limits: HttpLimits = HTTP_LIMITS) {
    const options = { keepAlive: true, maxSockets: limits.connections, noDelay: true };
    this.#limits = limits;
    this.#http = new HttpAgent(options);
    this.#https = new HttpsAgent(options);
  }

  /** @param take reads the body; what it leaves is thrown away */
  async get<T>(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    take: (body: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T> {
    const stalled = new AbortController();
    const watch = new Watch(this.#limits, () => stalled.abort(new Error('the server stalls')));
    const either = AbortSignal.any([signal, stalled.signal]);
    try {
      const answer = await this.#answer(url, headers, either);
      try {
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

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  #answer(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const isHttps = url.protocol === 'https:';
      const options = { headers: { ...headers, 'user-agent': 'beamtime' }, signal };
      const request = isHttps
        ? httpsGet(url, { ...options, agent: this.#https }, resolve)
        : httpGet(url, { ...options, agent: this.#http }, resolve);
      request.on('error', reject);
    });
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
