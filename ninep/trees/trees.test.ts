import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  appendFile,
  findNode,
  hostFolder,
  listFolder,
  makeFolders,
  memoryTree,
  nodeAt,
  observed,
  readFile,
  type Tree,
  TreeError,
  union,
  writeFile,
} from '../index.ts';
import { O } from '../testkit/client.ts';
import { scratch, served } from '../testkit/served.ts';
import { SparseBytes } from './sparse-bytes.ts';

describe('bytes with holes', () => {
  test('are what a plain buffer is, whatever is written and cut', () => {
    const position = fc.oneof(fc.nat(600), fc.integer({ min: 65500, max: 65600 }), fc.nat(300_000));
    const write = fc.record({
      at: position,
      length: fc.oneof(fc.nat(300), fc.nat(140_000)),
      byte: fc.integer({ min: 1, max: 255 }),
    });
    const step = fc.oneof(write, fc.record({ size: position }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), position, fc.nat(200_000), (steps, from, count) => {
        const sparse = new SparseBytes();
        let plain = Buffer.alloc(0);
        for (const one of steps) {
          if ('size' in one) {
            sparse.resize(one.size);
            plain = Buffer.concat([
              plain.subarray(0, one.size),
              Buffer.alloc(Math.max(0, one.size - plain.length)),
            ]);
          } else {
            const data = Buffer.alloc(one.length, one.byte);
            sparse.write(one.at, data);
            if (data.length === 0) continue;
            const end = Math.max(plain.length, one.at + data.length);
            plain = Buffer.concat([plain, Buffer.alloc(end - plain.length)]);
            data.copy(plain, one.at);
          }
        }
        expect(sparse.size).toBe(plain.length);
        expect(Buffer.from(sparse.read(from, count)).equals(plain.subarray(from, from + count))).toBe(true);
        expect(Buffer.from(sparse.read(0, plain.length + 10)).equals(plain)).toBe(true);
        sparse.resize(0);
        expect(sparse.allocated).toBeLessThanOrEqual(65536);
      }),
      { numRuns: 150 },
    );
  });

  test('a hole of terabytes takes no memory', () => {
    const sparse = new SparseBytes();
    const before = process.memoryUsage().arrayBuffers;
    sparse.write(2 ** 42, Buffer.from('end'));
    sparse.resize(2 ** 50);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
    expect(Buffer.from(sparse.read(2 ** 42 - 1, 5)).toString()).toBe('\0end\0');
  });
});

describe('a union', () => {
  async function both() {
    const [job, ctl] = [memoryTree(), memoryTree()];
    await writeFile(job, 'file', 'job');
    await writeFile(ctl, 'file', 'ctl');
    return { job, ctl, client: await (await served(union({ job, ctl }))).client() };
  }

  test('shows its parts side by side; the root cannot be changed', async () => {
    const { client } = await both();
    expect((await client.list('')).map(({ name }) => name)).toEqual(['job', 'ctl']);
    expect((await client.readFile('job/file')).toString()).toBe('job');
    expect((await client.readFile('ctl/file')).toString()).toBe('ctl');
    for (const attempt of [
      () => client.create('new'),
      () => client.mkdir('new'),
      () => client.symlink('new', 'x'),
      () => client.rmdir('job'),
      () => client.rename('job', 'new'),
      () => client.setattr('', 1, { mode: 0o777 }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ errno: 'EROFS' });
    }
    await expect(client.walk('none')).rejects.toMatchObject({ errno: 'ENOENT' });
    await expect(client.unlink('none')).rejects.toMatchObject({ errno: 'ENOENT' });
    await expect(client.rename('none', 'x')).rejects.toMatchObject({ errno: 'ENOENT' });
    expect(await client.getattr('')).toMatchObject({ nlink: 4n, mode: 0o40755 });
  });

  test('between its parts nothing is renamed or linked', async () => {
    const { client } = await both();
    await expect(client.rename('job/file', 'ctl/moved')).rejects.toMatchObject({ errno: 'EXDEV' });
    await expect(client.link('job/file', 'ctl/linked')).rejects.toMatchObject({ errno: 'EXDEV' });
    await expect(client.rename('job/file', 'moved')).rejects.toMatchObject({ errno: 'EXDEV' });
    await client.rename('job/file', 'job/moved');
    await client.link('job/moved', 'job/linked');
    expect((await client.readFile('job/linked')).toString()).toBe('job');
  });

  test('numbers do not meet, and are the same for another union of its shape', async () => {
    const { client } = await both();
    const paths = ['', 'job', 'ctl', 'job/file', 'ctl/file'];
    const numbers = await Promise.all(paths.map(async (path) => (await client.getattr(path)).qid.path));
    expect(new Set(numbers).size).toBe(5);
    for (const entry of await client.list('job')) expect(numbers[3]).toBe(entry.qid.path);
    const again = (await both()).client;
    const others = await Promise.all(
      paths.slice(0, 3).map(async (path) => (await again.getattr(path)).qid.path),
    );
    expect(others).toEqual(numbers.slice(0, 3));
  });

  test('names of parts are names', () => {
    expect(() => union({ '..': memoryTree() })).toThrow(TreeError);
    expect(() => union({ 'a/b': memoryTree() })).toThrow(TreeError);
  });
});

describe('an observed tree', () => {
  test.each<[string, () => Promise<Tree>]>([
    ['host folder', async () => hostFolder(await scratch())],
    ['memory', async () => memoryTree()],
  ])('tells of every write, before the writer learns of it: %s', async (_kind, make) => {
    const told: [string, number, string][] = [];
    const inner = await make();
    const tree = observed(inner, (path, offset, data) =>
      told.push([path, offset, Buffer.from(data).toString()]),
    );
    const client = await (await served(tree)).client();
    await client.mkdir('out');
    const fid = await client.create('out/progress', O.WRONLY | O.APPEND);
    await client.write(fid, 0, 'one');
    expect(told).toEqual([['out/progress', 0, 'one']]);
    await client.write(fid, 0, 'two');
    const other = await client.open('out/progress', O.RDWR);
    await client.write(other, 1, 'x');
    await client.rename('out/progress', 'live');
    await client.link('live', 'same');
    await client.write(await client.open('live', O.WRONLY | O.APPEND), 0, '!');
    expect(told.slice(1)).toEqual([
      ['out/progress', 3, 'two'],
      ['out/progress', 1, 'x'],
      ['live', 6, '!'],
    ]);
    expect((await readFile(inner, 'live')).toString()).toBe('oxetwo!');
    await expect(client.write(await client.open('live'), 0, 'x')).rejects.toMatchObject({ errno: 'EBADF' });
    expect(told).toHaveLength(4);
    expect((await client.list('')).map(({ name }) => name).sort()).toEqual(['live', 'out', 'same']);
    await client.truncate('live', 0);
    await client.unlink('same');
    await client.rmdir('out');
    await client.symlink('link', 'live');
    expect(await client.readlink('link')).toBe('live');
  });
});

describe('whole files by path', () => {
  test('are written, appended, read and listed', async () => {
    const tree = memoryTree();
    await writeFile(tree, 'a/b/file', 'one');
    await writeFile(tree, '/a//b/./file', 'two', 0o600);
    await appendFile(tree, 'a/b/file', ' three');
    expect((await readFile(tree, 'a/b/file')).toString()).toBe('two three');
    await makeFolders(tree, 'a/z');
    expect(await listFolder(tree, 'a')).toEqual(['b', 'z']);
    expect(await listFolder(tree, '')).toEqual(['a']);
    expect(await findNode(tree, 'a/none')).toBeNull();
    expect(await findNode(tree, 'a/b/file/none')).toBeNull();
    expect((await nodeAt(tree, '')).kind).toBe('directory');
    const large = Buffer.alloc(3_000_000, 'x');
    await writeFile(tree, 'large', large);
    expect((await readFile(tree, 'large')).equals(large)).toBe(true);
    await expect(readFile(tree, 'large', 1000)).rejects.toMatchObject({ errno: 'EFBIG' });
    await expect(readFile(tree, 'a')).rejects.toMatchObject({ errno: 'EISDIR' });
    await expect(writeFile(tree, '', 'x')).rejects.toMatchObject({ errno: 'EISDIR' });
    await expect(writeFile(tree, 'large/x', 'x')).rejects.toMatchObject({ errno: 'ENOTDIR' });
  });

  test('links are not followed: what a guest left does not lead the reader elsewhere', async () => {
    const tree = memoryTree();
    await writeFile(tree, 'secret', 'x');
    await (await tree.root()).makeSymlink('link', 'secret');
    await expect(readFile(tree, 'link')).rejects.toMatchObject({ errno: 'ELOOP' });
    await expect(writeFile(tree, 'link', 'y')).rejects.toMatchObject({ errno: 'ELOOP' });
    await expect(readFile(tree, '../secret')).rejects.toMatchObject({ errno: 'EINVAL' });
  });
});
