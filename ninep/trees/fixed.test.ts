import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixedTree, TreeError } from '../index.ts';
import { O } from '../testkit/client.ts';
import { served } from '../testkit/served.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'beamtime-fixed-'));
  writeFileSync(join(folder, 'a1'), 'program');
  writeFileSync(join(folder, 'b2'), 'data');
});
afterAll(() => rmSync(folder, { recursive: true }));

const tree = () =>
  fixedTree([
    { path: 'lib64', target: 'usr/lib64' },
    { path: 'usr/bin/run', hostPath: join(folder, 'a1'), bytes: 7, executable: true },
    { path: 'usr/share/größe.txt', hostPath: join(folder, 'b2'), bytes: 4, executable: false },
    { path: 'usr/share/lost', hostPath: join(folder, 'c3'), bytes: 9, executable: false },
  ]);

test('shows files under the names of the list, folders and links, all of it root’s and cacheable', async () => {
  const client = await (await served(tree())).client();
  expect((await client.list('')).map(({ name }) => name)).toEqual(['lib64', 'usr']);
  expect((await client.list('usr')).map(({ name }) => name)).toEqual(['bin', 'share']);
  expect(Buffer.from(await client.readFile('usr/bin/run')).toString()).toBe('program');
  expect(await client.getattr('usr/bin/run')).toMatchObject({ mode: 0o100555, size: 7n, uid: 0 });
  expect((await client.getattr('usr/bin/run')).qid.version).toBe(1);
  expect(await client.readlink('lib64')).toBe('usr/lib64');
  const name = Buffer.from('größe.txt').toString('latin1');
  expect(await client.getattr(`usr/share/${name}`)).toMatchObject({ mode: 0o100444 });
  await expect(client.open('usr/share/lost')).rejects.toMatchObject({ errno: 'EIO' });
});

test('takes no change', async () => {
  const client = await (await served(tree())).client();
  for (const attempt of [
    () => client.create('usr/new'),
    () => client.mkdir('new'),
    () => client.symlink('new', 'x'),
    () => client.link('usr/bin/run', 'new'),
    () => client.rename('usr/bin/run', 'new'),
    () => client.unlink('usr/bin/run'),
    () => client.setattr('usr/bin/run', 1, { mode: 0o777 }),
    () => client.truncate('usr/bin/run', 0),
    () => client.open('usr/bin/run', O.RDWR),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ errno: 'EROFS' });
  }
  await expect(client.walk('usr/none')).rejects.toMatchObject({ errno: 'ENOENT' });
  await expect(client.walk('usr/bin/run/x')).rejects.toMatchObject({ errno: 'ENOTDIR' });
});

test('a list that contradicts itself is no tree', () => {
  const file = (path: string) => ({ path, hostPath: '', bytes: 0, executable: false });
  expect(() => fixedTree([file('a'), file('a')])).toThrow(TreeError);
  expect(() => fixedTree([file('a'), file('a/b')])).toThrow(TreeError);
  expect(() => fixedTree([file('a/../b')])).toThrow(TreeError);
});
