import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EngineEndpoint, EngineState } from '../../protocol/engine-api.ts';
import { Preferences } from '../../protocol/preferences.ts';
import { ApiError } from '../../protocol/project-api.ts';
import { TestEngine, WITHIN } from '../testkit/real-engine.ts';

let engine: TestEngine;
let page: string;

beforeAll(async () => {
  page = await mkdtemp(join(tmpdir(), 'beamtime-page-'));
  await writeFile(join(page, 'index.html'), '<!doctype html><title>Page</title>');
  await writeFile(join(page, '.hidden'), 'not served');
  engine = await TestEngine.start({ rendererFolder: page, insist: false });
});
afterAll(async () => {
  await engine?.remove();
  await rm(page, { recursive: true });
});

interface Sent {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/** As anybody on this machine could ask: any Host, any Origin, any token. fetch() would not let us. */
function send(
  path: string,
  {
    headers = {},
    method = 'GET',
    body = '',
  }: { headers?: Record<string, string>; method?: string; body?: string } = {},
): Promise<Sent> {
  const { port } = new URL(engine.running.url);
  const own = { authorization: `Bearer ${engine.running.token}` };
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, method, headers: { ...own, ...headers } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

const code = ({ text }: Sent) => ApiError.parse(JSON.parse(text)).error.code;
const hosts = () => {
  const { port } = new URL(engine.running.url);
  return { port, right: [`127.0.0.1:${port}`, `localhost:${port}`] };
};

describe('who may ask', () => {
  test.each(['', 'Bearer', 'Bearer wrong', 'Basic dXNlcjpwYXNz'])(
    'nobody with the token "%s"',
    async (authorization) => {
      for (const path of ['/api/v1/state', '/api/v1/events', '/api/v1/preferences', '/api/v1/nothing']) {
        const answer = await send(path, { headers: { authorization } });
        expect(answer.status).toBe(401);
        expect(code(answer)).toBe('token');
        expect(answer.text).not.toContain(engine.running.token);
      }
    },
  );

  test('nobody with the token in the address: it would stand in logs and histories', async () => {
    const { token } = engine.running;
    const answer = await send(`/api/v1/state?token=${token}`, { headers: { authorization: '' } });
    expect(answer.status).toBe(401);
  });

  test('no page whose name was rebound to this machine', async () => {
    const { port, right } = hosts();
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1:1`,
      `127.0.0.1.evil.example:${port}`,
      `[::1]:${port}`,
    ]) {
      for (const path of ['/api/v1/state', '/']) {
        const answer = await send(path, { headers: { host } });
        expect([host, answer.status]).toEqual([host, 403]);
        expect(code(answer)).toBe('wrong-host');
      }
    }
    for (const host of right) expect((await send('/api/v1/state', { headers: { host } })).status).toBe(200);
  });

  test('no page of another origin, not even with the token', async () => {
    const { port, right } = hosts();
    for (const origin of [
      'https://evil.example',
      'null',
      `https://127.0.0.1:${port}`,
      'http://127.0.0.1:1',
      `http://evil.example:${port}`,
    ]) {
      const answer = await send('/api/v1/pause', {
        method: 'POST',
        headers: { origin },
        body: '{"forSeconds":1}',
      });
      expect([origin, answer.status]).toEqual([origin, 403]);
      expect(code(answer)).toBe('foreign-origin');
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
    expect(engine.state().status.state).not.toBe('paused');
    for (const host of right) {
      expect((await send('/api/v1/state', { headers: { host, origin: `http://${host}` } })).status).toBe(200);
    }
  });

  test('listens on loopback only, and tells its user alone where', async () => {
    const file = join(engine.folder, 'endpoint.json');
    const endpoint = EngineEndpoint.parse(JSON.parse(await readFile(file, 'utf8')));
    expect(endpoint).toEqual({ url: engine.running.url, token: engine.running.token, pid: process.pid });
    const { stat } = await import('node:fs/promises');
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o077).toBe(0);
    expect(new URL(endpoint.url).hostname).toBe('127.0.0.1');
  });
});

describe('what it answers', () => {
  test('the page without a token, under a policy that lets it run nothing else', async () => {
    const answer = await send('/', { headers: { authorization: '' } });
    expect(answer).toMatchObject({ status: 200, text: expect.stringContaining('<title>Page</title>') });
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    for (const path of [
      '/.hidden',
      '/../engine.log',
      '/%2e%2e/engine.log',
      '/..%2fendpoint.json',
      '/endpoint.json',
    ]) {
      expect([path, (await send(path)).status]).toEqual([path, 404]);
    }
  });

  test('what it does not understand: with the place', async () => {
    const put = (body: string) => send('/api/v1/preferences', { method: 'PUT', body });
    const wrong = await put(JSON.stringify({ ...Preferences.parse({}), maxCores: 'many' }));
    expect(wrong.status).toBe(422);
    expect(JSON.parse(wrong.text).error).toMatchObject({ code: 'invalid', place: 'maxCores' });
    expect((await put('{')).status).toBe(422);
    expect((await put(JSON.stringify({ ...Preferences.parse({}), more: 1 }))).status).toBe(422);
    expect((await put(`"${'x'.repeat(70_000)}"`)).status).toBe(413);
    expect((await send('/api/v1/pause', { method: 'POST', body: '{"forSeconds":-1}' })).status).toBe(422);
    expect((await send('/api/v1/history?days=zero')).status).toBe(422);
    expect((await send('/api/v1/console/none')).status).toBe(404);
    expect((await send('/api/v1/nothing')).status).toBe(404);
    const invitation = await send('/api/v1/join', {
      method: 'POST',
      body: '{"invitation":"https://example.org"}',
    });
    expect(invitation.status).toBe(422);
    expect(JSON.parse(invitation.text).error.message).toMatch(/invitation/);
  });

  test('preferences are stored, and hold for the next life', async () => {
    const wished = { ...Preferences.parse({}), maxCores: 1, capsule: 'wasm' };
    expect((await engine.ask('PUT', '/preferences', wished)).json).toEqual(wished);
    expect((await engine.ask('GET', '/preferences')).json).toEqual(wished);
    await engine.stop();
    await engine.start();
    expect((await engine.ask('GET', '/preferences')).json).toEqual(wished);
    expect(engine.state().preferences).toEqual(wished);
  });

  test('a pause outlives the engine; its end is told', async () => {
    expect((await engine.ask('POST', '/pause', { forSeconds: 3600 })).status).toBe(204);
    await engine.stop();
    await engine.start();
    const { status } = await engine.until(({ status }) => status.state === 'paused');
    expect(Math.abs(Date.parse(status.pausedUntil ?? '') - Date.now() - 3_600_000)).toBeLessThan(120_000);
    expect((await engine.ask('POST', '/resume')).status).toBe(204);
    expect(engine.state().status.state).not.toBe('paused');
  });

  test('history and doctor', async () => {
    expect((await engine.ask('GET', '/history?days=30')).json).toEqual({ days: [] });
    const { json } = await engine.ask('GET', '/doctor');
    expect(json).toMatchObject({
      checks: expect.arrayContaining([expect.objectContaining({ name: 'project' })]),
    });
  });
});

describe('the stream', () => {
  async function listen(query = '') {
    const { url, token } = engine.running;
    const leave = new AbortController();
    const answer = await fetch(`${url}/api/v1/events${query}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: leave.signal,
    });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const events: { event: string; data: unknown }[] = [];
    const done = (async () => {
      const text = answer.body
        ?.pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream());
      for await (const { event = '', data } of text ?? []) events.push({ event, data: JSON.parse(data) });
    })().catch((error: unknown) => {
      if (!leave.signal.aborted) throw error;
    });
    return { events, done, leave: () => leave.abort() };
  }

  test('of some resources only, where a client shows no more', async () => {
    const some = await listen('?only=status,engineVersion,of-a-newer-client');
    await expect.poll(() => some.events.length, WITHIN).toBeGreaterThan(0);
    expect(Object.keys(some.events[0]?.data ?? {}).sort()).toEqual(['engineVersion', 'status']);
    await engine.ask('PUT', '/preferences', Preferences.parse({ maxCores: 3 }));
    await engine.ask('POST', '/pause', { forSeconds: null });
    const last = () => some.events.at(-1)?.data;
    await expect.poll(last, WITHIN).toMatchObject({ state: 'paused' });
    await engine.ask('PUT', '/preferences', Preferences.parse({}));
    await engine.ask('POST', '/resume');
    await expect.poll(last, WITHIN).not.toMatchObject({ state: 'paused' });
    expect(new Set(some.events.slice(1).map(({ event }) => event))).toEqual(new Set(['status']));
    some.leave();
    await some.done;
  });

  test('first all, then what changes, to everybody', async () => {
    const [one, two] = await Promise.all([listen(), listen()]);
    await expect.poll(() => [one.events.length > 0, two.events.length > 0], WITHIN).toEqual([true, true]);
    const [first] = one.events;
    expect(first?.event).toBe('state');
    EngineState.parse(first?.data);
    await engine.ask('POST', '/pause', { forSeconds: null });
    for (const { events } of [one, two]) {
      await expect
        .poll(() => events.filter(({ event }) => event === 'status').at(-1)?.data, WITHIN)
        .toMatchObject({ state: 'paused', pausedUntil: null });
    }
    // Snapshot and deltas together are what the state is.
    await engine.ask('POST', '/resume');
    await expect
      .poll(async () => {
        const rebuilt = Object.fromEntries([
          ...Object.entries(one.events[0]?.data ?? {}),
          ...one.events.slice(1).map(({ event, data }) => [event, data]),
        ]);
        const { cores: _, status, ...rest } = EngineState.parse(rebuilt);
        const { cores: __, status: now, ...current } = engine.state();
        return JSON.stringify([rest, status.state]) === JSON.stringify([current, now.state]);
      }, WITHIN)
      .toBe(true);
    one.leave();
    two.leave();
    await Promise.all([one.done, two.done]);
  });

  test('ends when the engine does, and with it the endpoint', async () => {
    const { done, events } = await listen();
    await expect.poll(() => events.length, WITHIN).toBeGreaterThan(0);
    const { ended } = engine.running;
    expect((await engine.ask('POST', '/stop', { finish: false })).status).toBe(202);
    await Promise.all([ended, done]);
    await expect(readFile(join(engine.folder, 'endpoint.json'))).rejects.toThrow('ENOENT');
    await engine.start();
  });
});
