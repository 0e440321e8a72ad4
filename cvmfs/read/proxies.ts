import { ProxiesInvalid } from './errors.ts';

/** An HTTP proxy, or null: none between. */
export type HttpProxy = URL | null;

/** In order of preference; those of one group are alike, and each reader takes one of them at random. */
export type ProxyGroups = readonly (readonly HttpProxy[])[];

/**
 * What CVMFS_HTTP_PROXY says: groups by ";", their members by "|", "DIRECT" for none between.
 * @throws ProxiesInvalid naming the part that is none
 */
export function parseProxies(text: string): ProxyGroups {
  const groups = text
    .split(';')
    .map((group) =>
      group
        .split('|')
        .map((one) => one.trim())
        .filter((one) => one !== '')
        .map(parseProxy),
    )
    .filter((group) => group.length > 0);
  if (groups.length === 0) throw new ProxiesInvalid('no proxy is named; DIRECT means to go without');
  return groups;
}

function parseProxy(text: string): HttpProxy {
  if (text === 'DIRECT') return null;
  if (text === 'auto') throw new ProxiesInvalid('proxies are not looked for ("auto"); name them');
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full) || new URL(full).protocol !== 'http:')
    throw new ProxiesInvalid(`${JSON.stringify(text)} is no proxy; write http://host:3128 or DIRECT`);
  return new URL(full);
}

/** A way to all servers. */
export interface Way {
  readonly proxy: HttpProxy;
  failedUntilMs: number;
}

/**
 * The ways to servers. The first that has not failed lately is taken; a way that failed comes after all others until its
 * time is over, so that one returns to the first group by itself.
 */
export class Ways {
  readonly #ways: readonly Way[];
  readonly #resetMs: number;

  constructor(groups: ProxyGroups, resetMs: number) {
    this.#ways = groups.flatMap((group) => shuffled(group).map((proxy) => ({ proxy, failedUntilMs: 0 })));
    this.#resetMs = resetMs;
  }

  inOrder(): Way[] {
    const now = Date.now();
    const failed = (way: Way) => (way.failedUntilMs > now ? 1 : 0);
    return this.#ways.toSorted((a, b) => failed(a) - failed(b));
  }

  failed(way: Way): void {
    way.failedUntilMs = Date.now() + this.#resetMs;
  }
}

function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

export function proxyHeaders({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
