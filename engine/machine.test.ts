import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { recallFact, rememberFact } from './machine.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-machine-'));
  file = join(folder, 'machine.json');
});
afterEach(() => rm(folder, { recursive: true }));

test('remembers by key, keeping what others wrote at the same time', async () => {
  const keys = Array.from({ length: 20 }, (_, i) => `key${i}`);
  await Promise.all(keys.map((key, i) => rememberFact(file, key, { i })));
  for (const [i, key] of keys.entries()) {
    expect(await recallFact(file, key, z.object({ i: z.number() }))).toEqual({ i });
  }
  await rememberFact(file, 'key3', undefined);
  expect(Object.keys(JSON.parse(await readFile(file, 'utf8')))).toHaveLength(19);
});

test('nothing is remembered where there is no file, a damaged one or another shape', async () => {
  expect(await recallFact(file, 'a', z.string())).toBeNull();
  await writeFile(file, '{"a": "hal');
  expect(await recallFact(file, 'a', z.string())).toBeNull();
  await rememberFact(file, 'a', 7);
  expect(await recallFact(file, 'a', z.string())).toBeNull();
  expect(await recallFact(file, 'a', z.number())).toBe(7);
});

test('a file that cannot be written is an error of that change only', async () => {
  await expect(rememberFact(join(folder, 'no', 'such.json'), 'a', 1)).rejects.toThrow('ENOENT');
  await rememberFact(file, 'a', 1);
  expect(await recallFact(file, 'a', z.number())).toBe(1);
});
