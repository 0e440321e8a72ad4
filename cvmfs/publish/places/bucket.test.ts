import { createPublicKey } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ObjectCache, Repository } from '../../read/index.ts';
import { BUCKET_KEYS, s3Bucket, type TestBucket } from '../../testkit/bucket.ts';
import { folderTold, makePublished, type PublishedRepository, treeOf } from '../../testkit/published.ts';
import { scratch } from '../../testkit/sample.ts';
import { serveRepository } from '../../testkit/server.ts';
import {
  checkRepository,
  collectGarbage,
  type Place,
  replicate,
  serverOrigin,
  updateCopy,
} from '../index.ts';
import { bucketPlace } from './bucket.ts';

/** Against s3rver, an S3-compatible store of somebody else, in a process of its own. */
const folder = scratch();
const nowSeconds = Math.floor(Date.now() / 1000);
let source: string;
let published: PublishedRepository;
let bucket: TestBucket;
beforeAll(async () => {
  bucket = await s3Bucket(join(folder, 'store'));
  published = await makePublished(folder, { chunkBytes: { min: 1000, average: 2000, max: 4000 } });
  source = join(folder, 'source');
  mkdirSync(join(source, 'n'), { recursive: true });
  writeFileSync(join(source, 'n/.cvmfscatalog'), '');
  writeFileSync(join(source, 'n/big'), Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * i) % 251)));
  for (let i = 0; i < 20; i++) writeFileSync(join(source, `file${i}`), `content ${i}`);
  await published.publish(source);
});
afterAll(async () => {
  await published?.close();
  await bucket?.stop();
});

const keys = () => [createPublicKey(readFileSync(published.masterKeyFile))];
const placeOf = (path: string, credentials = BUCKET_KEYS): Place => {
  const place = bucketPlace(`${bucket.url}/${path}`, credentials, new AbortController().signal);
  if (!place) throw new Error('no address of a bucket');
  return place;
};
const update = (place: Place, collect = false) =>
  published.with((publisher) =>
    updateCopy(publisher, place, { collect, stopping: new AbortController().signal, nowSeconds }),
  );
const check = (place: Place) =>
  checkRepository({ place, scratch: folder, masterKeys: keys(), readObjects: true, nowSeconds, threads: 1 });
/** As a reader has it, straight from the store. */
async function read(path: string) {
  const cacheFolder = join(folder, `cache-${path.replaceAll('/', '-')}`);
  rmSync(cacheFolder, { recursive: true, force: true });
  const repository = await Repository.open({
    repository: published.name,
    servers: [`${bucket.url}/${path}`],
    masterKeys: keys(),
    cache: await ObjectCache.open(cacheFolder, 1e8),
    stateFolder: cacheFolder,
  });
  try {
    return { revision: repository.manifest?.revision, tree: await treeOf(repository) };
  } finally {
    await repository.close();
  }
}

test('a publication is copied to a bucket, what is new alone; readers read it there, and garbage goes', async () => {
  const place = placeOf('a/sw');
  expect(await update(place)).toMatchObject({ revision: 1, unchanged: false });
  expect(await check(place)).toMatchObject({ problems: [], others: 0, revision: 1 });
  expect((await read('a/sw')).tree).toEqual(folderTold(source));
  expect(await update(placeOf('a/sw'))).toMatchObject({ unchanged: true, objects: 0 });

  writeFileSync(join(source, 'file0'), 'another');
  await published.publish(source);
  // The root catalog and the file.
  expect(await update(placeOf('a/sw'))).toMatchObject({ revision: 2, objects: 2 });
  await published.with((publisher) =>
    collectGarbage(publisher, { revisions: 1, days: 0 }, { nowSeconds: nowSeconds + 10 }),
  );
  expect(await update(placeOf('a/sw'), true)).toMatchObject({ removed: 2 });
  expect(await check(placeOf('a/sw'))).toMatchObject({ problems: [], others: 0, revision: 2 });
});

test('where the store is away from the middle on, the old revision stands, and the next time brings the new one', async () => {
  await update(placeOf('b'));
  const before = await read('b');
  for (let i = 0; i < 20; i++) writeFileSync(join(source, `file${i}`), `changed ${i}`);
  await published.publish(source);
  bucket.awayAfter(9);
  await expect(update(placeOf('b'))).rejects.toMatchObject({ name: 'StoreFault' });
  bucket.back();
  expect(await read('b')).toEqual(before);
  expect((await check(placeOf('b'))).problems).toEqual([]);
  const { revision, objects } = await update(placeOf('b'));
  expect([revision, objects < 21]).toEqual([3, true]);
  expect((await read('b')).tree).toEqual(folderTold(source));
  expect((await check(placeOf('b'))).problems).toEqual([]);
}, 60_000);

test('a repository of others is replicated into a bucket; what is damaged there is found', async () => {
  const server = await serveRepository(published.name, published.folder);
  const origin = serverOrigin([server.url]);
  const to = placeOf('c');
  const stopping = new AbortController().signal;
  const given = { origin, repository: published.name, masterKeys: keys(), stopping, nowSeconds };
  await replicate({ ...given, to, collect: true });
  origin.close();
  expect((await read('c')).tree).toEqual(folderTold(source));
  for await (const { path } of to.list()) {
    if (!path.endsWith('P')) continue;
    await to.put(path, Buffer.from('other bytes'));
    expect((await check(placeOf('c'))).problems).toEqual([expect.stringContaining(`${path} `)]);
    return;
  }
  throw new Error('no piece in the bucket');
});

// It looks for the key's name and not at the signature: a wrong secret would pass.
test('an unknown key, and no bucket, are said', async () => {
  await expect(update(placeOf('a/sw', { ...BUCKET_KEYS, accessKeyId: 'UNKNOWN' }))).rejects.toThrow(
    'InvalidAccessKeyId',
  );
  const signal = new AbortController().signal;
  const none = bucketPlace(`${bucket.url}-none/x`, BUCKET_KEYS, signal);
  await expect(none?.read('.cvmfspublished')).rejects.toThrow('NoSuchBucket');
  for (const bad of ['/srv/x', 'ftp://host/bucket', 'http://host', 'http://u:p@host/bucket'])
    expect(bucketPlace(bad, BUCKET_KEYS, signal)).toBeNull();
});
