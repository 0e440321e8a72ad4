import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeObject } from '../format/objects.ts';
import { scratch } from '../testkit/sample.ts';
import { ObjectCache } from './cache.ts';

const folder = scratch();
let made = 0;
const fresh = () => join(folder, String(made++));

async function put(cache: ObjectCache, plain: Buffer): Promise<string> {
  const { hash } = encodeObject('sha1', plain);
  await cache.put(hash, '', plain.length, async (file) => {
    await file.writeFile(plain);
    return { bytes: plain.length, digest: createHash('sha256').update(plain).digest() };
  });
  return hash;
}

async function read(cache: ObjectCache, hash: string): Promise<Buffer | null> {
  const object = await cache.get(hash, '');
  try {
    return object && (await object.read(0, object.bytes));
  } finally {
    await object?.close();
  }
}

test('what was put in is there, also for another process', async () => {
  const at = fresh();
  const cache = await ObjectCache.open(at, 1e6);
  const plain = randomBytes(5000);
  const hash = await put(cache, plain);
  const other = await ObjectCache.open(at, 1e6);
  expect(other.bytes).toBe(cache.bytes);
  expect(await read(cache, hash)).toEqual(plain);
  expect(await read(other, hash)).toEqual(plain);
  expect(await read(other, 'ab'.repeat(20))).toBeNull();
});

test('bit rot and half-written files are found and thrown away', async () => {
  const at = fresh();
  const plain = randomBytes(3000);
  const hurt: ((path: string) => void)[] = [
    (path) => truncateSync(path, 0),
    (path) => truncateSync(path, 1500),
    (path) => writeFileSync(path, Buffer.alloc(readFileSync(path).length)),
    ...[0, 1500, 2999, 3001, 3039].map((where) => (path: string) => {
      const bytes = readFileSync(path);
      bytes[where] = (bytes[where] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    }),
  ];
  for (const damage of hurt) {
    const hash = await put(await ObjectCache.open(at, 1e6), plain);
    const path = join(at, 'objects', hash.slice(0, 2), hash.slice(2));
    damage(path);
    const later = await ObjectCache.open(at, 1e6);
    expect(await read(later, hash)).toBeNull();
    expect(existsSync(path)).toBe(false);
    expect(later.bytes).toBe(0);
  }
});

test('over the quota what was used longest ago goes; pinned and open objects stay', async () => {
  const cache = await ObjectCache.open(fresh(), 100_000);
  const hashes: string[] = [];
  for (let i = 0; i < 9; i++) hashes.push(await put(cache, randomBytes(10_000)));
  cache.pin(hashes[1] ?? '', '');
  const opened = await cache.get(hashes[2] ?? '', '');
  await (await cache.get(hashes[0] ?? '', ''))?.close();
  for (let i = 0; i < 2; i++) hashes.push(await put(cache, randomBytes(10_000)));
  expect(cache.bytes).toBeLessThanOrEqual(100_000);
  const here = await Promise.all(hashes.map(async (hash) => (await read(cache, hash)) !== null));
  expect(here.slice(0, 2)).toEqual([true, true]);
  expect(here[3]).toBe(false);
  expect(here.slice(-2)).toEqual([true, true]);
  expect((await opened?.read(0, 10_000))?.length).toBe(10_000);
  await opened?.close();
  await expect(put(cache, randomBytes(100_001))).rejects.toMatchObject({ name: 'CacheFault', full: true });
});

test('the order of use outlives the process', async () => {
  const at = fresh();
  const cache = await ObjectCache.open(at, 1e6);
  const [old, young] = [await put(cache, randomBytes(1000)), await put(cache, randomBytes(1000))];
  const path = (hash: string) => join(at, 'objects', hash.slice(0, 2), hash.slice(2));
  utimesSync(path(young), 1000, 1000);
  utimesSync(path(old), 2000, 2000);
  const later = await ObjectCache.open(at, 3000);
  await put(later, randomBytes(1000));
  expect([await read(later, young), (await read(later, old)) !== null]).toEqual([null, true]);
});

test('what fails leaves nothing, and what the dead left is swept', async () => {
  const at = fresh();
  const cache = await ObjectCache.open(at, 1e6);
  const failing = cache.put('ab'.repeat(20), '', 0, async (file) => {
    await file.writeFile('half');
    throw new Error('no more');
  });
  await expect(failing).rejects.toThrow('no more');
  expect([readdirSync(join(at, 'making')), cache.bytes]).toEqual([[], 0]);
  writeFileSync(join(at, 'making', '999999999-aa'), 'x');
  mkdirSync(join(at, 'open', '999999999-bb.lock'));
  writeFileSync(join(at, 'open', `${process.pid}-cc`), 'in use');
  await ObjectCache.open(at, 1e6);
  expect([readdirSync(join(at, 'making')), readdirSync(join(at, 'open'))]).toEqual([
    [],
    [`${process.pid}-cc`],
  ]);
});
