import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../platform/files.ts';
import { API_PREFIX, type Lease } from '../../protocol/project-api.ts';
import { serverFiles } from '../files.ts';
import { equalSecrets, newToken } from '../secrets.ts';
import { Client, finished, Host, refusal, Staff } from '../testkit/client.ts';
import { modelCampaign, modelPrograms, modelRelease } from '../testkit/model.ts';
import { closeRaw, sendRaw } from '../testkit/raw-request.ts';
import { type TestServer, testServer } from '../testkit/server.ts';

let server: TestServer;
let anybody: Client;
let host: Host;
let staff: Staff;
let lease: Lease;

const SCRIPT = '<script>alert(1)</script>';

beforeAll(async () => {
  server = await testServer();
  anybody = new Client(server.url);
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
  await staff.push(modelCampaign('attacked', { title: SCRIPT, description: SCRIPT }));
  host = await Host.register(server.url);
  lease = await host.lease();
});
afterAll(async () => {
  closeRaw();
  await server?.remove();
});

/** All files of the server, by path. */
function filesOnDisk(): string[] {
  return readdirSync(server.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('names of output files', () => {
  const reportOf = (path: string) => {
    const report = finished(lease, { [path]: 'x' });
    if (report.outcome.state === 'finished')
      for (const file of report.outcome.files) file.data = Buffer.from('x').toString('base64');
    return host.send('POST', '/results', report);
  };

  test.each([
    ['', 'nothing'],
    ['..', 'the folder above'],
    ['../x', 'out of the folder'],
    ['a/../../x', 'in and out of it'],
    ['/etc/passwd', 'absolute'],
    ['a//b', 'an empty part'],
    ['./a', 'a dot'],
    ['a/', 'a slash at the end'],
    ['a\0b', 'NUL'],
    [`blocks.jsonl\n${'0'.repeat(64)}  other`, 'a line of the manifest'],
    ['a\u007f', 'DEL'],
    ['a\u009b31m', 'a terminal’s command'],
    ['x'.repeat(256), 'too long'],
  ])('%j (%s) is refused', async (path) => {
    expect(refusal(await reportOf(path), 422).place).toBe('outcome.files[0].path');
  });

  test('others are no more than names: bytes are kept by their hash', async () => {
    const names = ['..\\..\\x.exe', 'C:\\x.exe', 'CON', 'nul.txt', 'a:b', '~', '-rf', '%2e%2e%2fx'];
    const report = finished(lease, Object.fromEntries(names.map((name, i) => [name, `${i}`])));
    if (report.outcome.state !== 'finished') throw new Error('not a report of outputs');
    report.outcome.files.forEach((file) => {
      file.data = Buffer.from(`${names.indexOf(file.path)}`).toString('base64');
    });
    // None of them is what the release wants; the report itself is a sound one.
    expect(await host.report(report)).toMatchObject({ state: 'invalid' });
    const found = filesOnDisk();
    for (const name of names) expect(found.filter((path) => path.endsWith(name))).toEqual([]);
    expect((await anybody.send('GET', `/objects/${sha256('0')}`)).bytes.toString()).toBe('0');
  });
});

describe('bodies', () => {
  test('that are compressed are not inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const reply = await host.send('POST', '/leases', bomb, { 'content-encoding': 'gzip' });
    expect(refusal(reply, 400).code).toBe('not-json');
    const campaign = gzipSync(JSON.stringify(modelCampaign('gzipped')));
    refusal(await staff.send('POST', '/staff/campaigns', campaign, { 'content-encoding': 'gzip' }), 422);
  });

  /** @returns the statuses answered on one connection */
  const onOneConnection = (text: string): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      let said = '';
      const socket = connect(Number(port), hostname, () => socket.end(text));
      socket.setEncoding('utf8').on('data', (part: string) => {
        said += part;
      });
      socket.on('close', () =>
        resolve([...said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '')),
      );
      socket.on('error', reject);
    });
  const head = (...lines: string[]) =>
    [
      `POST ${API_PREFIX}/leases HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${host.token}`,
      ...lines,
      '',
      '',
    ].join('\r\n');

  test.each([
    ['two lengths', () => `${head('content-length: 2', 'content-length: 40')}{}`, ['400']],
    [
      'a length and chunks',
      () => `${head('content-length: 2', 'transfer-encoding: chunked')}0\r\n\r\n`,
      ['400'],
    ],
    ['a negative length', () => `${head('content-length: -1')}{}`, ['400']],
    ['a length in hexadecimal', () => `${head('content-length: 0x2')}{}`, ['400']],
    ['a chunk of no length', () => `${head('transfer-encoding: chunked')}zz\r\n{}\r\n`, ['400']],
    [
      // What is beyond the length is another request, which has no token.
      'more than was told',
      () =>
        `${head('content-length: 2')}{}GET ${API_PREFIX}/hosts/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      ['422', '401'],
    ],
  ])('with %s are not taken for something else', async (_what, text, statuses) => {
    expect(await onOneConnection(text())).toEqual(statuses);
  });
});

test.each(['%00', '%ed%a0%80', '%ff', "';--"])(
  'a campaign %s is refused before and after it is noted',
  async (id) => {
    const reply = await staff.send('POST', `/staff/campaigns/${id}/pause`, { reason: 'x' });
    expect([404, 422]).toContain(reply.status);
  },
);

describe('texts that are scripts', () => {
  test.each([
    '/campaigns',
    '/campaigns/attacked',
    '/campaigns/attacked/document',
    `/campaigns/${encodeURIComponent(SCRIPT)}`,
    `/${encodeURIComponent(SCRIPT)}`,
  ])('come back as JSON from %s, which no browser runs', async (path) => {
    const { headers, json } = await anybody.send('GET', path);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(JSON.stringify(json)).toContain('script');
  });

  test('and an object that is a page is bytes, and may do nothing where a browser is led to it', async () => {
    const page = Buffer.from(`<!doctype html>${SCRIPT}`);
    const path = `/objects/${sha256(page)}`;
    expect((await staff.send('PUT', `/staff${path}`, page)).status).toBe(200);
    const { headers } = await anybody.send('GET', path);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  });
});

describe('secrets', () => {
  test('are compared whole', () => {
    const token = newToken();
    expect(equalSecrets(token, token)).toBe(true);
    for (const other of ['', token.slice(1), `${token}x`, token.toLowerCase(), newToken()])
      expect(equalSecrets(token, other)).toBe(false);
  });

  test("a host's token is nowhere on the disk, and who may not read the server's own can not", async () => {
    const restarted = await Host.register(server.url);
    await server.restart();
    expect(await restarted.standing()).toMatchObject({ hostId: restarted.id });
    for (const path of filesOnDisk()) {
      const bytes = readFileSync(path);
      for (const token of [host.token, restarted.token])
        expect(bytes.includes(token ?? ''), path).toBe(false);
      if (bytes.includes(server.staffToken)) expect(statSync(path).mode & 0o077, path).toBe(0);
    }
    const { key, staffToken, metricsToken, endpoint } = serverFiles(server.folder);
    for (const path of [key, staffToken, metricsToken, endpoint])
      expect(statSync(path).mode & 0o077, path).toBe(0);
    expect(statSync(server.folder).mode & 0o077).toBe(0);
  });

  test('an address that tries token after token has to wait; hosts that are known there do not', async () => {
    expect(await host.standing()).toMatchObject({ hostId: host.id });
    const statuses = new Map<number, number>();
    let last = '';
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 200; i++) {
          const { status, headers } = await sendRaw(server.url, {
            method: 'GET',
            path: `${API_PREFIX}/hosts/me`,
            // Nobody said that this header is to be believed.
            headers: { authorization: `Bearer ${newToken()}`, 'x-forwarded-for': `192.0.2.${i}` },
          });
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (status === 429) last = headers['retry-after'] ?? '';
        }
      }),
    );
    expect([...statuses.keys()].sort()).toEqual([401, 429]);
    expect(statuses.get(401)).toBeGreaterThanOrEqual(1500);
    expect(Number(last)).toBeGreaterThan(0);
    expect(await host.standing()).toMatchObject({ hostId: host.id });
  });
});
