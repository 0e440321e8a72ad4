import { appendFile, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deflate } from '../../platform/deflate.ts';
import { sha256 } from '../../platform/files.ts';
import { PackDamaged, Packs } from './packs.ts';

let folder = '';
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'beamtime-packs-')), 'packs');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

const entry = (text: string) => ({ sha256: sha256(text), content: Buffer.from(text), deflated: null });

test('what is appended is read back, also by a later process, and a pack tells what is in it', async () => {
  const packs = new Packs(folder);
  const texts = ['one', '', 'three\n', 'x'.repeat(5_000_000), 'five'];
  const places = await packs.append(texts.map(entry));
  await packs.close();
  const later = new Packs(folder);
  const [more] = await later.append([entry('more')]);
  for (const [i, place] of places.entries()) expect((await later.read(place)).toString()).toBe(texts[i]);
  expect(more && (await later.read(more)).toString()).toBe('more');
  await later.close();
  const pack = (await readFile(join(folder, '000001.pack'))).toString();
  expect(pack).toBe([...texts, 'more'].map((text) => `${sha256(text)} ${text.length}\n${text}`).join(''));
});

test('what came compressed is kept so, and read as it was before', async () => {
  const packs = new Packs(folder);
  const content = Buffer.from('counts '.repeat(1000));
  const deflated = await deflate(content);
  if (!deflated) throw new Error('not compressed');
  const [first, second] = await packs.append([
    { sha256: sha256(content), content, deflated },
    entry('after'),
  ]);
  if (!first || !second) throw new Error('no place');
  expect(first).toMatchObject({ bytes: 7000, deflated: deflated.length });
  expect(await packs.read(first)).toEqual(content);
  expect((await packs.read(second)).toString()).toBe('after');
  await expect(packs.read({ ...first, bytes: 6999 })).rejects.toThrow(PackDamaged);
  await expect(packs.read({ ...first, start: first.start + 1 })).rejects.toThrow(PackDamaged);
  await packs.close();
});

test('appends at the same time do not mix', async () => {
  const packs = new Packs(folder);
  const texts = Array.from({ length: 50 }, (_, i) => `${i} `.repeat(i + 1));
  const places = (await Promise.all(texts.map((text) => packs.append([entry(text)])))).flat();
  for (const [i, place] of places.entries()) expect((await packs.read(place)).toString()).toBe(texts[i]);
  await packs.close();
});

test('what a crash left half written stays beside what counts', async () => {
  const packs = new Packs(folder);
  const [before] = await packs.append([entry('before')]);
  await packs.close();
  await appendFile(join(folder, '000001.pack'), `${sha256('torn')} 99999\nhalf of it`);
  const later = new Packs(folder);
  const [after] = await later.append([entry('after')]);
  expect(before && (await later.read(before)).toString()).toBe('before');
  expect(after && (await later.read(after)).toString()).toBe('after');
  await later.close();
});

test('a full pack is followed by the next', async () => {
  const packs = new Packs(folder, { fullBytes: 200 });
  const places = [];
  for (let i = 0; i < 6; i++) places.push(...(await packs.append([entry(`entry ${i}`)])));
  await packs.close();
  const later = new Packs(folder, { fullBytes: 200 });
  places.push(...(await later.append([entry('entry 6')])));
  expect((await readdir(folder)).length).toBeGreaterThan(2);
  for (const [i, place] of places.entries()) expect((await later.read(place)).toString()).toBe(`entry ${i}`);
  await later.close();
});

test('bytes that are gone are told as damage', async () => {
  const packs = new Packs(folder);
  const [place] = await packs.append([entry('to be cut')]);
  await packs.close();
  if (!place) throw new Error('no place');
  await truncate(join(folder, '000001.pack'), place.start + 3);
  await expect(packs.read(place)).rejects.toThrow(PackDamaged);
  await rm(join(folder, '000001.pack'));
  await expect(packs.read(place)).rejects.toThrow(PackDamaged);
});

test('nothing to append makes no file', async () => {
  const packs = new Packs(folder);
  expect(await packs.append([])).toEqual([]);
  await expect(readdir(folder)).rejects.toThrow('ENOENT');
});

test('servers that share the folder never append to the same pack', async () => {
  const servers = [1, 2, 3].map(() => new Packs(folder, { isShared: true }));
  const places = await Promise.all(
    servers.map((packs, i) => packs.append([entry(`of ${i}`), entry(`more of ${i}`)])),
  );
  expect(new Set(places.flat().map((place) => place.pack)).size).toBe(3);
  for (const [i, [first, second]] of places.entries()) {
    const reader = servers[(i + 1) % 3];
    expect(first && (await reader?.read(first))?.toString()).toBe(`of ${i}`);
    expect(second && (await reader?.read(second))?.toString()).toBe(`more of ${i}`);
  }
  for (const packs of servers) await packs.close();
});
