import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { O } from '../../ninep/testkit/client.ts';
import { served } from '../../ninep/testkit/served.ts';
import { ObjectCache, parseMasterKeys, Repository } from '../read/index.ts';
import { makeKeys } from '../testkit/keys.ts';
import { type Files, makeRepository } from '../testkit/made-repository.ts';
import { scratch } from '../testkit/sample.ts';
import { serveRepository } from '../testkit/server.ts';
import { repositoryTree } from './repository-tree.ts';

const NAME = 'test.example.org';
const keys = makeKeys();
const folder = scratch();
const big = randomBytes(300_000);
const XATTRS = new Map([
  ['user.origin', Buffer.from('a\0b')],
  ['user.none', Buffer.alloc(0)],
  ['security.capability', Buffer.from('root')],
]);
const make = (files: Record<string, string | Buffer>, revision: number, into?: Files) =>
  makeRepository(
    {
      name: NAME,
      keys,
      files,
      revision,
      nested: ['/n'],
      pieceBytes: 100_000,
      twist: (item) =>
        item.path === '/n/big' ? { ...item, entry: { ...item.entry, xattrs: XATTRS } } : item,
    },
    into,
  );

test('guests see a repository over 9P, each in the revision it attached to', async () => {
  const files = make({ '/n/big': big, '/n/\xff': 'bytes', '/l': '@$(X:-n)/big' }, 1);
  const server = await serveRepository(NAME, files);
  const repository = await Repository.open({
    repository: NAME,
    servers: [server.url],
    masterKeys: parseMasterKeys(keys.masterPublicPem),
    cache: await ObjectCache.open(folder, 1e8),
    stateFolder: folder,
    serverOptions: { backOffMs: 1 },
  });
  const host = await served(repositoryTree([repository]));
  const client = await host.client();
  const names = async (path: string) => (await client.list(path)).map(({ name }) => name).sort();
  expect(await names('')).toEqual([NAME]);
  expect(await names(`${NAME}/n`)).toEqual(['big', '\xff']);
  expect(await client.readlink(`${NAME}/l`)).toBe('n/big');
  expect(Buffer.from(await client.readFile(`${NAME}/n/big`)).equals(big)).toBe(true);
  expect(Buffer.from(await client.readFile(`${NAME}/n/\xff`)).toString()).toBe('bytes');
  expect(await client.getattr(`${NAME}/n/big`)).toMatchObject({
    mode: 0o100644,
    size: 300_000n,
    mtimeSec: 1_790_000_000n,
  });
  const attribute = async (path: string, entry: string) => {
    const [fid, newfid] = [await client.walk(path), client.fid()];
    const { size } = await client.raw.call({ name: 'Txattrwalk', fid, newfid, entry }, 'Rxattrwalk');
    const value = Buffer.from(await client.read(newfid, 0, 1000)).toString();
    expect(value).toHaveLength(Number(size));
    return value;
  };
  expect(await attribute(`${NAME}/n/big`, 'user.origin')).toBe('a\0b');
  expect(await attribute(`${NAME}/n/big`, 'user.none')).toBe('');
  expect(await attribute(`${NAME}/n/big`, '')).toBe('user.none\0user.origin\0');
  for (const [path, entry, errno] of [
    [`${NAME}/n/big`, 'security.capability', 'ENODATA'],
    [`${NAME}/n`, 'user.origin', 'EOPNOTSUPP'],
    [`${NAME}/n`, '', 'EOPNOTSUPP'],
  ] as const) {
    await expect(attribute(path, entry)).rejects.toMatchObject({ errno });
  }
  await expect(client.walk(`${NAME}/none`)).rejects.toMatchObject({ errno: 'ENOENT' });
  for (const attempt of [
    () => client.create(`${NAME}/new`),
    () => client.mkdir(`${NAME}/new`),
    () => client.unlink(`${NAME}/l`),
    () => client.open(`${NAME}/n/big`, O.RDWR),
    () => client.setattr(`${NAME}/n/big`, 1, { mode: 0 }),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ errno: 'EROFS' });
  }
  make({ '/newer': 'x' }, 2, files);
  await repository.refresh();
  expect(await names(NAME)).toEqual(['l', 'n']);
  const later = await host.client();
  expect((await later.list(NAME)).map(({ name }) => name)).toEqual(['newer']);
  // What cannot be had is an error of the disk, and no defect of ours.
  await server.stop();
  await expect(later.readFile(`${NAME}/newer`)).rejects.toMatchObject({ errno: 'EIO' });
  expect(host.errors).toEqual([]);
  await repository.close();
});
