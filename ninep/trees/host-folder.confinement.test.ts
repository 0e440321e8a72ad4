import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { hostFolder, READ, TreeError, type TreeNode } from '../index.ts';
import { Client, O } from '../testkit/client.ts';
import { scratch, served } from '../testkit/served.ts';
import { CheckedPaths } from './host-confinement.ts';

const REPLACE = { read: false, write: true, append: false, truncate: true, exclusive: false };

/** A served folder with a neighbour that must not be reached. */
async function neighbours() {
  const outside = await scratch();
  const folder = join(outside, 'served');
  await mkdir(folder);
  await mkdir(join(outside, 'secrets'));
  await writeFile(join(outside, 'secrets', 'key'), 'secret');
  return { outside, folder, secrets: join(outside, 'secrets') };
}

/** Makes directories, so many below one another that visiting the last lets go of every other that is held open. */
async function abyss(folder: string): Promise<(client: Client) => Promise<void>> {
  const path = Array(70).fill('d').join('/');
  await mkdir(join(folder, path), { recursive: true });
  return async (client) => {
    await expect(client.walk(`${path}/none`)).rejects.toMatchObject({ errno: 'ENOENT' });
  };
}

async function errno(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (cause: unknown) => cause,
  );
  return error instanceof TreeError ? error.errno : `not refused: ${String(error)}`;
}

describe('names', () => {
  const WRONG = ['', '.', '..', '/', 'a/b', '../secrets', '/etc/passwd', 'a\0b', 'secrets/../x'];

  test.each(WRONG)('%j is no name, in any operation, whoever calls the tree', async (name) => {
    const { folder } = await neighbours();
    const root = await hostFolder(folder).root();
    const { node, file } = await root.create('file', REPLACE, 0o644);
    await file.close();
    for (const attempt of [
      () => root.lookup(name),
      () => root.create(name, REPLACE, 0o644),
      () => root.makeDirectory(name, 0o755),
      () => root.makeSymlink(name, 'x'),
      () => root.makeLink(name, node),
      () => root.rename(name, root, 'x'),
      () => root.rename('file', root, name),
      () => root.unlink(name, false),
      () => root.unlink(name, true),
    ]) {
      expect(await errno(attempt())).toBe('EINVAL');
    }
    expect(await readdir(folder)).toEqual(['file']);
  });

  test('every byte but NUL and "/" is a name, up to 255 of them', async () => {
    const { folder } = await neighbours();
    const root = await hostFolder(folder).root();
    const names = [String.fromCharCode(1).repeat(255), '\xff'.repeat(255), 'ä', '\n', ' ', '-', '...', '\\'];
    for (let byte = 1; byte < 256; byte++)
      if (byte !== 47 && byte !== 46) names.push(String.fromCharCode(byte));
    for (const name of new Set(names)) await (await root.create(name, REPLACE, 0o644)).file.close();
    expect((await readdir(folder, 'latin1')).sort()).toEqual([...new Set(names)].sort());
    for (const name of names) expect((await root.lookup(name)).kind).toBe('file');
    expect(await errno(root.lookup('x'.repeat(256)))).toBe('ENAMETOOLONG');
  });
});

describe('links', () => {
  test('a link is a link: nothing behind it is read, written, listed, changed or removed', async () => {
    const { folder, secrets } = await neighbours();
    const before = await lstat(join(secrets, 'key'));
    for (const [name, target] of [
      ['absolute', secrets],
      ['relative', '../secrets'],
      ['file', join(secrets, 'key')],
      ['itself', 'itself'],
      ['dangling', '../made'],
    ] as const) {
      await symlink(target, join(folder, name));
    }
    const client = await (await served(hostFolder(folder))).client();
    for (const name of ['absolute', 'relative', 'file', 'itself', 'dangling']) {
      expect((await client.getattr(name)).mode & 0o170000).toBe(0o120000);
      await expect(client.walk(`${name}/key`)).rejects.toMatchObject({ errno: 'ENOTDIR' });
      await expect(client.open(name)).rejects.toMatchObject({ errno: 'ELOOP' });
      await expect(client.open(name, O.WRONLY | O.TRUNC)).rejects.toMatchObject({ errno: 'ELOOP' });
      await expect(client.open(name, O.DIRECTORY)).rejects.toMatchObject({ errno: 'ENOTDIR' });
      await expect(client.create(name, O.WRONLY)).rejects.toMatchObject({ errno: 'ELOOP' });
      await expect(client.create(`${name}/new`)).rejects.toMatchObject({ errno: 'ENOTDIR' });
      await expect(client.mkdir(`${name}/new`)).rejects.toMatchObject({ errno: 'ENOTDIR' });
      await expect(client.truncate(name, 0)).rejects.toMatchObject({ errno: 'EINVAL' });
      await expect(client.setattr(name, 1, { mode: 0o777 })).rejects.toMatchObject({ errno: 'EOPNOTSUPP' });
      // Times and owner of the link itself.
      await client.setattr(name, 0x20 | 0x100, { mtimeSec: 1n });
      // A further name of the link, not of what is behind it.
      await client.link(name, `${name}-2`);
      expect(await client.readlink(`${name}-2`)).toBe(await readlink(join(folder, name)));
      await client.unlink(name);
    }
    expect(await readFile(join(secrets, 'key'), 'utf8')).toBe('secret');
    const after = await lstat(join(secrets, 'key'));
    expect([after.mtimeMs, after.mode, after.nlink]).toEqual([before.mtimeMs, before.mode, before.nlink]);
    expect(existsSync(join(folder, '..', 'made'))).toBe(false);
  });

  test('the served folder may itself be reached through a link, and be moved', async () => {
    const { outside, folder } = await neighbours();
    await writeFile(join(folder, 'file'), 'x');
    await symlink(folder, join(outside, 'way'));
    const client = await (await served(hostFolder(join(outside, 'way')))).client();
    expect((await client.readFile('file')).toString()).toBe('x');
  });
});

describe('races: directories are swapped for links under a client that holds them', () => {
  /** Runs a step of an attack between the client's requests. */
  async function held() {
    const places = await neighbours();
    await mkdir(join(places.folder, 'a', 'b'), { recursive: true });
    await writeFile(join(places.folder, 'a', 'b', 'key'), 'harmless');
    const serving = await served(hostFolder(places.folder));
    return { ...places, serving, client: await serving.client(), letGo: await abyss(places.folder) };
  }

  test.each([
    ['a', false],
    ['a/b', false],
    ['a', true],
    ['a/b', true],
  ])('%s; held open no more: %s', async (path, isLetGo) => {
    const { folder, secrets, client, serving, letGo } = await held();
    const fid = await client.walk('a/b');
    const file = await client.walk('a/b/key');
    const deeper = await client.walk('a');
    await rename(join(folder, path), join(folder, 'away'));
    await symlink(secrets, join(folder, path));
    if (isLetGo) await letGo(client);
    // By the names as they are now: nothing is behind a link.
    await expect(client.walk('a/b/key')).rejects.toMatchObject({ errno: 'ENOTDIR' });
    // By what was held: what it was, or nothing; in no case what the link points to.
    const attempts = [
      () => client.raw.request({ name: 'Twalk', fid, newfid: 900, wnames: ['key'] }),
      () => client.raw.request({ name: 'Twalk', fid: deeper, newfid: 901, wnames: ['b', 'key'] }),
      () => client.raw.request({ name: 'Tlopen', fid: file, flags: O.RDWR | O.TRUNC }),
      () => client.raw.request({ name: 'Tread', fid: file, offset: 0n, count: 100 }),
      () => client.raw.request({ name: 'Tunlinkat', dirfd: fid, entry: 'key', flags: 0 }),
      () => client.raw.request({ name: 'Tmkdir', dfid: fid, entry: 'made', mode: 0o755, gid: 0 }),
      () =>
        client.raw.request({
          name: 'Trenameat',
          olddirfid: fid,
          oldname: 'key',
          newdirfid: 0,
          newname: 'stolen',
        }),
    ];
    for (const attempt of attempts) {
      if (isLetGo) await letGo(client);
      const reply = await attempt();
      if (reply?.name === 'Rread') expect(Buffer.from(reply.data).toString()).not.toContain('secret');
    }
    await client.close();
    expect(await readFile(join(secrets, 'key'), 'utf8')).toBe('secret');
    expect(await readdir(secrets)).toEqual(['key']);
    expect(serving.errors).toEqual([]);
  });

  test('a file swapped for a link, a folder or another file is not opened in its stead', async () => {
    const { folder, secrets, client } = await held();
    for (const swap of [
      () => symlinkSync(join(secrets, 'key'), join(folder, 'file')),
      () => mkdirSync(join(folder, 'file')),
      () => execFileSync('mkfifo', [join(folder, 'file')]),
    ]) {
      await writeFile(join(folder, 'file'), 'x');
      const fid = await client.walk('file');
      unlinkSync(join(folder, 'file'));
      swap();
      for (const flags of [O.RDONLY, O.WRONLY, O.RDWR | O.TRUNC]) {
        await expect(client.raw.call({ name: 'Tlopen', fid, flags }, 'Rlopen')).rejects.toThrow();
      }
      await expect(client.setattrOf(fid, 8, { size: 0n })).rejects.toThrow();
      await client.clunk(fid);
      rmSync(join(folder, 'file'), { recursive: true });
    }
    expect(await readFile(join(secrets, 'key'), 'utf8')).toBe('secret');
  });

  test('another thread swaps a directory for a link all the time', async () => {
    const { outside, folder, secrets } = await neighbours();
    await mkdir(join(folder, 'real'));
    await writeFile(join(folder, 'real', 'key'), 'harmless');
    await mkdir(join(folder, 'spot'));
    await writeFile(join(folder, 'spot', 'key'), 'harmless');
    const swapper = new Worker(
      `const { renameSync, symlinkSync } = require('node:fs');
       const { parentPort, workerData: { folder, secrets } } = require('node:worker_threads');
       symlinkSync(secrets, folder + '/link');
       let swaps = 0, goes = true;
       parentPort.on('message', () => { goes = false; });
       (function turn() {
         for (let i = 0; i < 200; i++, swaps++) {
           renameSync(folder + '/spot', folder + '/aside');
           renameSync(folder + '/link', folder + '/spot');
           renameSync(folder + '/spot', folder + '/link');
           renameSync(folder + '/aside', folder + '/spot');
         }
         if (goes) setImmediate(turn); else { parentPort.postMessage(swaps); parentPort.close(); }
       })();`,
      { eval: true, workerData: { folder, secrets } },
    );
    const letGo = await abyss(folder);
    const client = await (await served(hostFolder(folder))).client();
    const seen = new Set<string>();
    const listed = new Set<string>();
    for (let i = 0; i < 60; i++) {
      await letGo(client);
      const spot = await client.walk('spot').catch(() => null);
      if (spot === null) continue;
      await letGo(client);
      // What was a directory a moment ago is opened anew.
      const names = [['key'], ['new-1']];
      for (const wnames of names) {
        const newfid = client.fid();
        const reply = await client.raw.request({ name: 'Twalk', fid: spot, newfid, wnames });
        if (reply?.name !== 'Rwalk') continue;
        await client.raw.call({ name: 'Tlopen', fid: newfid, flags: 0 }, 'Rlopen').then(
          async () => seen.add((await client.read(newfid, 0, 100)).toString()),
          () => {},
        );
      }
      await client.raw.request({ name: 'Tmkdir', dfid: spot, entry: `made-${i}`, mode: 0o755, gid: 0 });
      await client.readFile('spot/key').then(
        (bytes) => seen.add(bytes.toString()),
        () => {},
      );
      for (const { name } of await client.list('spot').catch(() => [])) listed.add(name);
      await client.writeFile(`spot/new-${i % 10}`, 'x').catch(() => {});
      await client.setattr('spot/key', 1, { mode: 0o644 }).catch(() => {});
      await client.unlink(`spot/new-${(i + 5) % 10}`).catch(() => {});
      await client.rename('spot/key', 'spot/kez').catch(() => {});
      await client.rename('spot/kez', 'spot/key').catch(() => {});
      await client.link('spot/key', `stolen-${i}`).catch(() => {});
    }
    const ended = new Promise<number>((resolve) => swapper.once('message', resolve));
    swapper.postMessage('stop');
    expect(await ended).toBeGreaterThan(0);
    await swapper.terminate();
    expect([...seen].every((text) => text === 'harmless' || text === 'x')).toBe(true);
    expect([...listed].every((name) => /^(ke[yz]|new-\d|made-\d+)$/.test(name))).toBe(true);
    expect(await readdir(secrets)).toEqual(['key']);
    expect(await readFile(join(secrets, 'key'), 'utf8')).toBe('secret');
    expect((await lstat(join(secrets, 'key'))).nlink).toBe(1);
    expect((await readdir(outside)).sort()).toEqual(['secrets', 'served']);
  });
});

describe('directories deeper than are held open at once', () => {
  /** A chain of `depth` directories, as nodes. */
  async function chain(root: TreeNode, depth: number): Promise<TreeNode> {
    let node = root;
    for (let i = 0; i < depth; i++) node = await node.makeDirectory('d', 0o755);
    return node;
  }

  test('are reached, and a rename or link between two of them does not mix them up', async () => {
    const { folder } = await neighbours();
    const root = await hostFolder(folder).root();
    const left = await chain(await root.makeDirectory('left', 0o755), 100);
    const right = await chain(await root.makeDirectory('right', 0o755), 100);
    const write = async (node: TreeNode, name: string, text: string) => {
      const { node: made, file } = await node.create(name, REPLACE, 0o644);
      await file.write(0n, Buffer.from(text), new AbortController().signal);
      await file.close();
      return made;
    };
    const read = async (node: TreeNode, name: string) => {
      const file = await (await node.lookup(name)).open(READ);
      const bytes = await file.read(0n, 100, new AbortController().signal);
      await file.close();
      return Buffer.from(bytes).toString();
    };
    await write(left, 'file', 'left');
    const node = await write(right, 'file', 'right');
    await left.rename('file', right, 'from-left');
    expect([await read(right, 'from-left'), await read(right, 'file')]).toEqual(['left', 'right']);
    await right.rename('file', left, 'from-right');
    await left.makeLink('linked', node);
    expect([await read(left, 'from-right'), await read(left, 'linked')]).toEqual(['right', 'right']);
    expect(await errno(left.lookup('file'))).toBe('ENOENT');
  });
});

test('what is neither file, directory nor link is neither listed nor reached', async () => {
  const { folder } = await neighbours();
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await writeFile(join(folder, 'file'), '');
  const client = await (await served(hostFolder(folder))).client();
  expect((await client.list('')).map(({ name }) => name)).toEqual(['file']);
  await expect(client.walk('pipe')).rejects.toMatchObject({ errno: 'EACCES' });
  await client.unlink('pipe');
});

test('bits that would lend rights are not stored, and the owner keeps his', async () => {
  const { folder } = await neighbours();
  const client = await (await served(hostFolder(folder))).client();
  await client.create('file', O.RDWR, 0o6777);
  await client.mkdir('folder', 0o7000);
  expect((await lstat(join(folder, 'file'))).mode & 0o7777).toBe(0o777);
  expect((await lstat(join(folder, 'folder'))).mode & 0o7777).toBe(0o1700);
  await client.setattr('file', 1, { mode: 0o4000 });
  expect((await lstat(join(folder, 'file'))).mode & 0o7777).toBe(0o600);
});

test('an owner that is shown instead of the real one cannot be changed', async () => {
  const { folder } = await neighbours();
  const client = await (await served(hostFolder(folder, { owner: { uid: 1000, gid: 1001 } }))).client();
  await client.writeFile('file', 'x');
  expect(await client.getattr('file')).toMatchObject({ uid: 1000, gid: 1001 });
  await client.setattr('file', 2 | 4, { uid: 1000, gid: 1001 });
  await expect(client.setattr('file', 2, { uid: 0 })).rejects.toMatchObject({ errno: 'EPERM' });
});

describe('where there is no /proc: paths are checked', () => {
  test('a directory that is a link now, or another directory, is refused', async () => {
    const { folder, secrets } = await neighbours();
    mkdirSync(join(folder, 'a'));
    const inode = async (path: string) => (await lstat(path, { bigint: true })).ino;
    const root = { parent: null, name: '', inode: await inode(folder) };
    const paths = new CheckedPaths(folder, root.inode);
    const a = { parent: root, name: 'a', inode: await inode(join(folder, 'a')) };
    expect(paths.entry(a, 'file')).toBe(join(folder, 'a', 'file'));
    expect(paths.entries(root, 'x', a, 'y')).toEqual([join(folder, 'x'), join(folder, 'a', 'y')]);
    for (const name of ['..', '.', '', 'a/b']) expect(() => paths.entry(root, name)).toThrow(TreeError);
    expect(() => paths.entry(root, '\xff')).toThrow(/UTF-8/);
    renameSync(join(folder, 'a'), join(folder, 'b'));
    symlinkSync(secrets, join(folder, 'a'));
    expect(() => paths.entry(a, 'key')).toThrow(/ELOOP/);
    rmSync(join(folder, 'a'));
    mkdirSync(join(folder, 'a'));
    expect(() => paths.folder(a)).toThrow(/ESTALE/);
    await rm(folder, { recursive: true });
    mkdirSync(folder);
    expect(() => paths.entry(a, 'x')).toThrow();
  });
});

test('Client and tree agree that a folder served is a folder', async () => {
  const { folder } = await neighbours();
  await writeFile(join(folder, 'file'), '');
  expect(() => hostFolder(join(folder, 'file'))).toThrow(/ENOTDIR/);
  expect(() => hostFolder(join(folder, 'none'))).toThrow(/ENOENT/);
  expect(await (await served(hostFolder(folder))).client()).toBeInstanceOf(Client);
});
