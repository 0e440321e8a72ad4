import { expect, onTestFinished, test } from 'vitest';
import { serveRepository } from '../testkit/server.ts';
import { HttpClient } from './http.ts';
import { collect } from './receive.ts';

test('an answer that nobody wants to read gives its connection back', async () => {
  const server = await serveRepository('http.example.org', new Map([['here', Buffer.from('content')]]));
  const client = new HttpClient({ patienceMs: 1000, leastBytesPerSecond: 1, connections: 1 });
  onTestFinished(() => client.close());
  const { signal } = new AbortController();
  const get = (path: string) =>
    client.get({ url: new URL(`${server.url}/${path}`), proxy: null, headers: {}, signal }, (body) =>
      collect(body, path, 100),
    );
  for (let i = 0; i < 3; i++) await expect(get('none')).rejects.toThrow('answered 404');
  expect(String(await get('here'))).toBe('content');
});
