import { createPublicKey } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeManifest } from '../format/manifest.ts';
import { makePublished, type PublishedRepository } from '../testkit/published.ts';
import { scratch } from '../testkit/sample.ts';
import {
  addTag,
  changesBetween,
  checkRepository,
  collectGarbage,
  daysLeft,
  FolderPlace,
  removeTag,
  resign,
  revisions,
  rollback,
  storedView,
  whitelistWarning,
} from './index.ts';

const folder = scratch();
const source = join(folder, 'source');
const now = Math.floor(Date.now() / 1000);
let published: PublishedRepository;

beforeAll(async () => {
  published = await makePublished(folder);
  mkdirSync(join(source, 'n'), { recursive: true });
  writeFileSync(join(source, 'n/.cvmfscatalog'), '');
  for (const revision of [1, 2, 3]) {
    writeFileSync(join(source, 'n/number'), String(revision));
    writeFileSync(join(source, `only-${revision}`), `only in ${revision}`);
    rmSync(join(source, `only-${revision - 1}`), { force: true });
    const tag = revision === 1 ? { tag: { name: 'v1', description: 'the first' } } : {};
    await published.publish(source, tag);
  }
});
afterAll(() => published.close());

const text = async (path: string, tag?: string) => {
  const repository = await published.open(tag === undefined ? {} : { tag });
  const content = await repository.snapshot.readFile(path);
  return content.toString();
};
const check = (readObjects = true) =>
  checkRepository({
    place: new FolderPlace(published.folder),
    scratch: folder,
    masterKeys: [createPublicKey(readFileSync(published.masterKeyFile))],
    readObjects,
    nowSeconds: now,
    threads: 1,
  });
const manifest = () => decodeManifest(readFileSync(join(published.folder, '.cvmfspublished'))).manifest;

test('revisions are tagged, compared and gone back to', async () => {
  expect(await text('/n/number')).toBe('3');
  expect(await text('/n/number', 'v1')).toBe('1');
  const reader = await published.open();
  await published.with(async (publisher) => {
    await expect(addTag(publisher, { name: 'v1', description: '' }, undefined, now)).rejects.toThrow(
      'already',
    );
    await expect(addTag(publisher, { name: 'no spaces', description: '' }, undefined, now)).rejects.toThrow(
      'letters',
    );
    expect(await addTag(publisher, { name: 'v2', description: '' }, 2, now)).toMatchObject({ revision: 2 });
    await addTag(publisher, { name: 'gone', description: '' }, undefined, now);
    await removeTag(publisher, 'gone', now);
    await expect(removeTag(publisher, 'gone', now)).rejects.toThrow('v1, v2');
    const all = [];
    for await (const one of revisions(publisher.stored, manifest())) all.push(one);
    expect(all.map(({ revision }) => revision)).toEqual([3, 2, 1, 0]);
    const [three, two] = await Promise.all(
      all
        .slice(0, 2)
        .map(({ rootCatalog: hash, rootCatalogBytes: bytes }) =>
          storedView(publisher.stored, { path: '', hash, bytes }),
        ),
    );
    if (!two || !three) throw new Error('revisions are missing');
    const { first, ...counts } = await changesBetween(two, three);
    expect(counts).toEqual({ added: 1, changed: 2, removed: 1 });
    expect(first.map(({ change, path }) => `${change} ${path}`)).toEqual(
      ['changed /', 'changed /n/number', 'removed /only-2', 'added /only-3'].map((line) =>
        line.replace(/ \/$/, ' '),
      ),
    );
  });
  // Tags are new, the revision is not.
  expect(await reader.refresh()).toBe(false);
  expect((await reader.tags()).map(({ name }) => name)).toEqual(['v1', 'v2']);
  expect(await text('/n/number', 'v2')).toBe('2');

  expect(await published.with((publisher) => rollback(publisher, { tag: 'v1' }, now))).toBe(4);
  expect(await text('/n/number')).toBe('1');
  expect(await reader.refresh()).toBe(true);
  expect((await reader.snapshot.readFile('/only-1')).toString()).toBe('only in 1');
  expect((await check()).problems).toEqual([]);
  // What the folder holds is published again, though the notes are of another revision.
  const again = await published.publish(source);
  expect([again.revision, await text('/n/number')]).toEqual([5, '3']);
  expect((await check()).problems).toEqual([]);
});

test('garbage is collected: what tags and the last revisions need stays', async () => {
  writeFileSync(join(published.folder, 'data/00/left-by-one-who-was-cut-off'), 'x');
  const collect = (over: object = {}) =>
    published.with((publisher) =>
      collectGarbage(publisher, { revisions: 1, days: 0 }, { nowSeconds: now + 100, ...over }),
    );
  const dry = await collect({ dryRun: true });
  expect(dry).toEqual({
    revisionsKept: 3,
    objectsKept: expect.any(Number),
    objectsRemoved: 8,
    bytesRemoved: expect.any(Number),
  });
  expect(await collect()).toEqual(dry);
  expect(await collect()).toMatchObject({ objectsRemoved: 0 });
  const checked = await check();
  expect([checked.problems, checked.others]).toEqual([[], 0]);
  expect([await text('/n/number'), await text('/n/number', 'v1'), await text('/n/number', 'v2')]).toEqual([
    '3',
    '1',
    '2',
  ]);
  await published.with(async (publisher) => {
    await expect(rollback(publisher, { revision: 3 }, now)).rejects.toThrow('not there any more');
  });
});

test('the whitelist is signed anew with the master key alone, and who publishes is warned before', async () => {
  expect(whitelistWarning('x', 6.5)).toContain('runs out in 6 days');
  expect(whitelistWarning('x', -1)).toContain('has run out');
  expect(whitelistWarning('x', 20)).toBe(null);
  const whitelist = await resign(published.publisherFolder, published.masterKeyFile, 60, now);
  expect(whitelist.expiresAt).toBe(now + 60 * 86_400);
  expect(Math.round(await daysLeft(published.folder, now))).toBe(60);
  await expect(
    resign(published.publisherFolder, join(published.publisherFolder, 'certificate.key'), 60, now),
  ).rejects.toThrow('readers trust another one');
  expect(await text('/n/number')).toBe('3');
});

test('a check finds what is damaged', async () => {
  const objects = readdirSync(join(published.folder, 'data'), { recursive: true, encoding: 'utf8' });
  const files = objects.filter((name) => /^..\/[0-9a-f]{38}$/.test(name));
  const [first = '', second = ''] = files;
  appendFileSync(join(published.folder, 'data', first), 'x');
  rmSync(join(published.folder, 'data', second));
  const { problems } = await check();
  expect(problems).toHaveLength(2);
  expect(problems.find((one) => one.includes(first))).toContain('has other bytes');
  expect(problems.find((one) => one.includes(second))).toContain('is missing');
  expect((await check(false)).problems).toEqual([`data/${second} is missing`]);
  writeFileSync(join(published.folder, '.cvmfsreflog'), 'x');
  expect((await check(false)).problems).toContainEqual(
    expect.stringContaining('.cvmfsreflog is not the one'),
  );
  // The next one to publish puts it right: a reflog that is not the manifest's is what being cut off leaves.
  await published.with((publisher) => publisher.current());
  rmSync(join(published.folder, 'data', `${manifest().rootCatalog.replace(/^../, '$&/')}C`));
  expect((await check()).problems).toContainEqual(expect.stringMatching(/^catalog of \/: .*missing/));
});
