import { setTimeout as sleep } from 'node:timers/promises';
import { FormatError } from '../format/errors.ts';
import { geoPath, parseGeoReply } from '../format/geo.ts';
import { CacheFault, NoServer, Refusal } from './errors.ts';
import { HTTP_LIMITS, HttpClient, type HttpLimits, HttpStatus } from './http.ts';
import { collect } from './receive.ts';

export interface ServerOptions {
  readonly limits?: HttpLimits;
  /** Of one server, after a transfer that broke. */
  readonly retries?: number;
  /** Doubled with each retry, up to five times this; the wait is anything between half and the whole of it. */
  readonly backOffMs?: number;
  /** How long a server that failed comes after the others. */
  readonly penaltyMs?: number;
}

/** Reads from one server, whose base address is known to it. */
export type Get = <T>(path: string, take: (body: AsyncIterable<Uint8Array>) => Promise<T>) => Promise<T>;

interface Server {
  readonly base: URL;
  failedUntilMs: number;
}

/**
 * The servers of one repository, in order of preference. A request goes to the first that has not failed lately; what
 * is wrong with its answer sends it on: bytes that are not what they should be are asked for once more past all
 * caches, a broken transfer is repeated after a while, and then the next server has its turn.
 */
export class Servers {
  #servers: Server[];
  readonly #http: HttpClient;
  readonly #retries: number;
  readonly #backOffMs: number;
  readonly #penaltyMs: number;

  /** @param urls addresses of the repository, as "http://host/cvmfs/name" */
  constructor(urls: readonly string[], options: ServerOptions = {}) {
    this.#servers = urls.map((url) => ({
      base: new URL(url.endsWith('/') ? url : `${url}/`),
      failedUntilMs: 0,
    }));
    this.#http = new HttpClient(options.limits ?? HTTP_LIMITS);
    this.#retries = options.retries ?? 1;
    this.#backOffMs = options.backOffMs ?? 2000;
    this.#penaltyMs = options.penaltyMs ?? 300_000;
  }

  get hosts(): readonly string[] {
    return this.#servers.map(({ base }) => base.host);
  }

  /**
   * Does `work` with one server after another until it succeeds.
   * @throws Refusal or FormatError where any server's bytes were refused (that tells more than a server that is away),
   *   NoServer, or CacheFault
   */
  async attempt<T>(what: string, signal: AbortSignal, work: (get: Get) => Promise<T>): Promise<T> {
    const reasons: string[] = [];
    let refusal: Error | null = null;
    for (const server of this.#inOrder()) {
      const outcome = await this.#try(server, signal, work);
      if ('value' in outcome) return outcome.value;
      const { error } = outcome;
      // Who lacks one thing may have all others.
      if (!(error instanceof HttpStatus && error.status < 500))
        server.failedUntilMs = Date.now() + this.#penaltyMs;
      if (isRefusal(error)) refusal = error;
      reasons.push(`${server.base.host} ${error instanceof Error ? error.message : error}`);
    }
    throw refusal ?? new NoServer(what, reasons);
  }

  /** Asks for the nearest server to be first. @returns whether any of them could tell */
  async sortByDistance(asker: string, signal: AbortSignal): Promise<boolean> {
    const { hosts } = this;
    if (hosts.length < 2) return true;
    try {
      const order = await this.attempt('the distances of servers', signal, async (get) => {
        const reply = await get(geoPath(asker, hosts), (body) => collect(body, 'a geo reply', 4096));
        return parseGeoReply(reply.toString('latin1'), hosts.length);
      });
      this.#servers = order.map((index) => this.#servers[index]).filter((server) => server !== undefined);
      return true;
    } catch (error) {
      if (error instanceof NoServer || isRefusal(error)) return false;
      throw error;
    }
  }

  close(): void {
    this.#http.close();
  }

  #inOrder(): Server[] {
    const now = Date.now();
    const failed = (server: Server) => (server.failedUntilMs > now ? 1 : 0);
    return this.#servers.toSorted((a, b) => failed(a) - failed(b));
  }

  async #try<T>(
    server: Server,
    signal: AbortSignal,
    work: (get: Get) => Promise<T>,
  ): Promise<{ value: T } | { error: unknown }> {
    let pastCaches = false;
    for (let retry = 0; ; ) {
      signal.throwIfAborted();
      const headers: Record<string, string> = pastCaches
        ? { 'cache-control': 'no-cache', pragma: 'no-cache' }
        : {};
      try {
        const get: Get = (path, take) => this.#http.get(new URL(path, server.base), headers, signal, take);
        const value = await work(get);
        server.failedUntilMs = 0;
        return { value };
      } catch (error) {
        if (signal.aborted || error instanceof CacheFault) throw error;
        if (isRefusal(error)) {
          if (pastCaches) return { error };
          pastCaches = true;
        } else {
          const useless = error instanceof HttpStatus && error.status < 500;
          if (useless || retry >= this.#retries) return { error };
          const whole = this.#backOffMs * Math.min(5, 2 ** retry);
          await sleep(whole * (0.5 + Math.random() / 2), undefined, { signal });
          retry++;
        }
      }
    }
  }
}

function isRefusal(error: unknown): error is Error {
  return error instanceof Refusal || error instanceof FormatError;
}
