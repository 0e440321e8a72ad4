import { describe, expect, test } from 'vitest';
import {
  DT_DIR,
  DT_LNK,
  DT_REG,
  LOCK_BLOCKED,
  LOCK_RDLCK,
  LOCK_SUCCESS,
  LOCK_UNLCK,
  LOCK_WRLCK,
  NOFID,
  QTDIR,
  QTFILE,
  QTSYMLINK,
} from './defs.ts';
import { hostFolder, memoryTree } from './index.ts';
import { type Client, O } from './testkit/client.ts';
import { Refused } from './testkit/raw-client.ts';
import { STORING_TREES, scratch, served } from './testkit/served.ts';

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (error instanceof Refused) return error.errno;
  throw new Error('not refused', { cause: error });
}

describe.each(STORING_TREES)('messages on a tree of kind $name', ({ make }) => {
  async function attached(): Promise<Client> {
    const { tree } = await make();
    return (await served(tree)).client();
  }

  test('attach: at the root or a folder below, without authentication', async () => {
    const { tree } = await make();
    const serving = await served(tree);
    const client = await serving.client();
    await client.mkdir('a');
    await client.mkdir('a/b');
    await client.writeFile('a/b/file', 'text');
    const below = await serving.client({ aname: '/a/b' });
    expect((await below.list('')).map(({ name }) => name)).toEqual(['file']);
    expect(await refusal(serving.client({ aname: 'none' }))).toBe('ENOENT');
    expect(await refusal(serving.client({ aname: 'a/../../b' }))).toBe('EINVAL');
    const attach = { name: 'Tattach', fid: 9, afid: 3, uname: '', aname: '', nUname: 0 } as const;
    expect(await refusal(client.raw.call(attach, 'Rattach'))).toBe('EOPNOTSUPP');
    expect(await refusal(client.raw.call({ ...attach, afid: NOFID, fid: 0 }, 'Rattach'))).toBe('EBADF');
    const auth = { name: 'Tauth', afid: 3, uname: '', aname: '', nUname: 0 } as const;
    expect(await refusal(client.raw.call(auth, 'Rauth'))).toBe('EOPNOTSUPP');
  });

  test('walk: clones, goes as far as it can, follows ..', async () => {
    const client = await attached();
    const { qid } = { qid: await client.mkdir('a') };
    await client.mkdir('a/b');
    const call = (fid: number, newfid: number, ...wnames: string[]) =>
      client.raw.call({ name: 'Twalk', fid, newfid, wnames }, 'Rwalk');
    expect((await call(0, 10)).wqids).toEqual([]);
    const { wqids } = await call(10, 11, 'a', 'b', '..');
    expect(wqids.map(({ type }) => type)).toEqual([QTDIR, QTDIR, QTDIR]);
    expect(wqids[0]).toEqual(qid);
    expect(wqids[2]).toEqual(qid);
    // Part of the way: tells how far, and makes no fid.
    expect((await call(0, 12, 'a', 'none', 'b')).wqids).toEqual([qid]);
    expect(await refusal(client.clunk(12))).toBe('EBADF');
    expect(await refusal(call(0, 12, 'none'))).toBe('ENOENT');
    expect(await refusal(call(0, 11))).toBe('EBADF');
    expect(await refusal(call(99, 12))).toBe('EBADF');
    expect(await refusal(call(0, 12, 'a/b'))).toBe('EINVAL');
    expect(await refusal(call(0, 12, ''))).toBe('EINVAL');
    expect(await refusal(call(0, 12, '.'))).toBe('EINVAL');
    expect(await refusal(call(0, 12, 'x'.repeat(256)))).toBe('ENAMETOOLONG');
    expect(await refusal(call(0, 12, ...Array(17).fill('a')))).toBe('EINVAL');
    // Above the root is the root.
    expect((await call(0, 12, '..', '..')).wqids).toHaveLength(2);
    // A fid may walk itself.
    await call(12, 12, 'a');
    const { qid: there } = await client.raw.call({ name: 'Tgetattr', fid: 12, requestMask: 0n }, 'Rgetattr');
    expect(there).toEqual(qid);
    await client.writeFile('file', 'x');
    expect(await refusal(client.walk('file/x'))).toBe('ENOTDIR');
  });

  test('lcreate, write, read, lopen: flags are kept', async () => {
    const client = await attached();
    const fid = await client.create('file', O.RDWR | O.EXCL);
    expect(await client.write(fid, 0, 'hello')).toBe(5);
    expect(await client.write(fid, 7, 'world')).toBe(5);
    expect((await client.read(fid, 0, 100)).toString()).toBe('hello\0\0world');
    expect((await client.read(fid, 7, 2)).toString()).toBe('wo');
    expect(await client.read(fid, 12, 10)).toHaveLength(0);
    expect(await client.read(fid, 5000, 10)).toHaveLength(0);
    expect(await client.read(fid, 0, 0)).toHaveLength(0);
    expect(await refusal(client.raw.call({ name: 'Tlopen', fid, flags: 0 }, 'Rlopen'))).toBe('EBADF');
    expect(await refusal(client.create('file'))).toBe('EEXIST');
    // Without O_EXCL what is there is opened.
    const again = await client.create('file', O.RDWR);
    expect((await client.read(again, 0, 5)).toString()).toBe('hello');
    const reading = await client.open('file');
    expect(await refusal(client.write(reading, 0, 'x'))).toBe('EBADF');
    const writing = await client.open('file', O.WRONLY);
    expect(await refusal(client.read(writing, 0, 1))).toBe('EBADF');
    const appending = await client.open('file', O.WRONLY | O.APPEND);
    await client.write(appending, 0, '!');
    expect((await client.readFile('file')).toString()).toBe('hello\0\0world!');
    await client.clunk(await client.open('file', O.WRONLY | O.TRUNC));
    expect(await client.readFile('file')).toHaveLength(0);
    const closed = await client.walk('file');
    expect(await refusal(client.read(closed, 0, 1))).toBe('EBADF');
    expect(await refusal(client.write(closed, 0, 'x'))).toBe('EBADF');
    expect(await refusal(client.open('', O.WRONLY))).toBe('EISDIR');
    expect(await refusal(client.open('file', O.DIRECTORY))).toBe('ENOTDIR');
    expect(await refusal(client.write(fid, (1n << 63n) - 1n, 'xx'))).toBe('EFBIG');
    expect(await refusal(client.write(fid, (1n << 64n) - 1n, 'xx'))).toBe('EFBIG');
    expect(await client.write(fid, 0, '')).toBe(0);
  });

  test('read never gives more than the message holds', async () => {
    const { tree } = await make();
    const client = await (await served(tree)).client({ msize: 4096 });
    const fid = await client.create('file');
    for (let i = 0; i < 4; i++) await client.write(fid, i * 4000, Buffer.alloc(4000, 65 + i));
    expect(await client.read(fid, 0, 0xffffffff)).toHaveLength(4096 - 11);
    expect(
      (await client.readFile('file')).equals(
        Buffer.concat([65, 66, 67, 68].map((c) => Buffer.alloc(4000, c))),
      ),
    ).toBe(true);
  });

  test('large reads and writes in one message', async () => {
    const { tree } = await make();
    const client = await (await served(tree)).client({ msize: 1 << 20 });
    const bytes = Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * 7919) % 251));
    const fid = await client.create('file');
    expect(await client.write(fid, 3, bytes)).toBe(bytes.length);
    expect((await client.read(fid, 3, 600_000)).equals(bytes)).toBe(true);
    expect((await client.read(fid, 100_003, 300_000)).equals(bytes.subarray(100_000, 400_000))).toBe(true);
  });

  test('clunk: once', async () => {
    const client = await attached();
    const fid = await client.walk('');
    await client.clunk(fid);
    expect(await refusal(client.clunk(fid))).toBe('EBADF');
  });

  test('remove: the file goes, and the fid in any case', async () => {
    const client = await attached();
    await client.mkdir('folder');
    await client.writeFile('folder/file', 'x');
    const remove = (fid: number) => client.raw.call({ name: 'Tremove', fid }, 'Rremove');
    const folder = await client.walk('folder');
    expect(await refusal(remove(folder))).toBe('ENOTEMPTY');
    expect(await refusal(client.clunk(folder))).toBe('EBADF');
    await remove(await client.walk('folder/file'));
    await remove(await client.walk('folder'));
    expect(await client.list('')).toEqual([]);
    expect(await refusal(remove(await client.walk('')))).toBe('EINVAL');
  });

  test('readdir: dots, kinds, offsets to go on from, rewinding', async () => {
    const client = await attached();
    await client.mkdir('folder');
    await client.symlink('link', 'nowhere');
    for (let i = 0; i < 40; i++) await client.writeFile(`file-${i}`, 'x');
    const fid = await client.open('', O.DIRECTORY);
    const all = await client.readdir(fid, 0n, 8192);
    expect(all.slice(0, 2).map(({ name, type }) => [name, type])).toEqual([
      ['.', DT_DIR],
      ['..', DT_DIR],
    ]);
    const byName = new Map(all.map((entry) => [entry.name, entry]));
    expect(all).toHaveLength(44);
    expect([byName.get('folder')?.type, byName.get('link')?.type, byName.get('file-3')?.type]).toEqual([
      DT_DIR,
      DT_LNK,
      DT_REG,
    ]);
    expect([
      byName.get('folder')?.qid.type,
      byName.get('link')?.qid.type,
      byName.get('file-3')?.qid.type,
    ]).toEqual([QTDIR, QTSYMLINK, QTFILE]);
    for (const name of ['folder', 'link', 'file-3']) {
      expect(byName.get(name)?.qid.path).toBe((await client.getattr(name)).qid.path);
    }
    // Small replies, each going on where one ended.
    const pieces = [];
    for (let offset = 0n; ; ) {
      const some = await client.readdir(fid, offset, 100);
      if (some.length === 0) break;
      pieces.push(...some);
      offset = some.at(-1)?.offset ?? 0n;
    }
    expect(pieces).toEqual(all);
    // Seeking back to any entry.
    expect((await client.readdir(fid, all[19]?.offset ?? 0n, 8192))[0]).toEqual(all[20]);
    expect(await client.readdir(fid, 1n << 60n, 8192)).toEqual([]);
    // A listing is fixed until it begins anew.
    await client.writeFile('late', 'x');
    expect((await client.readdir(fid, 2n, 8192)).some(({ name }) => name === 'late')).toBe(false);
    expect((await client.readdir(fid, 0n, 8192)).some(({ name }) => name === 'late')).toBe(true);
    const file = await client.open('late');
    expect(await refusal(client.readdir(fid, 0n, 10))).toBe('EINVAL');
    expect(await refusal(client.readdir(file, 0n, 8192))).toBe('EBADF');
    expect(await refusal(client.readdir(await client.walk(''), 0n, 8192))).toBe('EBADF');
    expect(await refusal(client.read(fid, 0, 10))).toBe('EISDIR');
  });

  test('getattr and setattr: size, mode, times', async () => {
    const client = await attached();
    await client.writeFile('file', 'hello');
    const before = await client.getattr('file');
    expect(before).toMatchObject({ valid: 0x7ffn, mode: 0o100644, nlink: 1n, size: 5n });
    expect((await client.getattr('')).mode & 0o170000).toBe(0o040000);
    await client.truncate('file', 2);
    expect((await client.readFile('file')).toString()).toBe('he');
    await client.truncate('file', 4);
    expect((await client.readFile('file')).toString()).toBe('he\0\0');
    await client.setattr('file', 1, { mode: 0o100755 });
    expect((await client.getattr('file')).mode).toBe(0o100755);
    await client.setattr('file', 0x10 | 0x20 | 0x80 | 0x100, {
      atimeSec: 1_000_000_000n,
      mtimeSec: 1_500_000_000n,
      mtimeNsec: 250_000_000n,
    });
    expect(await client.getattr('file')).toMatchObject({
      atimeSec: 1_000_000_000n,
      atimeNsec: 0n,
      mtimeSec: 1_500_000_000n,
      mtimeNsec: 250_000_000n,
    });
    // Before 1970: negative seconds, positive nanoseconds.
    await client.setattr('file', 0x20 | 0x100, {
      mtimeSec: BigInt.asUintN(64, -3n),
      mtimeNsec: 500_000_000n,
    });
    const old = await client.getattr('file');
    expect([BigInt.asIntN(64, old.mtimeSec), old.mtimeNsec]).toEqual([-3n, 500_000_000n]);
    expect(old.atimeSec).toBe(1_000_000_000n);
    // "Now" is the host's clock.
    await client.setattr('file', 0x20);
    expect(Number((await client.getattr('file')).mtimeSec)).toBeGreaterThan(Date.now() / 1000 - 60);
    await client.setattr('file', 0x40);
    expect(await refusal(client.truncate('', 0))).toBe('EISDIR');
    expect(await refusal(client.setattr('file', 8, { size: 1n << 63n }))).toBe('EFBIG');
    // Of what is open and has no name any more.
    const fid = await client.open('file', O.RDWR);
    await client.unlink('file');
    // As ftruncate(2) of Linux asks: size and time.
    await client.setattrOf(fid, 8 | 0x20 | 0x40, { size: 3n });
    await client.setattrOf(fid, 2 | 4, { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
    await client.setattrOf(fid, 1, { mode: 0o600 });
    const gone = await client.raw.call({ name: 'Tgetattr', fid, requestMask: 0n }, 'Rgetattr');
    expect(gone).toMatchObject({ size: 3n, nlink: 0n, mode: 0o100600 });
  });

  test('statfs', async () => {
    const client = await attached();
    const found = await client.raw.call({ name: 'Tstatfs', fid: 0 }, 'Rstatfs');
    expect(found).toMatchObject({ type: 0x01021997, bsize: 4096, namelen: 255 });
    expect(found.blocks).toBeGreaterThan(found.bfree - 1n);
    expect(found.bavail).toBeGreaterThan(0n);
  });

  test('mkdir, symlink, readlink, link', async () => {
    const client = await attached();
    await client.mkdir('folder', 0o40750);
    expect((await client.getattr('folder')).mode).toBe(0o40750);
    expect(await refusal(client.mkdir('folder'))).toBe('EEXIST');
    expect(await refusal(client.mkdir('folder/..'))).toBe('EINVAL');
    const target = '../../outside/\xff\x01';
    expect((await client.symlink('folder/link', target)).type).toBe(QTSYMLINK);
    expect(await client.readlink('folder/link')).toBe(target);
    expect((await client.getattr('folder/link')).size).toBe(BigInt(target.length));
    expect(await refusal(client.symlink('folder/link', 'x'))).toBe('EEXIST');
    expect(await refusal(client.symlink('empty', ''))).toBe('ENOENT');
    expect(await refusal(client.symlink('nul', 'a\0b'))).toBe('EINVAL');
    expect(await refusal(client.symlink('long', 'x'.repeat(4096)))).toBe('ENAMETOOLONG');
    await client.symlink('longest', 'x'.repeat(4095));
    expect(await refusal(client.readlink('folder'))).toBe('EINVAL');
    // The server follows no link.
    expect(await refusal(client.open('folder/link'))).toBe('ELOOP');
    expect(await refusal(client.create('folder/link', O.WRONLY))).toBe('ELOOP');
    await client.writeFile('file', 'x');
    await client.link('file', 'folder/other');
    expect(await client.getattr('folder/other')).toMatchObject({
      nlink: 2n,
      qid: (await client.getattr('file')).qid,
    });
    expect(await refusal(client.link('file', 'folder/other'))).toBe('EEXIST');
    expect(await refusal(client.link('folder', 'again'))).toBe('EPERM');
    await client.unlink('file');
    expect((await client.readFile('folder/other')).toString()).toBe('x');
    expect((await client.getattr('folder/other')).nlink).toBe(1n);
  });

  test('mknod is refused and leaves nothing', async () => {
    const client = await attached();
    const node = {
      name: 'Tmknod',
      dfid: 0,
      entry: 'pipe',
      mode: 0o010644,
      major: 0,
      minor: 0,
      gid: 0,
    } as const;
    expect(await refusal(client.raw.call(node, 'Rmknod'))).toBe('EPERM');
    expect(await refusal(client.raw.call({ ...node, mode: 0o020644, major: 1, minor: 3 }, 'Rmknod'))).toBe(
      'EPERM',
    );
    expect(await client.list('')).toEqual([]);
  });

  test('rename, renameat: over files, between folders, under fids that stay good', async () => {
    const client = await attached();
    await client.mkdir('a');
    await client.mkdir('b');
    await client.writeFile('a/one', '1');
    await client.writeFile('a/two', '2');
    const one = await client.open('a/one', O.RDWR);
    const two = await client.open('a/two');
    await client.rename('a/one', 'a/two');
    expect((await client.readFile('a/two')).toString()).toBe('1');
    // The replaced file stays readable for who has it open.
    expect((await client.read(two, 0, 10)).toString()).toBe('2');
    await client.clunk(two);
    // A whole folder moves under what is below.
    const deep = await client.walk('a/two');
    await client.rename('a', 'b/a');
    await client.setattrOf(deep, 1, { mode: 0o600 });
    expect((await client.getattr('b/a/two')).mode).toBe(0o100600);
    await client.write(one, 1, '!');
    expect((await client.readFile('b/a/two')).toString()).toBe('1!');
    // Trename moves the fid's own file.
    await client.at('', (dfid) =>
      client.raw.call({ name: 'Trename', fid: deep, dfid, entry: 'top' }, 'Rrename'),
    );
    expect((await client.readFile('top')).toString()).toBe('1!');
    expect(await refusal(client.raw.call({ name: 'Trename', fid: 0, dfid: 0, entry: 'x' }, 'Rrename'))).toBe(
      'EINVAL',
    );
    expect(await refusal(client.rename('none', 'x'))).toBe('ENOENT');
    expect(await refusal(client.rename('b', 'b/a/b'))).toBe('EINVAL');
    expect(await refusal(client.rename('top', 'b'))).toBe('EISDIR');
    expect(await refusal(client.rename('b', 'top'))).toBe('ENOTDIR');
    await client.mkdir('c');
    await client.rename('c', 'b/a');
    expect((await client.list('b')).map(({ name }) => name)).toEqual(['a']);
    await client.writeFile('b/a/file', 'x');
    await client.mkdir('c');
    expect(await refusal(client.rename('c', 'b/a'))).toBe('ENOTEMPTY');
    // Two names of one file: nothing happens.
    await client.link('top', 'same');
    await client.rename('top', 'same');
    expect((await client.list('')).map(({ name }) => name).sort()).toEqual(['b', 'c', 'same', 'top']);
    await client.rename('top', 'top');
    expect((await client.readFile('top')).toString()).toBe('1!');
  });

  test('unlinkat: files and folders by the right flag; what is open lives on', async () => {
    const client = await attached();
    await client.mkdir('folder');
    const fid = await client.create('folder/file');
    await client.write(fid, 0, 'hello');
    expect(await refusal(client.rmdir('folder'))).toBe('ENOTEMPTY');
    expect(await refusal(client.unlink('folder'))).toBe('EISDIR');
    expect(await refusal(client.rmdir('folder/file'))).toBe('ENOTDIR');
    await client.unlink('folder/file');
    expect(await refusal(client.unlink('folder/file'))).toBe('ENOENT');
    expect((await client.read(fid, 0, 10)).toString()).toBe('hello');
    await client.write(fid, 5, '!');
    expect((await client.read(fid, 0, 10)).toString()).toBe('hello!');
    const folder = await client.walk('folder');
    await client.rmdir('folder');
    expect(await client.list('')).toEqual([]);
    const create = { name: 'Tlcreate', fid: folder, entry: 'x', flags: 0o102, mode: 0o644, gid: 0 } as const;
    expect(await refusal(client.raw.call(create, 'Rlcreate'))).toBe('ENOENT');
    // A new file of the same name is another file.
    await client.writeFile('file', 'new');
    expect((await client.read(fid, 0, 10)).toString()).toBe('hello!');
    await client.clunk(fid);
  });

  test('fsync', async () => {
    const client = await attached();
    const fid = await client.create('file');
    await client.raw.call({ name: 'Tfsync', fid, datasync: 0 }, 'Rfsync');
    await client.raw.call({ name: 'Tfsync', fid, datasync: 1 }, 'Rfsync');
    const folder = await client.open('', O.DIRECTORY);
    await client.raw.call({ name: 'Tfsync', fid: folder, datasync: 0 }, 'Rfsync');
    expect(await refusal(client.raw.call({ name: 'Tfsync', fid: 0, datasync: 0 }, 'Rfsync'))).toBe('EBADF');
  });

  test('lock, getlock: between processes and between connections; gone with the connection', async () => {
    const { tree } = await make();
    const serving = await served(tree);
    const client = await serving.client();
    const fid = await client.create('file');
    const lock = async (by: Client, on: number, type: number, start: bigint, length: bigint, procId = 1) => {
      const request = {
        name: 'Tlock',
        fid: on,
        type,
        flags: 0,
        start,
        length,
        procId,
        clientId: 'vm',
      } as const;
      return (await by.raw.call(request, 'Rlock')).status;
    };
    const held = (by: Client, on: number, type: number, start: bigint, length: bigint, procId: number) => {
      const request = { name: 'Tgetlock', fid: on, type, start, length, procId, clientId: 'vm' } as const;
      return by.raw.call(request, 'Rgetlock');
    };
    expect(await lock(client, fid, LOCK_WRLCK, 0n, 100n)).toBe(LOCK_SUCCESS);
    expect(await lock(client, fid, LOCK_WRLCK, 50n, 0n, 2)).toBe(LOCK_BLOCKED);
    expect(await lock(client, fid, LOCK_WRLCK, 100n, 0n, 2)).toBe(LOCK_SUCCESS);
    expect(await held(client, fid, LOCK_RDLCK, 0n, 0n, 3)).toMatchObject({
      type: LOCK_WRLCK,
      start: 0n,
      length: 100n,
      procId: 1,
    });
    expect(await held(client, fid, LOCK_RDLCK, 100n, 5n, 3)).toMatchObject({
      type: LOCK_WRLCK,
      start: 100n,
      length: 0n,
      procId: 2,
    });
    expect(await held(client, fid, LOCK_WRLCK, 0n, 50n, 1)).toMatchObject({ type: LOCK_UNLCK });
    // A hole in the middle.
    expect(await lock(client, fid, LOCK_UNLCK, 40n, 20n)).toBe(LOCK_SUCCESS);
    expect(await lock(client, fid, LOCK_RDLCK, 40n, 20n, 3)).toBe(LOCK_SUCCESS);
    expect(await lock(client, fid, LOCK_RDLCK, 40n, 20n, 4)).toBe(LOCK_SUCCESS);
    expect(await lock(client, fid, LOCK_WRLCK, 40n, 20n, 4)).toBe(LOCK_BLOCKED);
    const bad = {
      name: 'Tlock',
      fid,
      type: 9,
      flags: 0,
      start: 0n,
      length: 0n,
      procId: 1,
      clientId: '',
    } as const;
    expect(await refusal(client.raw.call(bad, 'Rlock'))).toBe('EINVAL');

    const other = await serving.client();
    const theirs = await other.open('file', O.RDWR);
    expect(await lock(other, theirs, LOCK_WRLCK, 0n, 1n)).toBe(LOCK_BLOCKED);
    await client.close();
    while (serving.server.connections.size > 1) await new Promise((resolve) => setImmediate(resolve));
    expect(await lock(other, theirs, LOCK_WRLCK, 0n, 0n)).toBe(LOCK_SUCCESS);
  });

  test('extended attributes are said not to exist', async () => {
    const client = await attached();
    const walk = { name: 'Txattrwalk', fid: 0, newfid: 5, entry: 'security.capability' } as const;
    expect(await refusal(client.raw.call(walk, 'Rxattrwalk'))).toBe('EOPNOTSUPP');
    const create = { name: 'Txattrcreate', fid: 0, entry: 'user.x', attrSize: 1n, flags: 0 } as const;
    expect(await refusal(client.raw.call(create, 'Rxattrcreate'))).toBe('EOPNOTSUPP');
  });
});

test('a read-only folder refuses every change and shows no mode it does not keep', async () => {
  const folder = await scratch();
  const writer = await (await served(hostFolder(folder))).client();
  await writer.writeFile('file', 'x');
  await writer.mkdir('folder');
  const serving = await served(hostFolder(folder, { readOnly: true }));
  const client = await serving.client();
  for (const attempt of [
    () => client.open('file', O.WRONLY),
    () => client.open('file', O.TRUNC),
    () => client.create('new'),
    () => client.create('file', O.RDONLY),
    () => client.mkdir('new'),
    () => client.symlink('new', 'x'),
    () => client.link('file', 'new'),
    () => client.rename('file', 'new'),
    () => client.unlink('file'),
    () => client.rmdir('folder'),
    () => client.truncate('file', 0),
    () => client.setattr('file', 1, { mode: 0o600 }),
  ]) {
    expect(await refusal(attempt())).toBe('EROFS');
  }
  expect((await client.readFile('file')).toString()).toBe('x');
  expect(serving.errors).toEqual([]);
});

test('two connections to one tree see one another', async () => {
  const serving = await served(memoryTree());
  const [one, two] = [await serving.client(), await serving.client()];
  await one.writeFile('file', 'x');
  const fid = await two.open('file');
  await one.unlink('file');
  await one.writeFile('file', 'y');
  expect((await two.read(fid, 0, 1)).toString()).toBe('x');
  expect((await two.readFile('file')).toString()).toBe('y');
});
