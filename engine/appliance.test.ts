import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../platform/files.ts';
import { fetchAppliance } from './appliance.ts';
import { ObjectCache, ObjectCorrupted } from './objects/index.ts';
import { ProjectClient } from './project/client.ts';
import { KeyMismatch, ProjectUnreachable } from './project/errors.ts';
import { Software } from './software/index.ts';
import { ManualClock } from './testkit/clock.ts';

const log = pino({ level: 'silent' });
const signal = new AbortController().signal;
const kernel = Buffer.alloc(300_000, 'kernel');
const initrd = Buffer.alloc(200_000, 'initrd');
const hashes = { kernel: sha256(kernel), initrd: sha256(initrd) };
const document = {
  image: sha256(`${hashes.kernel} ${hashes.initrd}\n`),
  kernel: { sha256: hashes.kernel, bytes: kernel.length },
  initrd: { sha256: hashes.initrd, bytes: initrd.length },
  kernelVersion: '6.1.0',
};

let folder: string;
let server: Server;
let url: string;
/** What the project serves, by path below the API's prefix. */
let served: Map<string, string | Buffer>;
let requests: string[];
const keys = generateKeyPairSync('ed25519');
const publicKey = rawPublicKey(keys.publicKey);

function rawPublicKey(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
}

function signed(content: unknown, key = keys.privateKey): string {
  const body = JSON.stringify(content);
  return JSON.stringify({ body, signature: sign(null, Buffer.from(body), key).toString('base64') });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-engine-appliance-'));
  requests = [];
  served = new Map<string, string | Buffer>([
    ['/appliance', signed(document)],
    [`/objects/${hashes.kernel}`, kernel],
    [`/objects/${hashes.initrd}`, initrd],
  ]);
  server = createServer((request, response) => {
    const path = [...served.keys()].find((known) => request.url?.endsWith(known));
    requests.push(request.url ?? '');
    const content = path && served.get(path);
    if (content) response.setHeader('content-type', 'application/json').end(content);
    else response.writeHead(404).end(JSON.stringify({ error: { code: 'not-found', message: 'not here' } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await close();
  await rm(folder, { recursive: true });
});

async function close(): Promise<void> {
  if (!server.listening) return;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** As an engine does that has just started: nothing known but what is on disk. */
function fetched(onKnown: () => void = () => {}) {
  const clock = new ManualClock();
  return fetchAppliance(
    {
      membership: { publicKey, url, name: 'Model', keyFingerprint: '0'.repeat(32), software: null },
      client: new ProjectClient({ url, token: null, clock }),
      objects: new ObjectCache({
        folder: join(folder, 'objects'),
        limitBytes: () => 1e9,
        needed: () => new Set(),
        clock,
        log,
      }),
      software: new Software({
        folder: join(folder, 'software'),
        quotaBytes: () => 1e6,
        pace: async () => {},
      }),
      path: join(folder, 'appliance.json'),
      signal,
      log,
    },
    onKnown,
  );
}

test('what the project signed is fetched and verified; later it is taken from disk, also without the project', async () => {
  const files = await fetched();
  expect(files?.image).toBe(document.image);
  expect((await readFile(files?.kernelPath ?? '')).equals(kernel)).toBe(true);
  expect((await readFile(files?.initrdPath ?? '')).equals(initrd)).toBe(true);
  requests.length = 0;
  expect(await fetched()).toEqual(files);
  expect(requests.filter((path) => path.includes('/objects/'))).toEqual([]);
  await close();
  expect(await fetched()).toEqual(files);
});

test('a corrupted file is refused, whichever it is', async () => {
  for (const hash of [hashes.kernel, hashes.initrd]) {
    const good = served.get(`/objects/${hash}`);
    const bad = Buffer.from(good ?? '');
    bad[1000] = (bad[1000] ?? 0) ^ 1;
    served.set(`/objects/${hash}`, bad);
    await expect(fetched()).rejects.toThrow(ObjectCorrupted);
    served.set(`/objects/${hash}`, good ?? '');
  }
  expect(await fetched()).not.toBeNull();
});

test('a file that was damaged on disk is fetched again', async () => {
  const files = await fetched();
  await writeFile(files?.initrdPath ?? '', Buffer.alloc(initrd.length, 'x'));
  expect(await fetched()).toEqual(files);
  expect((await readFile(files?.initrdPath ?? '')).equals(initrd)).toBe(true);
});

test('a document that another key signed is refused', async () => {
  served.set('/appliance', signed(document, generateKeyPairSync('ed25519').privateKey));
  await expect(fetched()).rejects.toThrow(KeyMismatch);
});

test('a document that was changed after it was signed is refused', async () => {
  const { body, signature } = JSON.parse(signed(document));
  served.set('/appliance', JSON.stringify({ body: body.replace('6.1.0', '6.1.1'), signature }));
  await expect(fetched()).rejects.toThrow(KeyMismatch);
});

test('an image that is not named by the hash of its parts is refused before anything is fetched', async () => {
  const other = { ...document, kernel: { ...document.kernel, sha256: hashes.initrd } };
  served.set('/appliance', signed(other));
  await expect(fetched()).rejects.toThrow(KeyMismatch);
  expect(requests.filter((path) => path.includes('/objects/'))).toEqual([]);
});

test('a project without an appliance has none; one that never answered is told of', async () => {
  served.delete('/appliance');
  expect(await fetched()).toBeNull();
  await close();
  await expect(fetched()).rejects.toThrow(ProjectUnreachable);
});

test('a stored document that is damaged does not stand in for the project', async () => {
  await fetched();
  await writeFile(join(folder, 'appliance.json'), '{"body":');
  await close();
  await expect(fetched()).rejects.toThrow(ProjectUnreachable);
  await writeFile(
    join(folder, 'appliance.json'),
    signed({ ...document }, generateKeyPairSync('ed25519').privateKey),
  );
  await expect(fetched()).rejects.toThrow(ProjectUnreachable);
});

test('says which objects it needs before it fetches them', async () => {
  const order: string[] = [];
  await fetched(() => order.push(...requests.filter((path) => path.includes('/objects/')), 'known'));
  expect(order).toEqual(['known']);
});
