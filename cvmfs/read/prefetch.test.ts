import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { ReadProfile } from '../../protocol/read-profile.ts';
import { makeKeys } from '../testkit/keys.ts';
import { type Files, makeRepository } from '../testkit/made-repository.ts';
import { scratch } from '../testkit/sample.ts';
import { serveRepository, type TestServer } from '../testkit/server.ts';
import { ObjectCache, parseMasterKeys, Repository, type RepositoryOptions } from './index.ts';
import { Unpacker } from './unpack.ts';

const NAME = 'profiled.example.org';
const FILES = 40;
const keys = makeKeys();
const folder = scratch();
let made = 0;

const path = (i: number) => `/part${i % 4}/file${i}`;
let files: Files;
beforeAll(() => {
  files = makeRepository({
    name: NAME,
    keys,
    files: {
      ...Object.fromEntries(Array.from({ length: FILES }, (_, i) => [path(i), `content ${i}`])),
      '/large': randomBytes(90_000),
      '/other': 'not read before',
    },
    nested: ['/part0', '/part1', '/part2', '/part3'],
    pieceBytes: 30_000,
  });
});

async function opened(server: TestServer, over: Partial<RepositoryOptions> = {}, quotaBytes = 1e9) {
  const cacheFolder = join(folder, `cache-${made++}`);
  mkdirSync(cacheFolder);
  const repository = await Repository.open({
    repository: NAME,
    servers: [server.url],
    masterKeys: parseMasterKeys(keys.masterPublicPem),
    cache: await ObjectCache.open(cacheFolder, quotaBytes),
    stateFolder: cacheFolder,
    serverOptions: { backOffMs: 1 },
    ...over,
  });
  onTestFinished(() => repository.close());
  return repository;
}

async function readAll({ snapshot }: Repository): Promise<void> {
  for (let i = 0; i < FILES; i++) expect(String(await snapshot.readFile(path(i)))).toBe(`content ${i}`);
  expect(await snapshot.readFile('/large')).toHaveLength(90_000);
}

async function recordedProfile(): Promise<ReadProfile> {
  const repository = await opened(await serveRepository(NAME, files), { record: true });
  await readAll(repository);
  return ReadProfile.parse(JSON.parse(JSON.stringify(repository.recorded())));
}

/** A line so long that all who can ask have asked before the first answer comes: so answers come in rounds. */
async function slowServer(): Promise<{ server: TestServer; rounds(): number }> {
  const server = await serveRepository(NAME, files);
  let rounds = 0;
  let waiting: { response: ServerResponse; bytes: Buffer }[] = [];
  let timer: NodeJS.Timeout | undefined;
  server.misdeed = (_path, bytes, response) => {
    waiting.push({ response, bytes });
    clearTimeout(timer);
    timer = setTimeout(() => {
      rounds++;
      const all = waiting;
      waiting = [];
      for (const one of all)
        one.response.writeHead(200, { 'content-length': one.bytes.length }).end(one.bytes);
    }, 15);
    return 'handled';
  };
  return { server, rounds: () => rounds };
}

test('a profile notes each object once, in the order of use, and only what a later run can load', async () => {
  const profile = await recordedProfile();
  // The root's catalog, four nested ones, the files, three pieces.
  expect(profile.objects).toHaveLength(1 + 4 + FILES + 3);
  expect(new Set(profile.objects.map(({ object }) => object)).size).toBe(profile.objects.length);
  expect(profile.objects.slice(0, 2).map(({ object }) => object.at(-1))).toEqual(['C', 'C']);
  expect(profile.objects.slice(-3).map(({ object, bytes }) => [object.at(-1), bytes])).toEqual(
    Array.from({ length: 3 }, () => ['P', 30_000]),
  );
});

test('a cold start with a profile waits for far fewer answers one after another, and fetches nothing twice', async () => {
  const profile = await recordedProfile();
  const without = await slowServer();
  await readAll(await opened(without.server));
  expect(without.rounds()).toBeGreaterThan(FILES);
  const loadedAhead = await slowServer();
  await readAll(await opened(loadedAhead.server, { profile }));
  expect(loadedAhead.rounds()).toBeLessThanOrEqual(12);
  const { asked } = loadedAhead.server;
  expect(new Set(asked).size).toBe(asked.length);
});

test('what somebody waits for holds back what nobody has asked for yet', async () => {
  const profile = await recordedProfile();
  const server = await serveRepository(NAME, files);
  const held: (() => void)[] = [];
  let letGo = false;
  server.misdeed = (asked, bytes, response) => {
    if (letGo || !/^data.*[0-9a-fP]$/.test(asked)) return undefined;
    held.push(() => response.writeHead(200, { 'content-length': bytes.length }).end(bytes));
    return 'handled';
  };
  const repository = await opened(server, { profile });
  const other = repository.snapshot.readFile('/other');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const before = server.asked.length;
  // Twelve ahead and the one that is wanted now, which did not wait for them.
  expect(held).toHaveLength(13);
  for (const answer of held.splice(0, 12)) answer();
  await new Promise((resolve) => setTimeout(resolve, 50));
  // One was about to begin; no more do.
  expect(server.asked.length - before).toBeLessThanOrEqual(1);
  letGo = true;
  for (const answer of held.splice(0)) answer();
  expect(String(await other)).toBe('not read before');
  await repository.loadedAhead();
  await readAll(repository);
  expect(new Set(server.asked).size).toBe(server.asked.length);
});

test('while a large object comes, the next are asked for', async () => {
  const profile = await recordedProfile();
  const server = await serveRepository(NAME, files);
  // As if each were more than may be under way together.
  const objects = profile.objects
    .filter(({ object }) => !object.endsWith('C'))
    .map((one) => ({ ...one, bytes: 2_000_000 }));
  const held: (() => void)[] = [];
  const three = new Promise<void>((resolve) => {
    server.misdeed = (asked, _, response) => {
      if (!/^data.*[0-9a-fP]$/.test(asked)) return undefined;
      held.push(() => response.writeHead(404).end());
      if (held.length === 3) resolve();
      return 'handled';
    };
  });
  await opened(server, { profile: { ...profile, objects } });
  // None was answered.
  await three;
  server.misdeed = () => Buffer.from('');
  for (const answer of held) answer();
});

test('stops where the cache has no more room, and throws nothing away', async () => {
  const profile = await recordedProfile();
  const server = await serveRepository(NAME, files);
  const catalogs = profile.objects.filter(({ object }) => object.endsWith('C'));
  const quotaBytes = catalogs.reduce((sum, { bytes }) => sum + bytes + 40, 0) + 1000;
  const repository = await opened(server, { profile }, quotaBytes);
  await repository.loadedAhead();
  const { asked } = server;
  expect(asked.length).toBeLessThan(3 + profile.objects.length);
  expect(new Set(asked).size).toBe(asked.length);
});

test('a profile of what is gone, and a network that is gone, do no harm', async () => {
  const profile = await recordedProfile();
  const server = await serveRepository(NAME, files);
  const gone = profile.objects.map(({ object, bytes }) => ({ object: object.replace(/^../, '00'), bytes }));
  const repository = await opened(server, {
    profile: { ...profile, objects: [...gone, ...profile.objects] },
  });
  await readAll(repository);
  await repository.loadedAhead();
  // Tried so often in a row and no more. What is there can have a hash that begins with 00 as well.
  const pathsGone = new Set(gone.map(({ object }) => `data/00/${object.slice(2)}`));
  const tries = server.asked.filter((asked) => pathsGone.has(asked));
  expect(tries.length).toBeGreaterThan(0);
  expect(tries.length).toBeLessThan(24 + 12);
  expect(() =>
    ReadProfile.parse({ ...profile, objects: [{ object: '../../etc/passwd', bytes: 1 }] }),
  ).toThrow();
});

test('a pack is taken apart whatever its pieces are, and what is none is refused', async () => {
  const whole = Buffer.from('5\nabcde-\n0\n3\nx\nz');
  async function* inPieces(bytes: Buffer, size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  for (let size = 1; size <= whole.length; size++) {
    const unpacker = new Unpacker(inPieces(whole, size));
    const parts = [];
    for (let i = 0; i < 4; i++) parts.push((await unpacker.next(5))?.toString() ?? null);
    expect(parts).toEqual(['abcde', null, '', 'x\nz']);
    await expect(unpacker.next(5)).rejects.toMatchObject({ name: 'NoServer' });
  }
  for (const bad of [
    '6\nabcdef',
    '5\nabcd',
    '5',
    '',
    'abc\n',
    '-5\nabc',
    '0x5\nabcde',
    `${'1'.repeat(50)}\n`,
  ]) {
    await expect(new Unpacker(inPieces(Buffer.from(bad), 100)).next(5), bad).rejects.toMatchObject({
      name: 'NoServer',
    });
  }
});

const inOrder = Array.from({ length: FILES }, (_, i) => path(i)).sort();
const contents = ({ asked }: TestServer) => asked.filter((one) => /^data.*[0-9a-f]$/.test(one));

test('files of folders that are read in their order come several at once, and each once', async () => {
  const { server, rounds } = await slowServer();
  const { snapshot } = await opened(server, { readAhead: true });
  const before = rounds();
  for (const one of inOrder)
    expect(String(await snapshot.readFile(one))).toBe(`content ${/\d+$/.exec(one)?.[0]}`);
  // Of each folder its catalog and its first file, and the next ones together.
  expect(rounds() - before).toBeLessThanOrEqual(4 * 4);
  expect(contents(server)).toHaveLength(FILES);
});

test('read in another order, or without being told to, nothing comes that was not asked for', async () => {
  const { server } = await slowServer();
  const { snapshot } = await opened(server, { readAhead: true });
  for (const one of ['/part0/file8', '/part1/file5', '/part0/file4', '/part2/file2', '/part0/file0'])
    await snapshot.readFile(one);
  expect(contents(server)).toHaveLength(5);
  const plain = await slowServer();
  const other = await opened(plain.server);
  for (const one of inOrder.slice(0, 10)) await other.snapshot.readFile(one);
  expect(contents(plain.server)).toHaveLength(10);
});
