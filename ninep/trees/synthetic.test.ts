import { describe, expect, test } from 'vitest';
import { content, Mailbox, READ, sink, stream, synthetic, TreeError } from '../index.ts';
import { O } from '../testkit/client.ts';
import { served } from '../testkit/served.ts';

const NEVER = new AbortController().signal;
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('synthetic files', () => {
  test('content is made at each opening, and fixed while open', async () => {
    let made = 0;
    const client = await (
      await served(synthetic({ folder: { count: content(() => `${++made}`) } }))
    ).client();
    const fid = await client.open('folder/count');
    const first = text(await client.read(fid, 0, 100));
    expect(text(await client.read(fid, 0, 100))).toBe(first);
    expect(text(await client.readFile('folder/count'))).not.toBe(first);
    expect(await client.getattr('folder/count')).toMatchObject({ mode: 0o100444, size: 1n });
    expect(await client.getattr('folder')).toMatchObject({ mode: 0o40555 });
    expect((await client.getattr('folder/count')).qid.version).toBe(0);
  });

  test('names are fixed', async () => {
    const tree = synthetic({ file: content(() => 'x'), folder: {} });
    const client = await (await served(tree)).client();
    for (const attempt of [
      () => client.create('new'),
      () => client.mkdir('new'),
      () => client.symlink('new', 'x'),
      () => client.link('file', 'new'),
      () => client.rename('file', 'new'),
      () => client.unlink('file'),
      () => client.rmdir('folder'),
      () => client.setattr('file', 1, { mode: 0 }),
      () => client.truncate('file', 5),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ errno: 'EPERM' });
    }
    await expect(client.create('file', O.RDONLY | O.EXCL)).rejects.toMatchObject({ errno: 'EEXIST' });
    expect((await client.list('')).map(({ name }) => name)).toEqual(['file', 'folder']);
    // As the shell's `> file` asks for.
    await client.truncate('file', 0);
    await client.clunk(await client.create('file', O.RDONLY));
    await expect(client.readlink('file')).rejects.toMatchObject({ errno: 'EINVAL' });
    await expect(client.walk('file/x')).rejects.toMatchObject({ errno: 'ENOTDIR' });
    const fid = await client.open('file', O.RDWR);
    await expect(client.write(fid, 0, 'x')).rejects.toMatchObject({ errno: 'EBADF' });
  });

  test('trees of one shape have the same numbers', async () => {
    const shape = () => synthetic({ a: content(() => ''), b: { c: content(() => '') } });
    const numbers = async () => {
      const root = await shape().root();
      const b = await root.lookup('b');
      return [root.id, (await root.lookup('a')).id, b.id, (await b.lookup('c')).id];
    };
    expect(await numbers()).toEqual(await numbers());
    expect(new Set(await numbers()).size).toBe(4);
  });

  test('a stream gives message by message, whatever the reader asks for', async () => {
    const mailbox = new Mailbox();
    const client = await (
      await served(synthetic({ next: stream((signal) => mailbox.next(signal)) }))
    ).client();
    const fid = await client.open('next');
    mailbox.push('hello');
    mailbox.push('');
    mailbox.push('world');
    expect(text(await client.read(fid, 0, 2))).toBe('he');
    expect(text(await client.read(fid, 0, 0))).toBe('');
    expect(text(await client.read(fid, 9999, 100))).toBe('llo');
    const waiting = client.read(fid, 0, 100);
    expect(text(await waiting)).toBe('world');
    const late = client.read(fid, 0, 100);
    mailbox.push('late');
    expect(text(await late)).toBe('late');
    mailbox.end();
    expect(await client.read(fid, 0, 100)).toHaveLength(0);
  });

  test('reads that wait on one opening at once lose nothing', async () => {
    const mailbox = new Mailbox();
    const file = await stream((signal) => mailbox.next(signal)).open(READ);
    const reads = [1, 2, 3].map(() => file.read?.(0, 3, NEVER));
    mailbox.push('abcdef');
    mailbox.push('ghi');
    mailbox.push('jkl');
    const got = (await Promise.all(reads)).map((bytes) => text(bytes ?? new Uint8Array()));
    mailbox.end();
    for (let piece = 'x'; piece !== ''; got.push(piece)) {
      piece = text((await file.read?.(0, 3, NEVER)) ?? new Uint8Array());
    }
    expect(got.join('').split('').sort().join('')).toBe('abcdefghijkl');
    expect(got.every((piece) => piece.length <= 3)).toBe(true);
  });

  test('a sink takes writes one after the other, may hold the writer back, and is told of the end', async () => {
    const taken: string[] = [];
    let closed = 0;
    let free = () => {};
    const file = sink(
      async (data) => {
        if (taken.length === 1) {
          await new Promise<void>((resolve) => {
            free = resolve;
          });
        }
        taken.push(text(data));
      },
      () => {
        closed += 1;
      },
    );
    const client = await (await served(synthetic({ out: file }))).client();
    const fid = await client.open('out', O.WRONLY);
    expect(await client.write(fid, 5, 'one')).toBe(3);
    let done = false;
    const held = client.write(fid, 0, 'two').then(() => {
      done = true;
    });
    await client.getattr('out');
    expect(done).toBe(false);
    free();
    await held;
    expect(taken).toEqual(['one', 'two']);
    await client.clunk(fid);
    expect(closed).toBe(1);
    await expect(client.read(await client.open('out', O.RDWR), 0, 1)).rejects.toMatchObject({
      errno: 'EBADF',
    });
  });
});

describe('a mailbox', () => {
  test('gives each message to one reader, in order', async () => {
    const mailbox = new Mailbox();
    const early = [mailbox.next(NEVER), mailbox.next(NEVER)];
    for (const message of ['1', '2', '3']) mailbox.push(message);
    const late = mailbox.next(NEVER);
    expect((await Promise.all([...early, late])).map((bytes) => text(bytes ?? new Uint8Array()))).toEqual([
      '1',
      '2',
      '3',
    ]);
  });

  test('keeps the message of a reader that gave up', async () => {
    const mailbox = new Mailbox();
    const abort = new AbortController();
    const read = mailbox.next(abort.signal);
    abort.abort();
    await expect(read).rejects.toBeInstanceOf(TreeError);
    mailbox.push('kept');
    await expect(mailbox.next(abort.signal)).rejects.toMatchObject({ errno: 'EINTR' });
    expect(text((await mailbox.next(NEVER)) ?? new Uint8Array())).toBe('kept');
  });

  test('ends for those who wait and those who come, after what is still there', async () => {
    const mailbox = new Mailbox();
    const waiting = mailbox.next(NEVER);
    mailbox.end();
    expect(await waiting).toBeNull();
    const other = new Mailbox();
    other.push('last');
    other.end();
    expect(text((await other.next(NEVER)) ?? new Uint8Array())).toBe('last');
    expect(await other.next(NEVER)).toBeNull();
  });
});
