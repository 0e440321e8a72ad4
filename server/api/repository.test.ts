import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makePublished } from '../../cvmfs/testkit/published.ts';
import { scratch } from '../../cvmfs/testkit/sample.ts';
import { testServer } from '../testkit/server.ts';

const folder = scratch();

test('a published repository is read from the project server, each revision as soon as it is there', async () => {
  const server = await testServer();
  try {
    const published = await makePublished(folder);
    mkdirSync(join(server.folder, 'cvmfs'));
    symlinkSync(published.folder, join(server.folder, 'cvmfs', published.name));
    writeFileSync(join(server.folder, 'cvmfs', 'secret'), 'no');
    const source = join(folder, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'one'), 'first');
    await published.publish(source);
    const address = `${server.url}/cvmfs/${published.name}`;
    const first = await published.open({ server: address });
    expect(String(await first.snapshot.readFile('/one'))).toBe('first');

    writeFileSync(join(source, 'two'), 'second');
    await published.publish(source);
    const second = await published.open({ server: address });
    expect(String(await second.snapshot.readFile('/two'))).toBe('second');

    const manifest = await fetch(`${address}/.cvmfspublished`);
    expect(manifest.headers.get('cache-control')).toBe('no-cache');
    const etag = manifest.headers.get('etag') ?? '';
    const again = await fetch(`${address}/.cvmfspublished`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    const [, root = ''] = /^C([0-9a-f]{40})$/m.exec(await manifest.text()) ?? [];
    const path = `data/${root.slice(0, 2)}/${root.slice(2)}C`;
    const part = await fetch(`${address}/${path}`, { headers: { range: 'bytes=2-5' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('cache-control')).toContain('immutable');
    const stored = readFileSync(join(published.folder, path)).subarray(2, 6);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(stored);

    for (const other of [
      `${published.name}/data/00/${'0'.repeat(38)}`,
      `${published.name}/data/00`,
      `${published.name}/..%2fsecret`,
      '..%2fstaff.token/.cvmfspublished',
      'secret/.cvmfspublished',
    ]) {
      expect((await fetch(`${server.url}/cvmfs/${other}`)).status, other).toBe(404);
    }
    // Many small objects in one answer, for who has a profile of what it will read.
    for (let i = 0; i < 100; i++) writeFileSync(join(source, `small${i}`), `${i}`.repeat(50));
    await published.publish(source);
    const asked: string[] = [];
    const passing = createServer((incoming, response) => {
      asked.push(`${incoming.method} ${incoming.url?.split('/').slice(3).join('/')}`);
      const { method, headers } = incoming;
      const passed = request(`${server.url}${incoming.url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      incoming.pipe(passed);
    });
    passing.listen(0, '127.0.0.1');
    await new Promise((resolve) => passing.once('listening', resolve));
    const through = `http://127.0.0.1:${(passing.address() as AddressInfo).port}/cvmfs/${published.name}`;
    const noting = await published.open({ server: through, record: true });
    for (let i = 0; i < 100; i++) await noting.snapshot.readFile(`/small${i}`);
    expect(asked.length).toBeGreaterThan(100);
    asked.length = 0;
    const profile = noting.recorded();
    const missing = { object: 'ab'.repeat(20), bytes: 5 };
    const ahead = await published.open({
      server: through,
      profile: { ...profile, objects: [missing, ...profile.objects] },
    });
    await ahead.loadedAhead();
    expect(asked.filter((one) => one === 'POST pack').length).toBeGreaterThan(0);
    // The signed files, the root catalog, what it has not, and packs.
    expect(asked.length).toBeLessThan(12);
    asked.length = 0;
    for (let i = 0; i < 100; i++)
      expect(String(await ahead.snapshot.readFile(`/small${i}`))).toBe(`${i}`.repeat(50));
    expect(asked).toEqual([]);
    for (const body of ['', 'data/00/../../secret', `${path}\n`.repeat(65)]) {
      expect((await fetch(`${address}/pack`, { method: 'POST', body })).status, body).toBe(400);
    }
    passing.closeAllConnections();
    await new Promise((resolve) => passing.close(resolve));
    await published.close();
  } finally {
    await server.remove();
  }
});
