import { describe, expect, test } from 'vitest';
import { encode } from './codec.ts';
import { NOFID, NOTAG } from './defs.ts';
import {
  content,
  Mailbox,
  memoryTree,
  sink,
  stream,
  synthetic,
  type Tree,
  TreeError,
  union,
  writeFile,
} from './index.ts';
import { Client, O } from './testkit/client.ts';
import { counted } from './testkit/counted.ts';
import type { RawClient } from './testkit/raw-client.ts';
import { eventually, served } from './testkit/served.ts';

const rlerror = (ecode: number) => ({ name: 'Rlerror', ecode });
const attach = { name: 'Tattach', fid: 0, afid: NOFID, uname: '', aname: '', nUname: 0 } as const;

/** A tree with a file whose reads wait for the mailbox, beside a stored one. */
async function waiting() {
  const mailbox = new Mailbox();
  const stored = memoryTree();
  await writeFile(stored, 'file', 'x');
  const tree = union({ ctl: synthetic({ next: stream((signal) => mailbox.next(signal)) }), job: stored });
  return { mailbox, tree };
}

/** A read that waits, and its tag. */
async function waitingRead(client: Client, path = 'ctl/next') {
  const fid = await client.open(path);
  const tag = client.raw.tag();
  const reply = client.raw.request({ name: 'Tread', fid, offset: 0n, count: 100 }, tag);
  return { fid, tag, reply };
}

describe('version', () => {
  test('agrees on the smaller message size and lets go of what was', async () => {
    const { tree, open } = counted(memoryTree());
    const serving = await served(tree, { limits: { msize: 65536 } });
    const client = await serving.client();
    await client.create('file');
    await client.create('other');
    expect(open()).toBe(2);
    const again = await client.raw.request({ name: 'Tversion', msize: 1 << 20, version: '9P2000.L' });
    expect(again).toEqual({ name: 'Rversion', msize: 65536, version: '9P2000.L' });
    expect(open()).toBe(0);
    expect(await client.raw.request({ name: 'Tclunk', fid: 0 })).toEqual(rlerror(9));
    expect(await client.raw.request(attach)).toMatchObject({ name: 'Rattach' });
  });

  test.each([
    ['another dialect', 8192, '9P2000.u'],
    ['too small a message', 4095, '9P2000.L'],
  ])('%s is refused, and nothing goes on without an agreement', async (_what, msize, version) => {
    const raw = await (await served(memoryTree())).raw();
    expect(await raw.request(attach)).toEqual(rlerror(71));
    expect(await raw.request({ name: 'Tversion', msize, version })).toEqual({
      name: 'Rversion',
      msize,
      version: 'unknown',
    });
    expect(await raw.request(attach)).toEqual(rlerror(71));
  });

  test('requests that come while it is at work run after it', async () => {
    const { tree } = await waiting();
    const client = await (await served(tree)).client();
    const { reply } = await waitingRead(client);
    const version = client.raw.request({ name: 'Tversion', msize: 8192, version: '9P2000.L' });
    const attached = client.raw.request(attach);
    expect(await version).toMatchObject({ name: 'Rversion', msize: 8192 });
    expect(await attached).toMatchObject({ name: 'Rattach' });
    // The read that waited is forgotten, unanswered.
    await client.close();
    expect(await reply).toBeNull();
  });
});

describe('peers that break the protocol', () => {
  /** Sends bytes, then tells whether a proper request is still answered. */
  async function thenAsk(raw: RawClient, bytes: Uint8Array) {
    raw.send([bytes]);
    return raw.request({ name: 'Tgetattr', fid: 0, requestMask: 0n }, 77);
  }

  const frame = (type: number, body: readonly number[], size = 7 + body.length) =>
    Buffer.from([size & 0xff, size >> 8, 0, 0, type, 5, 0, ...body]);

  test.each([
    ['a type nobody knows', frame(250, []), 95],
    ['a reply', Buffer.concat(encode(5, { name: 'Rclunk' })), 95],
    ['a body too short', frame(120, [1, 0]), 71],
    ['a body too long', frame(120, [1, 0, 0, 0, 0]), 71],
    ['a string longer than the message', frame(70, [0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 65]), 71],
    ['more names than the message holds', frame(110, [0, 0, 0, 0, 9, 0, 0, 0, 255, 255]), 71],
    [
      'more data than the message holds',
      frame(118, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 1]),
      71,
    ],
  ])('%s gets Rlerror and the connection lives', async (_what, bytes, ecode) => {
    const serving = await served(memoryTree());
    const { raw } = await serving.client();
    const refused = raw.expect(5);
    expect(await thenAsk(raw, bytes)).toMatchObject({ name: 'Rgetattr' });
    expect(await refused).toEqual(rlerror(ecode));
    expect(serving.errors).toEqual([]);
  });

  test.each([
    ['a message larger than any', frame(120, [], 0xffff), { limits: { msize: 8192 } }],
    ['a message smaller than its header', frame(120, [], 6), {}],
  ])('%s ends the connection, and only that', async (_what, bytes, options) => {
    const { tree, open } = counted(memoryTree());
    const serving = await served(tree, options);
    const bystander = await serving.client();
    const { raw, ...client } = await serving.client();
    expect(client).toBeDefined();
    await (await Client.attach(await serving.raw())).create('file');
    expect(await thenAsk(raw, bytes)).toBeNull();
    await raw.closed;
    expect(serving.errors).toHaveLength(1);
    expect((await bystander.list('')).map(({ name }) => name)).toEqual(['file']);
    expect(open()).toBe(1);
  });

  test('a tag that is in use ends the connection, and its files are closed', async () => {
    const { tree: inner } = await waiting();
    const { tree, open } = counted(inner);
    const serving = await served(tree);
    const client = await serving.client();
    const { tag, reply } = await waitingRead(client);
    await client.create('job/other');
    const dfid = await client.walk('job');
    client.raw.send(encode(tag, { name: 'Tclunk', fid: 0 }));
    // What follows in the same chunk is not carried out either.
    client.raw.send(encode(9, { name: 'Tmkdir', dfid, entry: 'late', mode: 0o755, gid: 0 }));
    expect(await reply).toBeNull();
    await eventually('all files are closed', () => open() === 0);
    expect(serving.errors).toHaveLength(1);
    expect((await (await serving.client()).list('job')).map(({ name }) => name)).toEqual(['file', 'other']);
  });

  test('a tree that fails in an unforeseen way costs that request EIO', async () => {
    const broken = content(() => {
      throw new Error('a defect');
    });
    const serving = await served(synthetic({ broken, whole: content(() => 'fine') }));
    const client = await serving.client();
    await expect(client.readFile('broken')).rejects.toMatchObject({ errno: 'EIO' });
    expect(serving.errors).toEqual([expect.objectContaining({ message: '9P Tlopen failed' })]);
    expect((await client.readFile('whole')).toString()).toBe('fine');
  });

  test('a reply that cannot be put into bytes costs that request EIO', async () => {
    const tree: Tree = memoryTree();
    await (await tree.root()).makeSymlink('link', 'not a byte string: Ω');
    const serving = await served(tree);
    const client = await serving.client();
    await expect(client.readlink('link')).rejects.toMatchObject({ errno: 'EIO' });
    expect(serving.errors).toHaveLength(1);
  });

  test('a link that is too long for a small message is refused', async () => {
    const tree = memoryTree();
    await (await tree.root()).makeSymlink('link', 'x'.repeat(4095));
    const client = await (await served(tree)).client({ msize: 4096 });
    await expect(client.readlink('link')).rejects.toMatchObject({ errno: 'ENAMETOOLONG' });
  });
});

describe('flush', () => {
  test('cancels a read that waits: its reply comes first, then Rflush; no message is lost', async () => {
    const { mailbox, tree } = await waiting();
    const client = await (await served(tree)).client();
    const { fid, tag, reply } = await waitingRead(client);
    const order: string[] = [];
    void reply.then(() => order.push('read'));
    const flush = client.raw.request({ name: 'Tflush', oldtag: tag });
    void flush.then(() => order.push('flush'));
    expect(await flush).toEqual({ name: 'Rflush' });
    expect(await reply).toEqual(rlerror(4));
    expect(order).toEqual(['read', 'flush']);
    mailbox.push('message');
    expect((await client.read(fid, 0, 100)).toString()).toBe('message');
  });

  test('waits for what cannot be cancelled', async () => {
    let finish: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const client = await (await served(synthetic({ slow: sink(() => gate) }))).client();
    const fid = await client.open('slow', O.WRONLY);
    const tag = client.raw.tag();
    const write = client.raw.request({ name: 'Twrite', fid, offset: 0n, data: Buffer.from('x') }, tag);
    let flushed = false;
    const flush = client.raw.request({ name: 'Tflush', oldtag: tag }).then((reply) => {
      flushed = true;
      return reply;
    });
    await client.getattr('slow');
    expect(flushed).toBe(false);
    finish();
    expect(await write).toEqual({ name: 'Rwrite', count: 1 });
    expect(await flush).toEqual({ name: 'Rflush' });
  });

  test('of nothing, of itself, of what is over, of another flush', async () => {
    const { tree } = await waiting();
    const { raw, ...client } = await (await served(tree)).client();
    expect(client).toBeDefined();
    expect(await raw.request({ name: 'Tflush', oldtag: 4711 })).toEqual({ name: 'Rflush' });
    expect(await raw.request({ name: 'Tflush', oldtag: NOTAG })).toEqual({ name: 'Rflush' });
    expect(await raw.request({ name: 'Tflush', oldtag: 5 }, 5)).toEqual({ name: 'Rflush' });
    await raw.request({ name: 'Tgetattr', fid: 0, requestMask: 0n }, 6);
    expect(await raw.request({ name: 'Tflush', oldtag: 6 })).toEqual({ name: 'Rflush' });
  });

  test('a flush that is flushed', async () => {
    const { tree } = await waiting();
    const client = await (await served(tree)).client();
    const { tag, reply } = await waitingRead(client);
    const first = client.raw.request({ name: 'Tflush', oldtag: tag }, 900);
    const second = client.raw.request({ name: 'Tflush', oldtag: 900 }, 901);
    expect(await reply).toEqual(rlerror(4));
    expect(await first).toEqual({ name: 'Rflush' });
    expect(await second).toEqual({ name: 'Rflush' });
  });
});

describe('what waits ends', () => {
  test('when its fid is clunked or removed', async () => {
    const { mailbox, tree } = await waiting();
    const client = await (await served(tree)).client();
    const one = await waitingRead(client);
    const other = await waitingRead(client);
    await client.clunk(one.fid);
    expect(await one.reply).toEqual(rlerror(4));
    expect(await client.raw.request({ name: 'Tremove', fid: other.fid })).toEqual(rlerror(1));
    expect(await other.reply).toEqual(rlerror(4));
    mailbox.push('still here');
    expect((await client.readFile('job/file')).toString()).toBe('x');
    expect((await client.read(await client.open('ctl/next'), 0, 100)).toString()).toBe('still here');
  });

  test('when the connection ends', async () => {
    const { mailbox, tree: inner } = await waiting();
    const { tree, open } = counted(inner);
    const serving = await served(tree);
    const client = await serving.client();
    await waitingRead(client);
    await client.close();
    await eventually('the read has ended', () => open() === 0);
    mailbox.push('for the next');
    const next = await serving.client();
    expect((await next.read(await next.open('ctl/next'), 0, 100)).toString()).toBe('for the next');
  });

  test('when the server closes', async () => {
    const { tree } = await waiting();
    const serving = await served(tree);
    const { reply } = await waitingRead(await serving.client());
    await serving.server.close();
    expect(await reply).toBeNull();
  });
});

describe('limits', () => {
  test('of fids', async () => {
    const client = await (await served(memoryTree(), { limits: { fids: 3 } })).client();
    const one = await client.walk('');
    await client.walk('');
    await expect(client.walk('')).rejects.toMatchObject({ errno: 'EMFILE' });
    await client.clunk(one);
    await client.walk('');
  });

  test('of open files, folders included; a failed or closed one does not count', async () => {
    const { tree, open } = counted(memoryTree());
    const serving = await served(tree, { limits: { openFiles: 2 } });
    const client = await serving.client();
    const one = await client.create('one');
    for (let i = 0; i < 5; i++) {
      const fid = await client.walk('');
      await expect(client.raw.call({ name: 'Tlopen', fid, flags: O.WRONLY }, 'Rlopen')).rejects.toMatchObject(
        { errno: 'EISDIR' },
      );
    }
    const folder = await client.open('', O.DIRECTORY);
    // Rewinding opens anew.
    await client.clunk(one);
    await client.readdir(folder, 0n, 8192);
    await client.readdir(folder, 0n, 8192);
    const again = await client.open('one');
    await expect(client.open('one')).rejects.toMatchObject({ errno: 'EMFILE' });
    await expect(client.create('two')).rejects.toMatchObject({ errno: 'EMFILE' });
    await client.clunk(again);
    await client.create('two');
    expect(open()).toBe(2);
    // Of each connection, not of all.
    await (await serving.client()).open('one');
  });

  test('of requests under way; a flush is let through', async () => {
    const { tree } = await waiting();
    const client = await (await served(tree, { limits: { outstanding: 3 } })).client();
    const reads = [await waitingRead(client), await waitingRead(client), await waitingRead(client)];
    expect(await client.raw.request({ name: 'Tgetattr', fid: 0, requestMask: 0n })).toEqual(rlerror(11));
    expect(await client.raw.request({ name: 'Tflush', oldtag: reads[0]?.tag ?? 0 })).toEqual({
      name: 'Rflush',
    });
    expect(await client.raw.request({ name: 'Tgetattr', fid: 0, requestMask: 0n })).toMatchObject({
      name: 'Rgetattr',
    });
  });

  /** The tree with its root counting how often it is asked. */
  async function asked(inner: Tree) {
    const root = await inner.root();
    let times = 0;
    const count = <T>(value: T): T => {
      times += 1;
      return value;
    };
    const tree: Tree = {
      statfs: () => inner.statfs(),
      root: async () => ({
        ...root,
        kind: root.kind,
        id: root.id,
        attributes: () => count(root.attributes()),
        lookup: async (name) => {
          const node = await root.lookup(name);
          return {
            ...node,
            kind: node.kind,
            id: node.id,
            open: async (how) => {
              const file = await node.open(how);
              return { ...file, close: () => file.close(), read: (...args) => count(file.read(...args)) };
            },
          };
        },
      }),
    };
    return { tree, times: () => times };
  }

  /** Lets the process do all that it can do without hearing from the client. */
  async function settled() {
    for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  test('of memory for replies: who asks for much at once and reads nothing waits for itself', async () => {
    const inner = memoryTree();
    await writeFile(inner, 'large', Buffer.alloc(1 << 20, 'x'));
    const { tree, times } = await asked(inner);
    const client = await (await served(tree, { limits: { replyBytes: 4 << 20 } })).client({ msize: 1 << 20 });
    const fid = await client.open('large');
    client.raw.stream.pause();
    const read = { name: 'Tread', fid, offset: 0n, count: 1 << 20 } as const;
    const replies = Array.from({ length: 100 }, () => client.raw.request(read));
    await eventually('reads have begun', () => times() >= 4);
    await settled();
    // What the budget holds, and what the sockets between the two do.
    expect(times()).toBeLessThan(10);
    client.raw.stream.resume();
    for (const reply of replies) {
      const got = await reply;
      expect(got?.name === 'Rread' && got.data.length).toBe((1 << 20) - 11);
    }
  });

  test('of replies not taken: from one who reads nothing no more requests are taken', async () => {
    const requests = 10_000;
    const { tree, times } = await asked(memoryTree());
    const serving = await served(tree, { limits: { outstanding: requests, replyBytes: 100_000 } });
    const { raw } = await serving.client();
    raw.stream.pause();
    const replies: Promise<unknown>[] = [];
    const bytes: Uint8Array[] = [];
    for (let tag = 0; tag < requests; tag++) {
      replies.push(raw.expect(tag));
      bytes.push(...encode(tag, { name: 'Tgetattr', fid: 0, requestMask: 0n }));
    }
    raw.send(bytes);
    await eventually('requests are answered', () => times() > 500);
    await settled();
    // Of 160 bytes; sockets hold some hundred kilobytes, and a chunk of requests is taken whole.
    expect(times()).toBeLessThan(8_000);
    raw.stream.resume();
    for (const reply of replies) expect(await reply).toMatchObject({ name: 'Rgetattr' });
    expect(times()).toBe(requests);
    expect(serving.errors).toEqual([]);
  });
});

test('requests that overtake each other leave nothing behind', async () => {
  let finish: () => void = () => {};
  const { tree: inner, open, closedAgain } = counted(memoryTree());
  const gate = () =>
    new Promise<void>((resolve) => {
      finish = resolve;
    });
  let held: Promise<void> | null = null;
  const root = await inner.root();
  const slow: Tree = {
    statfs: () => inner.statfs(),
    root: async () => ({
      ...root,
      create: async (...args) => {
        await held;
        return root.create(...args);
      },
      lookup: async (name) => {
        await held;
        return root.lookup(name);
      },
    }),
  };
  const serving = await served(slow);
  const client = await serving.client();
  await client.writeFile('there', 'x');
  // A create whose fid is clunked meanwhile.
  const fid = await client.walk('');
  held = gate();
  const create = client.raw.request({
    name: 'Tlcreate',
    fid,
    entry: 'late',
    flags: O.RDWR,
    mode: 0o644,
    gid: 0,
  });
  await client.clunk(fid);
  finish();
  expect(await create).toMatchObject({ name: 'Rlcreate' });
  expect(open()).toBe(0);
  // Two walks to the same new fid: one gets it.
  held = gate();
  const walks = [1, 2].map(() =>
    client.raw.request({ name: 'Twalk', fid: 0, newfid: 50, wnames: ['there'] }),
  );
  await client.raw.request({ name: 'Tgetattr', fid: 0, requestMask: 0n });
  finish();
  held = null;
  expect((await Promise.all(walks)).map((reply) => reply?.name).sort()).toEqual(['Rlerror', 'Rwalk']);
  // A file opened twice through one fid at once.
  const double = [1, 2].map(() => client.raw.request({ name: 'Tlopen', fid: 50, flags: 0 }));
  await Promise.all(double);
  expect(open()).toBe(1);
  // The connection ends in the middle of a create.
  const last = await client.walk('');
  held = gate();
  void client.raw.request({ name: 'Tlcreate', fid: last, entry: 'last', flags: O.RDWR, mode: 0o644, gid: 0 });
  await client.raw.request({ name: 'Tgetattr', fid: 0, requestMask: 0n });
  await client.close();
  finish();
  await eventually('all files are closed', () => open() === 0 && serving.server.connections.size === 0);
  expect(closedAgain()).toBe(0);
  expect(serving.errors).toEqual([]);
});

test('a tree whose root fails is asked again', async () => {
  let fails = true;
  const inner = memoryTree();
  const tree: Tree = {
    statfs: () => inner.statfs(),
    root: async () => {
      if (fails) throw new TreeError('EIO', 'not yet');
      return inner.root();
    },
  };
  const serving = await served(tree);
  await expect(serving.client()).rejects.toMatchObject({ errno: 'EIO' });
  fails = false;
  await serving.client();
});
