import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Sha256 } from '../../protocol/primitives.ts';
import { ManualClock } from '../testkit/clock.ts';
import { ObjectCache, ObjectCorrupted, type ObjectSource, ObjectsTooLarge } from './cache.ts';

const log = pino({ level: 'silent' });
const never = new AbortController().signal;
let folder: string;
let needed: Set<Sha256>;
let clock: ManualClock;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'beamtime-objects-')), 'objects');
  needed = new Set();
  clock = new ManualClock();
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

function cache(limitBytes = 1e9) {
  return new ObjectCache({ folder, limitBytes: () => limitBytes, needed: () => needed, clock, log });
}

function blobOf(bytes: Uint8Array) {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

/** A server of these bytes that can be made to misbehave, and remembers what it was asked. */
function serve(bytes: Uint8Array, behave: { corrupt?: number; cutAt?: number; resumes?: boolean } = {}) {
  const asked: number[] = [];
  let corrupt = behave.corrupt ?? 0;
  let cutAt = behave.cutAt;
  const source: ObjectSource = async (_, wanted) => {
    asked.push(wanted);
    const from = behave.resumes === false ? 0 : wanted;
    async function* chunks() {
      for (let at = from; at < bytes.length; at += 1000) {
        if (cutAt !== undefined && at >= cutAt) {
          cutAt = undefined;
          throw new Error('connection lost');
        }
        const chunk = Uint8Array.from(bytes.subarray(at, at + 1000));
        if (corrupt > 0 && at === from) {
          corrupt--;
          chunk[0] = (chunk[0] ?? 0) ^ 1;
        }
        yield chunk;
      }
    }
    return { from, chunks: chunks() };
  };
  return { source, asked };
}

test('fetches, verifies, names by hash; a second time from disk; several askers share one download', async () => {
  const bytes = randomBytes(10_500);
  const { source, asked } = serve(bytes);
  const objects = cache();
  const paths = await Promise.all([1, 2, 3].map(() => objects.get(blobOf(bytes), source, never)));
  expect(new Set(paths).size).toBe(1);
  expect(await readFile(paths[0] ?? '')).toEqual(bytes);
  expect(await cache().get(blobOf(bytes), source, never)).toBe(paths[0]);
  expect(asked).toEqual([0]);
});

test.each([true, false])('goes on where the connection broke (server resumes: %s)', async (resumes) => {
  const bytes = randomBytes(10_500);
  const { source, asked } = serve(bytes, { cutAt: 4000, resumes });
  await expect(cache().get(blobOf(bytes), source, never)).rejects.toThrow('connection lost');
  const path = await cache().get(blobOf(bytes), source, never);
  expect(await readFile(path)).toEqual(bytes);
  expect(asked).toEqual([0, 4000]);
  expect(await readdir(folder)).toEqual([blobOf(bytes).sha256]);
});

test('a corrupted download is thrown away and fetched again', async () => {
  const bytes = randomBytes(5000);
  const { source, asked } = serve(bytes, { corrupt: 1 });
  expect(await readFile(await cache().get(blobOf(bytes), source, never))).toEqual(bytes);
  expect(asked).toEqual([0, 0]);
});

test('corrupted again: a clear error, nothing kept, and the next time may work', async () => {
  const bytes = randomBytes(5000);
  const { source } = serve(bytes, { corrupt: 2 });
  await expect(cache().get(blobOf(bytes), source, never)).rejects.toThrow(ObjectCorrupted);
  expect(await readdir(folder)).toEqual([]);
  expect(await readFile(await cache().get(blobOf(bytes), source, never))).toEqual(bytes);
});

test('takes no more than promised from a server that sends without end', async () => {
  const bytes = randomBytes(5000);
  const source: ObjectSource = async () => ({
    from: 0,
    chunks: (async function* () {
      for (;;) yield randomBytes(4096);
    })(),
  });
  await expect(cache().get(blobOf(bytes), source, never)).rejects.toThrow(ObjectCorrupted);
});

test('what was damaged on disk since is found on the first use of the next life', async () => {
  const bytes = randomBytes(5000);
  const { source, asked } = serve(bytes);
  const path = await cache().get(blobOf(bytes), source, never);
  await writeFile(path, randomBytes(5000));
  expect(await readFile(await cache().get(blobOf(bytes), source, never))).toEqual(bytes);
  expect(asked).toEqual([0, 0]);
});

test('an empty object', async () => {
  const bytes = new Uint8Array();
  expect((await readFile(await cache().get(blobOf(bytes), serve(bytes).source, never))).length).toBe(0);
});

test('over the limit the least recently used goes, never what is needed', async () => {
  const [a, b, c] = [randomBytes(4000), randomBytes(4000), randomBytes(4000)];
  const objects = cache(10_000);
  const get = async (bytes: Uint8Array) => {
    clock.advance(60_000);
    await objects.get(blobOf(bytes), serve(bytes).source, never);
  };
  await get(a);
  await get(b);
  await get(a);
  await get(c);
  expect((await readdir(folder)).sort()).toEqual([blobOf(a).sha256, blobOf(c).sha256].sort());
  needed = new Set([blobOf(a).sha256, blobOf(c).sha256]);
  await expect(get(b)).rejects.toThrow(ObjectsTooLarge);
  needed = new Set([blobOf(a).sha256]);
  await get(b);
  expect((await readdir(folder)).sort()).toEqual([blobOf(a).sha256, blobOf(b).sha256].sort());
});
