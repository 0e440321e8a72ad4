import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type FileTrouble, KeptFile, plainWords } from './kept-file.ts';

const Schema = z.strictObject({ n: z.number() });
let folder: string;
let troubles: FileTrouble[];
const open = (path: string) => new KeptFile(path, Schema, { n: 0 }, (trouble) => troubles.push(trouble));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bt-kept-'));
  troubles = [];
});
afterEach(() => rm(folder, { recursive: true }));

test('what is set is read again by the next life; the last of several wins', async () => {
  const path = join(folder, 'deep', 'x.json');
  const file = open(path);
  expect(file.value).toEqual({ n: 0 });
  await Promise.all([1, 2, 3].map((n) => file.set({ n })));
  expect(open(path).value).toEqual({ n: 3 });
  expect(troubles).toEqual([]);
});

test.each(['{"n":', '{"n":"one"}', '', '[]'])('damage %j is kept beside', async (text) => {
  const path = join(folder, 'x.json');
  await writeFile(path, text);
  const file = open(path);
  expect(file.value).toEqual({ n: 0 });
  expect(troubles).toMatchObject([{ kind: 'damaged', file: path }]);
  const [aside = ''] = await readdir(folder);
  expect(await readFile(join(folder, aside), 'utf8')).toBe(text);
  await file.set({ n: 1 });
  expect(open(path).value).toEqual({ n: 1 });
});

test('where it cannot be written that is said once, and the value holds', async () => {
  const path = join(folder, 'x.json');
  const file = open(path);
  await mkdir(path);
  await file.set({ n: 1 });
  await file.set({ n: 2 });
  expect(file.value).toEqual({ n: 2 });
  expect(troubles).toMatchObject([{ kind: 'unwritable', file: path }]);
});

test.skipIf(!existsSync('/dev/full'))('a full disk is said in plain words (needs /dev/full)', async () => {
  const error = await writeFile('/dev/full', 'x').catch((reason: unknown) => reason);
  expect(plainWords(error)).toBe('the disk is full');
});
