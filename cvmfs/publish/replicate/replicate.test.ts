import { createPublicKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ObjectCache, parseMasterKeys, Repository } from '../../read/index.ts';
import { makePublished, type PublishedRepository, treeOf } from '../../testkit/published.ts';
import { hasSample, SAMPLE_NAME, sampleFolder, sampleMasterKey, scratch } from '../../testkit/sample.ts';
import { serveRepository, type TestServer } from '../../testkit/server.ts';
import { checkRepository, FolderPlace, folderOrigin, replicate, serverOrigin } from '../index.ts';

const folder = scratch();
const source = join(folder, 'source');
const copy = join(folder, 'copy');
let published: PublishedRepository;
let server: TestServer;

beforeAll(async () => {
  published = await makePublished(folder, { chunkBytes: { min: 1000, average: 2000, max: 4000 } });
  mkdirSync(join(source, 'n'), { recursive: true });
  writeFileSync(join(source, 'n/.cvmfscatalog'), '');
  writeFileSync(join(source, 'n/big'), Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * i) % 251)));
  writeFileSync(join(source, 'a'), 'one');
  await published.publish(source, { tag: { name: 'v1', description: '' } });
  server = await serveRepository(published.name, published.folder);
});
afterAll(() => published.close());

const masterKeys = () => [createPublicKey(readFileSync(published.masterKeyFile))];
const run = async (over: Partial<Parameters<typeof replicate>[0]> = {}) => {
  const origin = serverOrigin([server.url]);
  try {
    return await replicate({
      origin,
      repository: published.name,
      masterKeys: masterKeys(),
      to: new FolderPlace(copy),
      collect: false,
      stopping: new AbortController().signal,
      nowSeconds: Math.floor(Date.now() / 1000),
      ...over,
    });
  } finally {
    origin.close();
  }
};
const check = (of: string, keys = masterKeys()) =>
  checkRepository({
    place: new FolderPlace(of),
    scratch: folder,
    masterKeys: keys,
    readObjects: true,
    nowSeconds: 0,
    threads: 1,
  });

test('a copy is whole, goes on where it was cut off, and is brought up to date', async () => {
  server.misdeed = (path) => (path.endsWith('P') ? Buffer.from('other bytes') : undefined);
  await expect(run()).rejects.toThrow();
  expect(existsSync(join(copy, '.cvmfspublished'))).toBe(false);
  server.misdeed = null;
  const first = await run();
  expect(first).toMatchObject({ revision: 1, unchanged: false, removed: 0 });
  expect((await check(copy)).problems).toEqual([]);
  server.asked.length = 0;
  expect(await run()).toMatchObject({ unchanged: true, objects: 0 });
  expect(server.asked.filter((path) => path.startsWith('data/') && !path.endsWith('X'))).toEqual([]);

  writeFileSync(join(source, 'a'), 'two');
  await published.publish(source);
  writeFileSync(join(source, 'a'), 'three');
  await published.publish(source);
  // The root catalog and one file: the other catalog is as it was.
  expect(await run()).toMatchObject({ revision: 3, objects: 2 });
  expect(await run({ collect: true })).toMatchObject({ removed: 0 });
  writeFileSync(join(source, 'a'), 'four');
  await published.publish(source);
  expect(await run({ collect: true })).toMatchObject({ revision: 4, removed: 2 });
  const checked = await check(copy);
  expect([checked.problems, checked.others]).toEqual([[], 0]);

  const cacheFolder = join(folder, 'cache');
  const copyServer = await serveRepository(published.name, copy);
  const repository = await Repository.open({
    repository: published.name,
    servers: [copyServer.url],
    masterKeys: masterKeys(),
    cache: await ObjectCache.open(cacheFolder, 1e8),
    stateFolder: cacheFolder,
  });
  expect(await treeOf(repository)).toEqual(await treeOf(await published.open()));
  await repository.close();
});

test('what is not signed by the master key, or is older than the copy, is refused', async () => {
  const old = readFileSync(join(copy, '.cvmfspublished'));
  writeFileSync(join(source, 'a'), 'five');
  await published.publish(source);
  await run();
  server.misdeed = (path) => (path === '.cvmfspublished' ? old : undefined);
  await expect(run()).rejects.toThrow(/revision/);
  server.misdeed = null;
  const other = await makePublished(folder);
  const stranger = [createPublicKey(readFileSync(other.masterKeyFile))];
  await expect(run({ masterKeys: stranger, to: new FolderPlace(join(folder, 'none')) })).rejects.toThrow(
    'master keys',
  );
  rmSync(join(folder, 'none'), { recursive: true, force: true });
});

test.skipIf(!hasSample)(
  'the sample is copied from its folder, and our check finds nothing (skipped where it is not here)',
  async () => {
    const to = join(folder, 'sample-copy');
    const keys = parseMasterKeys(sampleMasterKey());
    const origin = folderOrigin(sampleFolder);
    const done = await run({ origin, repository: SAMPLE_NAME, masterKeys: keys, to: new FolderPlace(to) });
    expect(done).toMatchObject({ revision: 1, unchanged: false });
    expect((await check(to, keys)).problems).toEqual([]);
  },
);
