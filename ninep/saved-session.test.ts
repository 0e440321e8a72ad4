import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encode } from './codec.ts';
import { LOCK_BLOCKED, LOCK_SUCCESS, LOCK_WRLCK } from './defs.ts';
import {
  hostFolder,
  Mailbox,
  memoryTree,
  readFile,
  SavedSession,
  stream,
  synthetic,
  type Tree,
  union,
  writeFile,
} from './index.ts';
import { Client, O } from './testkit/client.ts';
import { counted } from './testkit/counted.ts';
import { eventually, type Served, scratch, served } from './testkit/served.ts';

function withControl(job: Tree) {
  const mailbox = new Mailbox();
  const ctl = synthetic({ next: stream((signal) => mailbox.next(signal)) });
  return { mailbox, tree: union({ job, ctl }) };
}

/** Freezes, saves, and ends the connection, as the engine does around a machine's snapshot. */
async function put(serving: Served): Promise<SavedSession> {
  const [connection] = serving.server.connections;
  if (!connection) throw new Error('no connection');
  await connection.freeze();
  const saved = connection.save();
  await connection.close();
  expect(serving.errors).toEqual([]);
  return SavedSession.parse(JSON.parse(JSON.stringify(saved)));
}

/** A client that goes on in a new connection with what the old one knows of fids. */
async function takenUp(saved: SavedSession, tree: Tree): Promise<{ client: Client; serving: Served }> {
  const serving = await served(tree, { resume: saved });
  return { serving, client: Client.over(await serving.raw(), 0, 1000) };
}

describe('a session goes on in a new connection', () => {
  test('fids, open files, positions, locks, a read that waits and half a message', async () => {
    const folder = await scratch();
    const first = withControl(hostFolder(folder));
    const serving = await served(first.tree);
    const client = await serving.client();
    await client.mkdir('job/folder');
    const fid = await client.create('job/folder/file');
    await client.write(fid, 0, 'hello');
    const appending = await client.open('job/folder/file', O.WRONLY | O.APPEND);
    const listing = await client.open('job/folder', O.DIRECTORY);
    const unlinked = await client.create('job/gone');
    await client.unlink('job/gone');
    const renamed = await client.walk('job/folder/file');
    await client.rename('job/folder/file', 'job/folder/other');
    const lock = {
      name: 'Tlock',
      fid,
      type: LOCK_WRLCK,
      flags: 0,
      start: 5n,
      length: 0n,
      procId: 7,
      clientId: 'vm',
    } as const;
    expect(await client.raw.request(lock)).toEqual({ name: 'Rlock', status: LOCK_SUCCESS });
    const next = await client.open('ctl/next');
    const waiting = client.raw.request({ name: 'Tread', fid: next, offset: 0n, count: 100 }, 501);
    const [write = new Uint8Array()] = encode(502, {
      name: 'Twrite',
      fid,
      offset: 5n,
      data: Buffer.from(' world'),
    });
    client.raw.send([write.subarray(0, 20)]);
    await eventually(
      'the beginning has come',
      () => connectionOf(serving).save !== undefined && partialOf(serving) === 20,
    );

    const saved = await put(serving);
    expect(await waiting).toBeNull();
    expect(Buffer.from(saved.partial, 'base64')).toHaveLength(20);
    expect(saved.pending).toHaveLength(1);

    const second = withControl(hostFolder(folder));
    const { client: again, serving: anew } = await takenUp(saved, second.tree);
    const [message, written] = [again.raw.expect(501), again.raw.expect(502)];
    again.raw.send([write.subarray(20)]);
    expect(await written).toEqual({ name: 'Rwrite', count: 6 });
    second.mailbox.push('work');
    expect(await message).toMatchObject({ name: 'Rread', data: Buffer.from('work') });
    expect((await again.read(fid, 0, 100)).toString()).toBe('hello world');
    await again.write(appending, 0, '!');
    expect((await again.readFile('job/folder/other')).toString()).toBe('hello world!');
    expect((await again.readdir(listing, 0n, 8192)).map(({ name }) => name)).toEqual(['.', '..', 'other']);
    await again.setattrOf(renamed, 1, { mode: 0o600 });
    expect((await again.getattr('job/folder/other')).mode).toBe(0o100600);
    await expect(again.read(unlinked, 0, 1)).rejects.toMatchObject({ errno: 'ESTALE' });
    await expect(again.walk('', unlinked)).rejects.toMatchObject({ errno: 'ESTALE' });
    await again.clunk(unlinked);
    // The lock is held against others, and its owner may let go.
    const other = await anew.client();
    const theirs = await other.open('job/folder/other', O.RDWR);
    const wanted = { ...lock, fid: theirs, clientId: 'other' };
    expect(await other.raw.request(wanted)).toEqual({ name: 'Rlock', status: LOCK_BLOCKED });
    expect(await again.raw.request({ ...lock, type: 2 })).toEqual({ name: 'Rlock', status: LOCK_SUCCESS });
    expect(await other.raw.request(wanted)).toEqual({ name: 'Rlock', status: LOCK_SUCCESS });
    expect(anew.errors).toEqual([]);
  });

  test('cut anywhere in the byte stream', async () => {
    const [bytes = new Uint8Array()] = encode(9, {
      name: 'Twrite',
      fid: 1,
      offset: 0n,
      data: Buffer.from('abc'),
    });
    for (let cut = 0; cut <= bytes.length; cut++) {
      const job = memoryTree();
      const serving = await served(job);
      const client = await serving.client();
      await client.create('file');
      client.raw.send([bytes.subarray(0, cut)]);
      const isWhole = cut === bytes.length;
      await eventually('the bytes have come', async () =>
        isWhole ? (await readFile(job, 'file')).length > 0 : partialOf(serving) === cut,
      );
      const { client: again } = await takenUp(await put(serving), job);
      if (!isWhole) {
        const written = again.raw.expect(9);
        again.raw.send([bytes.subarray(cut)]);
        expect(await written).toEqual({ name: 'Rwrite', count: 3 });
      }
      expect((await again.readFile('file')).toString()).toBe('abc');
      await again.close();
    }
  });

  test('requests that came after the freeze are carried out by the successor, once, in their order', async () => {
    const job = memoryTree();
    const serving = await served(job);
    const client = await serving.client();
    const fid = await client.create('file', O.WRONLY | O.APPEND);
    const connection = connectionOf(serving);
    await connection.freeze();
    for (let i = 0; i < 20; i++) {
      void client.raw.request(
        { name: 'Twrite', fid, offset: 0n, data: Buffer.from(String.fromCharCode(97 + i)) },
        100 + i,
      );
    }
    await eventually('they have come', () => connection.save().pending.length === 20);
    expect(await readFile(job, 'file')).toHaveLength(0);
    const { client: again } = await takenUp(await put(serving), job);
    const replies = Array.from({ length: 20 }, (_, i) => again.raw.expect(100 + i));
    expect(await Promise.all(replies)).toEqual(Array(20).fill({ name: 'Rwrite', count: 1 }));
    expect((await readFile(job, 'file')).toString()).toBe('abcdefghijklmnopqrst');
  });

  test('is saved again before anything happened, to the same', async () => {
    const { tree } = withControl(memoryTree());
    const serving = await served(tree);
    const client = await serving.client();
    await client.mkdir('job/a');
    await client.create('job/a/file');
    const next = await client.open('ctl/next');
    void client.raw.request({ name: 'Tread', fid: next, offset: 0n, count: 100 }, 5);
    await eventually('the read waits', () => connectionOf(serving).session.outstanding === 1);
    const saved = await put(serving);
    const { serving: anew } = await takenUp(saved, tree);
    await eventually(
      'connected',
      () => anew.server.connections.size === 1 && connectionOf(anew).session.outstanding === 1,
    );
    expect(await put(anew)).toEqual(saved);
  });

  test('later connections to the same server begin anew', async () => {
    const tree = memoryTree();
    const serving = await served(tree);
    const client = await serving.client();
    await client.create('file');
    const { client: again, serving: anew } = await takenUp(await put(serving), tree);
    await again.close();
    const third = await anew.client();
    await expect(third.read(1, 0, 1)).rejects.toMatchObject({ errno: 'EBADF' });
  });
});

describe('what the new tree has otherwise is stale, and nothing else', () => {
  test.each<[string, (folder: string) => Promise<Tree>]>([
    ['missing', async () => memoryTree()],
    [
      'of another kind',
      async () => {
        const tree = memoryTree();
        await (await tree.root()).makeDirectory('file', 0o755);
        return tree;
      },
    ],
    [
      'not to be opened',
      async (folder) => {
        await writeFile(hostFolder(folder), 'file', 'x');
        return hostFolder(folder, { readOnly: true });
      },
    ],
  ])('%s', async (_what, make) => {
    const old = memoryTree();
    const serving = await served(old);
    const client = await serving.client();
    const fid = await client.create('file', O.RDWR);
    const root = await client.walk('');
    const { tree, open } = counted(await make(join(await scratch())));
    const { client: again, serving: anew } = await takenUp(await put(serving), tree);
    await expect(again.read(fid, 0, 1)).rejects.toMatchObject({ errno: 'ESTALE' });
    expect(open()).toBe(0);
    await again.at('', async () => {});
    expect(
      (await again.raw.call({ name: 'Tgetattr', fid: root, requestMask: 0n }, 'Rgetattr')).mode & 0o170000,
    ).toBe(0o040000);
    await again.clunk(fid);
    await expect(again.clunk(fid)).rejects.toMatchObject({ errno: 'EBADF' });
    expect(anew.errors).toEqual([]);
  });
});

describe('freeze and thaw', () => {
  test('a session that is thawed goes on, and answers what came meanwhile', async () => {
    const { mailbox, tree } = withControl(memoryTree());
    const serving = await served(tree);
    const client = await serving.client();
    const connection = connectionOf(serving);
    const next = await client.open('ctl/next');
    const waiting = client.raw.request({ name: 'Tread', fid: next, offset: 0n, count: 100 });
    await client.getattr('job');
    await connection.freeze();
    mailbox.push('work');
    const late = client.raw.request({ name: 'Tgetattr', fid: 0, requestMask: 0n });
    await eventually('it has come', () => connection.save().pending.length === 2);
    connection.thaw();
    expect(await waiting).toMatchObject({ name: 'Rread', data: Buffer.from('work') });
    expect(await late).toMatchObject({ name: 'Rgetattr' });
  });

  test('a read that the client gives up as the freeze begins is not asked again', async () => {
    const { mailbox, tree } = withControl(memoryTree());
    const serving = await served(tree);
    const client = await serving.client();
    const connection = connectionOf(serving);
    const next = await client.open('ctl/next');
    const read = client.raw.request({ name: 'Tread', fid: next, offset: 0n, count: 100 }, 5);
    await eventually('the read waits', () => connection.session.outstanding === 1);
    // In one turn of the event loop, so that neither is done when the other begins.
    connection.session.receive(Buffer.concat(encode(6, { name: 'Tflush', oldtag: 5 })));
    const flushed = client.raw.expect(6);
    await connection.freeze();
    expect(connection.save().pending).toEqual([]);
    expect(await read).toEqual({ name: 'Rlerror', ecode: 4 });
    expect(await flushed).toEqual({ name: 'Rflush' });
    connection.thaw();
    // The tag may be another's now.
    mailbox.push('work');
    expect(await client.raw.request({ name: 'Tread', fid: next, offset: 0n, count: 9 }, 5)).toMatchObject({
      data: Buffer.from('work'),
    });
  });

  test('a flush that comes after the freeze meets its read in the successor', async () => {
    const { tree } = withControl(memoryTree());
    const serving = await served(tree);
    const client = await serving.client();
    const connection = connectionOf(serving);
    const next = await client.open('ctl/next');
    void client.raw.request({ name: 'Tread', fid: next, offset: 0n, count: 100 }, 5);
    await eventually('the read waits', () => connection.session.outstanding === 1);
    await connection.freeze();
    void client.raw.request({ name: 'Tflush', oldtag: 5 }, 6);
    await eventually('it has come', () => connection.save().pending.length === 2);
    const saved = await put(serving);
    const serving2 = await served(withControl(memoryTree()).tree, { resume: saved });
    const raw = await serving2.raw();
    const replies = [raw.expect(5), raw.expect(6)];
    expect(await Promise.all(replies)).toEqual([{ name: 'Rlerror', ecode: 4 }, { name: 'Rflush' }]);
  });

  test('whoever sends too much to a frozen session is cut off', async () => {
    const serving = await served(memoryTree(), { limits: { outstanding: 10 } });
    const client = await serving.client();
    const connection = connectionOf(serving);
    await connection.freeze();
    for (let tag = 0; tag < 11; tag++) {
      client.raw.send(encode(tag, { name: 'Tgetattr', fid: 0, requestMask: 0n }));
    }
    await client.raw.closed;
    expect(serving.errors).toHaveLength(1);
    await connection.close();
  });

  test('a connection that ends while frozen can still be saved; thawed, it lets go', async () => {
    const { tree, open } = counted(memoryTree());
    const serving = await served(tree);
    const client = await serving.client();
    await client.create('file');
    const connection = connectionOf(serving);
    await connection.freeze();
    await client.close();
    await connection.closed;
    expect(connection.save().fids).toHaveLength(2);
    expect(open()).toBe(1);
    connection.thaw();
    await eventually('closed', () => open() === 0);
  });

  test('only a frozen session can be saved', async () => {
    const serving = await served(memoryTree());
    await serving.client();
    expect(() => connectionOf(serving).save()).toThrow(/after freeze/);
  });
});

test('what is no saved session is refused', async () => {
  const saved = { version: 1, msize: 8192, fids: [], locks: [], pending: [], partial: '' } as const;
  expect(SavedSession.safeParse(saved).success).toBe(true);
  for (const wrong of [
    { ...saved, version: 2 },
    { ...saved, msize: -1 },
    { ...saved, more: 1 },
    { ...saved, pending: ['%'] },
    { ...saved, fids: [{ fid: 1, path: [1], kind: 'file', open: null }] },
    { ...saved, fids: [{ fid: 2 ** 32, path: [], kind: 'directory', open: null }] },
    { ...saved, locks: [{ fid: 1, start: '-1', end: '5', exclusive: true, procId: 1, clientId: '' }] },
  ]) {
    expect(SavedSession.safeParse(wrong).success).toBe(false);
  }
});

test('a path in a saved session cannot lead out of the tree', async () => {
  const folder = await scratch();
  const saved: SavedSession = {
    version: 1,
    msize: 8192,
    fids: [
      { fid: 0, path: [], kind: 'directory', open: null },
      { fid: 1, path: ['..', '..', 'etc'], kind: 'directory', open: null },
      { fid: 2, path: ['../../etc'], kind: 'directory', open: null },
    ],
    locks: [],
    pending: [],
    partial: '',
  };
  const { client } = await takenUp(saved, hostFolder(folder));
  for (const fid of [1, 2]) {
    await expect(client.walk('', fid)).rejects.toMatchObject({ errno: 'ESTALE' });
  }
  await client.walk('', 0);
});

function connectionOf(serving: Served) {
  const [connection] = serving.server.connections;
  if (!connection) throw new Error('no connection');
  return connection;
}

function partialOf(serving: Served): number {
  return connectionOf(serving).partialBytes;
}
