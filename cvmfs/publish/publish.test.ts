import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { folderTold, makePublished, type Told, treeOf } from '../testkit/published.ts';
import { scratch } from '../testkit/sample.ts';
import { checkRepository, FolderPlace } from './index.ts';

const folder = scratch();

/** Files that are old enough to be believed unchanged. */
const settle = () => sleep(80);

/** As folderTold(), with the marker that the dirtab asked for. */
function expected(source: string): Told {
  const told = folderTold(source);
  const time = told['/many/yes']?.split(' ')[1];
  told['/many/yes/.cvmfscatalog'] = `100644 ${time} 0 ${createHash('sha256').digest('hex')}`;
  return told;
}

function write(path: string, content: string | Buffer): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
}

const noise = (bytes: number, seed: string): Buffer => {
  const pieces: Buffer[] = [];
  for (let i = 0; i * 64 < bytes; i++) pieces.push(createHash('sha512').update(`${seed}${i}`).digest());
  return Buffer.concat(pieces).subarray(0, bytes);
};

test('a folder is published, read back from the master key down, and published again in no time', async () => {
  const published = await makePublished(folder, {
    chunkBytes: { min: 65_536, average: 131_072, max: 262_144 },
  });
  const source = join(folder, 'source');
  write(join(source, 'bin/tool'), '#!/bin/sh\necho run\n');
  chmodSync(join(source, 'bin/tool'), 0o4755);
  write(join(source, 'empty'), '');
  write(join(source, 'name with space and é中'), 'x');
  write(join(source, 'big'), noise(700_000, 'a'));
  write(join(source, 'same/one'), 'the same content');
  write(join(source, 'same/two'), 'the same content');
  linkSync(join(source, 'same/one'), join(source, 'same/three'));
  linkSync(join(source, 'same/one'), join(source, 'elsewhere'));
  symlinkSync('$(ARCH:-x86_64)/lib', join(source, 'variant'));
  symlinkSync('bin/tool', join(source, 'link'));
  mkdirSync(join(source, 'private'), { mode: 0o700 });
  for (let i = 0; i < 30; i++) write(join(source, `nested/${i % 3}/file${i}`), `content ${i}`);
  write(join(source, 'nested/.cvmfscatalog'), '');
  write(join(source, '.cvmfsdirtab'), '# comment\n/many/*\n! /many/no\n');
  write(join(source, 'many/yes/file'), 'y');
  write(join(source, 'many/no/file'), 'n');
  utimesSync(join(source, 'empty'), 1_000_000_000, 1_000_000_000.123456);
  await settle();

  const first = await published.publish(source);
  expect(first.revision).toBe(1);
  expect(first.catalogs).toBe(3);
  expect(await treeOf(await published.open())).toEqual(expected(source));
  const { snapshot } = await published.open();
  const three = await Promise.all(
    ['/same/one', '/same/three', '/same/two', '/elsewhere'].map((path) => snapshot.lookup(path)),
  );
  expect(three.map(({ entry }) => [entry.links, entry.hardlinkGroup > 0])).toEqual([
    [2, true],
    [2, true],
    [1, false],
    [1, false],
  ]);
  expect((await snapshot.lookup('/big')).entry.chunked).toBe(true);
  expect((await snapshot.lookup('/many/yes/.cvmfscatalog')).catalog.path).toBe('/many/yes');
  await published.close();

  const check = () =>
    checkRepository({
      place: new FolderPlace(published.folder),
      scratch: folder,
      masterKeys: [],
      readObjects: true,
      nowSeconds: 0,
      threads: 1,
    });
  expect((await check()).problems).toEqual([]);

  const manifest = readFileSync(join(published.folder, '.cvmfspublished'));
  const again = await published.publish(source);
  expect([again.revision, again.progress.unchangedFiles, again.progress.newObjects]).toEqual([
    null,
    again.progress.files,
    0,
  ]);
  expect(readFileSync(join(published.folder, '.cvmfspublished')).equals(manifest)).toBe(true);

  write(join(source, 'nested/1/new'), 'new');
  rmSync(join(source, 'bin/tool'));
  await settle();
  const dry = await published.publish(source, { dryRun: true });
  const second = await published.publish(source);
  for (const one of [dry, second]) {
    expect(one.changes.first.map(({ change, path, what }) => [change, path, ...what])).toEqual([
      ['changed', '/bin', 'time'],
      ['removed', '/bin/tool'],
      ['changed', '/nested/1', 'time'],
      ['added', '/nested/1/new'],
    ]);
    expect([one.progress.newObjects, one.catalogsWritten]).toEqual([3, 2]);
  }
  expect([dry.revision, second.revision]).toEqual([null, 2]);
  expect(await treeOf(await published.open())).toEqual(expected(source));
  expect((await check()).problems).toEqual([]);
  await published.close();

  // The same paths: catalogs of before with other rows in them.
  write(join(source, 'nested/1/new'), 'newer');
  chmodSync(join(source, 'same/two'), 0o600);
  write(join(source, 'big'), noise(700_000, 'b'));
  await settle();
  const third = await published.publish(source);
  expect(third.changes.first.map(({ path, what }) => [path, ...what])).toEqual([
    ['/big', 'content', 'time'],
    ['/nested/1/new', 'content', 'time'],
    ['/same/two', 'mode'],
  ]);
  expect(await treeOf(await published.open())).toEqual(expected(source));
  expect((await check()).problems).toEqual([]);
  await published.close();
});
