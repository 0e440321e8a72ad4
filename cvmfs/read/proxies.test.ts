import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { selfSignedCertificate } from '../format/self-signed.ts';
import type { Files } from '../testkit/made-repository.ts';
import { forwardProxy, type TestProxy } from '../testkit/proxy.ts';
import { serveRepository } from '../testkit/server.ts';
import { parseProxies, Ways } from './proxies.ts';
import { collect } from './receive.ts';
import { Servers } from './servers.ts';

const NAME = 'proxied.example.org';
const files: Files = new Map(['a', 'b', 'c', 'd'].map((name) => [name, Buffer.from(`content of ${name}`)]));
const never = new AbortController().signal;

function reader(urls: readonly string[], proxies: string, proxyResetMs = 60_000) {
  const servers = new Servers(urls, {
    proxies: parseProxies(proxies),
    proxyResetMs,
    retries: 0,
    limits: { patienceMs: 500, leastBytesPerSecond: 1024, connections: 4 },
  });
  onTestFinished(() => servers.close());
  return async (path: string) =>
    String(await servers.attempt(path, never, (get) => get(path, (body) => collect(body, path, 1000))));
}

const taken = (...proxies: TestProxy[]) => proxies.map(({ asked }) => asked.splice(0).length);

test('the setting is read as the reference client reads it', () => {
  const hrefs = (text: string) => parseProxies(text).map((group) => group.map((one) => one?.href ?? null));
  expect(hrefs('http://a:3128|b:80; DIRECT;')).toEqual([['http://a:3128/', 'http://b/'], [null]]);
  for (const bad of ['', ' ; ', 'auto', 'socks5://a', 'http://']) {
    expect(() => parseProxies(bad), bad).toThrow(expect.objectContaining({ name: 'ProxiesInvalid' }));
  }
});

test('those of one group share the readers, and groups keep their order', () => {
  const firsts = new Map<string, number>();
  for (let i = 0; i < 300; i++) {
    const [first, second, third] = new Ways(parseProxies('http://a|http://b;http://c'), 1).inOrder();
    const host = first?.proxy?.host ?? '';
    firsts.set(host, (firsts.get(host) ?? 0) + 1);
    expect([second?.proxy?.host, third?.proxy?.host]).toEqual([host === 'a' ? 'b' : 'a', 'c']);
  }
  // Of 300 fair throws fewer than 90 on one side: less than once in 10^11.
  expect(Math.min(firsts.get('a') ?? 0, firsts.get('b') ?? 0)).toBeGreaterThan(90);
});

test('goes through the proxy alone, with what it wants to know', async () => {
  const server = await serveRepository(NAME, files);
  const proxy = await forwardProxy();
  const read = reader([server.url], proxy.url.replace('//', '//me:p%40ss@'));
  expect(await read('a')).toBe('content of a');
  expect(proxy.asked).toEqual([`${server.url}/a`]);
  expect(proxy.credentials).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
  // The proxy says what the server says: nobody is to blame, and no other way is tried.
  const other = await forwardProxy();
  await expect(reader([server.url], `${proxy.url};${other.url}`)('none')).rejects.toThrow('answered 404');
  expect(taken(other)).toEqual([0]);
  await proxy.stop();
  await expect(read('b')).rejects.toMatchObject({ name: 'NoServer' });
  expect(server.asked).toEqual(['a', 'none']);
});

test('a proxy that dies or fails is left for the next of its group, then for the next group, and asked again in time', async () => {
  const server = await serveRepository(NAME, files);
  const [one, two, last] = [await forwardProxy(), await forwardProxy(), await forwardProxy()];
  const read = reader([server.url], `${one.url}|${two.url};${last.url};DIRECT`, 400);
  await read('a');
  const [first, second] = one.asked.length > 0 ? [one, two] : [two, one];
  expect(taken(first, second, last)).toEqual([1, 0, 0]);
  first.misdeed = (response) => {
    response.writeHead(502).end('bad gateway');
    return true;
  };
  expect(await read('b')).toBe('content of b');
  expect(taken(first, second, last)).toEqual([1, 1, 0]);
  // It is known to fail now.
  await read('c');
  expect(taken(first, second, last)).toEqual([0, 1, 0]);
  await second.stop();
  expect(await read('d')).toBe('content of d');
  expect(taken(first, second, last)).toEqual([0, 0, 1]);
  last.misdeed = (response) => {
    response.writeHead(403).end('not allowed');
    return true;
  };
  expect(await read('a')).toBe('content of a');
  expect(taken(first, second, last)).toEqual([0, 0, 1]);
  // Straight, before any that has failed is asked again.
  expect(server.asked.at(-1)).toBe('a');
  first.misdeed = null;
  await new Promise((resolve) => setTimeout(resolve, 450));
  await read('b');
  expect(taken(first, second, last)).toEqual([1, 0, 0]);
});

test('a server that fails behind good proxies is left for the next server, and the proxies stay', async () => {
  const dead = await serveRepository(NAME, files);
  await dead.stop();
  const good = await serveRepository(NAME, files);
  const proxy = await forwardProxy();
  const read = reader([dead.url, good.url], proxy.url);
  // The proxy answers 502 for a server that is away.
  expect(await read('a')).toBe('content of a');
  expect(taken(proxy)).toEqual([2]);
  expect(await read('b')).toBe('content of b');
  expect(taken(proxy)).toEqual([1]);
  // Wrong bytes are asked for past the proxy's cache, and then elsewhere.
  await proxy.stop();
  await expect(read('c')).rejects.toThrow(/NoServer|ECONNREFUSED/);
});

test('TLS goes through a tunnel', async () => {
  // OpenSSL takes no smaller one for TLS.
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const secure = createServer({ key, cert: selfSignedCertificate(privateKey, 'test', Date.now() - 1000, 1) });
  secure.listen(0, '127.0.0.1');
  await new Promise((resolve) => secure.once('listening', resolve));
  onTestFinished(() => void secure.close());
  const { port } = secure.address() as AddressInfo;
  const proxy = await forwardProxy();
  // The certificate of the far end was seen, and is nobody's that is known.
  await expect(reader([`https://127.0.0.1:${port}`], proxy.url)('a')).rejects.toThrow(
    /self-signed certificate/,
  );
  expect(proxy.asked).toEqual([`127.0.0.1:${port}`]);
});
