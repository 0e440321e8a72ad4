import { setTimeout as sleep } from 'node:timers/promises';
import { FormatError } from '../format/errors.ts';
import { geoPath, parseGeoReply } from '../format/geo.ts';
import { CacheFault, NoServer, Refusal } from './errors.ts';
import { HTTP_LIMITS, HttpClient, type HttpLimits, HttpStatus, type Pace } from './http.ts';
import { type ProxyGroups, type Way, Ways } from './proxies.ts';
import { collect } from './receive.ts';

export interface ServerOptions {
  readonly limits?: HttpLimits;
  /** Of one server, after a transfer that broke. */
  readonly retries?: number;
  /** Doubled with each retry, up to five times this; the wait is anything between half and the whole of it. */
  readonly backOffMs?: number;
  /** How long a server that failed comes after the others. */
  readonly penaltyMs?: number;
  /** None: straight to the servers. */
  readonly proxies?: ProxyGroups;
  /** How long a proxy that failed comes after the others. */
  readonly proxyResetMs?: number;
  /** Holds transfers together to a rate; asked after each piece. */
  readonly pace?: Pace;
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
 * caches, a broken transfer is repeated after a while, and then the next proxy has its turn, and after all of them the
 * next server.
 */
export class Servers {
  #servers: Server[];
  readonly #http: HttpClient;
  readonly #ways: Ways;
  readonly #retries: number;
  readonly #backOffMs: number;
  readonly #penaltyMs: number;

  /** @param urls addresses of the repository, as "http://host/cvmfs/name" */
  constructor(urls: readonly string[], options: ServerOptions = {}) {
    this.#servers = urls.map((url) => ({
      base: new URL(url.endsWith('/') ? url : `${url}/`),
      failedUntilMs: 0,
    }));
    this.#http = new HttpClient(options.limits ?? HTTP_LIMITS, options.pace);
    this.#ways = new Ways(options.proxies ?? [[null]], options.proxyResetMs ?? 300_000);
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
      const outcome = await this.#byAnyWay(server, signal, work);
      if ('value' in outcome) return outcome.value;
      for (const { way, error } of outcome.errors) {
        if (isRefusal(error)) refusal = error;
        const by = way.proxy ? ` through ${way.proxy.host}` : '';
        reasons.push(`${server.base.host}${by} ${error instanceof Error ? error.message : error}`);
      }
      // Nothing is known of servers that no proxy leads to.
      if (outcome.errors.every(({ way, error }) => isOfProxy(way, error))) break;
      // Who lacks one thing may have all others.
      if (!outcome.errors.some(({ way, error }) => isServersWord(way, error)))
        server.failedUntilMs = Date.now() + this.#penaltyMs;
    }
    throw refusal ?? new NoServer(what, reasons);
  }

  /** Whether the server that is asked next takes requests for several objects. Proxies keep only what is asked for singly. */
  get packs(): boolean {
    const [server] = this.#inOrder();
    const [way] = this.#ways.inOrder();
    return server !== undefined && way?.proxy === null && this.#http.packs(server.base);
  }

  /** Several objects from that server, in one answer. What fails is for attempt(). */
  async pack(
    paths: readonly string[],
    signal: AbortSignal,
    take: (body: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void> {
    const [server] = this.#inOrder();
    if (!server) throw new NoServer('a pack', []);
    const url = new URL('pack', server.base);
    try {
      await this.#http.get({ url, proxy: null, headers: {}, signal, body: paths.join('\n') }, take);
    } catch (error) {
      if (!(error instanceof CacheFault)) this.#http.packsNot(server.base);
      throw error;
    }
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
    return [...this.#servers].sort((a, b) => failed(a) - failed(b));
  }

  /** Whose fault it was is known when another way led to the same server. */
  async #byAnyWay<T>(
    server: Server,
    signal: AbortSignal,
    work: (get: Get) => Promise<T>,
  ): Promise<{ value: T } | { errors: readonly { way: Way; error: unknown }[] }> {
    const errors: { way: Way; error: unknown }[] = [];
    for (const way of this.#ways.inOrder()) {
      const outcome = await this.#try(server, way, signal, work);
      if ('value' in outcome) {
        for (const one of errors) this.#ways.failed(one.way);
        way.failedUntilMs = 0;
        return outcome;
      }
      const { error } = outcome;
      errors.push({ way, error });
      if (isOfProxy(way, error)) this.#ways.failed(way);
      if (isServersWord(way, error)) break;
    }
    return { errors };
  }

  async #try<T>(
    server: Server,
    way: Way,
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
        const get: Get = (path, take) =>
          this.#http.get({ url: new URL(path, server.base), proxy: way.proxy, headers, signal }, take);
        const value = await work(get);
        server.failedUntilMs = 0;
        return { value };
      } catch (error) {
        if (signal.aborted || error instanceof CacheFault) throw error;
        if (isRefusal(error)) {
          if (pastCaches) return { error };
          pastCaches = true;
        } else {
          if (isServersWord(way, error) || retry >= this.#retries) return { error };
          const whole = this.#backOffMs * Math.min(5, 2 ** retry);
          await sleep(whole * (0.5 + Math.random() / 2), undefined, { signal });
          retry++;
        }
      }
    }
  }
}

/** Its own answer, which no repetition and no other way changes. A proxy has reasons of its own for most others. */
function isServersWord({ proxy }: Way, error: unknown): boolean {
  if (!(error instanceof HttpStatus)) return false;
  return proxy ? [400, 404, 410].includes(error.status) : error.status < 500;
}

/** The only connection of a request through a proxy is that to the proxy. */
function isOfProxy({ proxy }: Way, error: unknown): boolean {
  const { syscall } = error as NodeJS.ErrnoException;
  return proxy !== null && (syscall === 'connect' || syscall === 'getaddrinfo');
}

function isRefusal(error: unknown): error is Error {
  return error instanceof Refusal || error instanceof FormatError;
}
