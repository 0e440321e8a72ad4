import { link, mkdir, readdir, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  appendFile,
  hostFolder,
  memoryTree,
  type QuotaLimits,
  readFile,
  type Tree,
  union,
  writeFile as write,
} from '../index.ts';
import { type Client, O } from '../testkit/client.ts';
import { scratch, served } from '../testkit/served.ts';

const KINDS: readonly { name: string; make: (limits: QuotaLimits) => Promise<Tree> }[] = [
  { name: 'host folder', make: async (limits) => hostFolder(await scratch(), limits) },
  { name: 'memory', make: async (limits) => memoryTree(limits) },
];
const FULL = { errno: 'EDQUOT' };
const BLOCK = 4096;

async function used(client: Client): Promise<{ bytes: number; files: number }> {
  const { blocks, bfree, files, ffree } = await client.raw.call({ name: 'Tstatfs', fid: 0 }, 'Rstatfs');
  return { bytes: Number(blocks - bfree) * BLOCK, files: Number(files - ffree) };
}

describe.each(KINDS)('a quota on a tree of kind $name', ({ make }) => {
  test('of bytes: writes, holes and sizes beyond it are refused, and what is removed comes back', async () => {
    const client = await (await served(await make({ quotaBytes: 10 * BLOCK, quotaFiles: 100 }))).client();
    const fid = await client.create('file');
    await client.write(fid, 0, Buffer.alloc(8 * BLOCK));
    await expect(client.write(fid, 8 * BLOCK, Buffer.alloc(3 * BLOCK))).rejects.toMatchObject(FULL);
    expect(Number((await client.getattr('file')).size)).toBe(8 * BLOCK);
    await expect(client.write(fid, 1 << 30, 'x')).rejects.toMatchObject(FULL);
    await expect(client.truncate('file', 11 * BLOCK)).rejects.toMatchObject(FULL);
    await client.truncate('file', 10 * BLOCK);
    // Writing within what there is costs nothing.
    await client.write(fid, 0, Buffer.alloc(10 * BLOCK, 'x'));
    const other = await client.create('other');
    await expect(client.write(other, 0, 'x')).rejects.toMatchObject(FULL);
    await client.truncate('file', 9 * BLOCK);
    await client.write(other, 0, Buffer.alloc(BLOCK));
    expect(await used(client)).toEqual({ bytes: 10 * BLOCK, files: 2 });
    // Unlinked, it counts until it is closed.
    await client.unlink('file');
    await expect(client.write(other, BLOCK, 'x')).rejects.toMatchObject(FULL);
    await client.clunk(fid);
    expect(await used(client)).toEqual({ bytes: BLOCK, files: 1 });
    await client.write(other, BLOCK, Buffer.alloc(9 * BLOCK));
    await client.clunk(await client.open('other', O.WRONLY | O.TRUNC));
    expect(await used(client)).toEqual({ bytes: 0, files: 1 });
  });

  test('of files: folders and links are files; a second name is not', async () => {
    const client = await (await served(await make({ quotaBytes: 1 << 20, quotaFiles: 4 }))).client();
    await client.mkdir('folder');
    await client.symlink('link', 'x');
    await client.writeFile('file', 'x');
    await client.link('file', 'same');
    await client.writeFile('folder/last', 'x');
    for (const attempt of [
      () => client.mkdir('more'),
      () => client.symlink('more', 'x'),
      () => client.create('more'),
    ]) {
      await expect(attempt()).rejects.toMatchObject(FULL);
    }
    // What is there may be opened; a name that is taken is told of first.
    await client.clunk(await client.create('file', O.RDWR));
    await expect(client.mkdir('folder')).rejects.toMatchObject({ errno: 'EEXIST' });
    await client.unlink('file');
    await expect(client.mkdir('more')).rejects.toMatchObject(FULL);
    await client.unlink('same');
    await client.mkdir('more');
    await client.rename('folder/last', 'link');
    expect(await used(client)).toMatchObject({ files: 3 });
    await client.rmdir('more');
    await client.rmdir('folder');
    await client.unlink('link');
    expect(await used(client)).toEqual({ bytes: 0, files: 0 });
  });

  test('appending', async () => {
    const tree = await make({ quotaBytes: 10 });
    await write(tree, 'file', '12345');
    await appendFile(tree, 'file', '67890');
    await expect(appendFile(tree, 'file', '!')).rejects.toMatchObject(FULL);
    expect((await readFile(tree, 'file')).toString()).toBe('1234567890');
  });

  test('books stay right, whatever is done', async () => {
    const file = fc.constantFrom('a', 'b', 'c', 'd');
    const action = fc.tuple(fc.nat(8), file, file, fc.nat(30_000));
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const serving = await served(await make({ quotaBytes: 64 * BLOCK, quotaFiles: 5 }));
        const client = await serving.client();
        const open: number[] = [];
        for (const [what, one, other, size] of actions) {
          const attempt = async () => {
            if (what <= 1) open.push(await client.create(one, O.RDWR));
            else if (what === 2) await client.write(open.at(-1) ?? 0, size, Buffer.alloc(size));
            else if (what === 3) await client.truncate(one, size);
            else if (what === 4) await client.unlink(one);
            else if (what === 5) await client.rename(one, other);
            else if (what === 6) await client.link(one, other);
            else if (what === 7) await client.clunk(open.pop() ?? 999);
            else await client.clunk(await client.open(one, O.WRONLY | O.TRUNC));
          };
          await attempt().catch((error: unknown) => expect(error).toHaveProperty('errno'));
          const { bytes, files } = await used(client);
          expect(bytes <= 64 * BLOCK && files <= 5).toBe(true);
        }
        for (const fid of open) await client.clunk(fid);
        // What is there by its own account.
        const found = new Map<bigint, number>();
        for (const { name } of await client.list('')) {
          const { qid, size } = await client.getattr(name);
          found.set(qid.path, Number(size));
        }
        const sum = [...found.values()].reduce((all, size) => all + size, 0);
        const told = await used(client);
        expect(told.files).toBe(found.size);
        expect(Math.abs(told.bytes - sum)).toBeLessThan(BLOCK);
        for (const { name } of await client.list('')) await client.unlink(name);
        expect(await used(client)).toEqual({ bytes: 0, files: 0 });
        await client.close();
        await serving.server.close();
      }),
      { numRuns: 25 },
    );
  });
});

test('a folder that holds something already is counted as it is, each file once', async () => {
  const folder = await scratch();
  await mkdir(join(folder, 'a', 'ä'), { recursive: true });
  await writeFile(join(folder, 'a', 'ä', 'file'), Buffer.alloc(3 * BLOCK));
  await link(join(folder, 'a', 'ä', 'file'), join(folder, 'same'));
  await symlink('/', join(folder, 'a', 'out'));
  await writeFile(join(folder, 'sparse'), '');
  await truncate(join(folder, 'sparse'), 5 * BLOCK);
  const client = await (await served(hostFolder(folder, { quotaBytes: 10 * BLOCK, quotaFiles: 6 }))).client();
  expect(await used(client)).toEqual({ bytes: 8 * BLOCK, files: 5 });
  const fid = await client.create('new');
  await expect(client.write(fid, 0, Buffer.alloc(2 * BLOCK + 1))).rejects.toMatchObject(FULL);
  await client.write(fid, 0, Buffer.alloc(2 * BLOCK));
  await expect(client.create('more')).rejects.toMatchObject(FULL);
  expect((await readdir(folder)).sort()).toEqual(['a', 'new', 'same', 'sparse']);

  // One that is over-full cannot grow, but it can shrink.
  const tight = await (await served(hostFolder(folder, { quotaBytes: BLOCK }))).client();
  await expect(tight.truncate('new', 3 * BLOCK)).rejects.toMatchObject(FULL);
  await tight.truncate('new', 0);
  await tight.unlink('sparse');
  await tight.unlink('same');
  await tight.unlink('a/\xc3\xa4/file');
  await tight.truncate('new', BLOCK);
  expect((await stat(join(folder, 'new'))).size).toBe(BLOCK);
});

test('each part of a union has its own', async () => {
  const tree = union({
    small: memoryTree({ quotaBytes: BLOCK }),
    large: memoryTree({ quotaBytes: 1 << 20 }),
  });
  const client = await (await served(tree)).client();
  await expect(client.writeFile('small/file', Buffer.alloc(BLOCK + 1))).rejects.toMatchObject(FULL);
  await client.writeFile('large/file', Buffer.alloc(BLOCK + 1));
  const sizes = async (path: string) => {
    const { blocks } = await client.at(path, (fid) => client.raw.call({ name: 'Tstatfs', fid }, 'Rstatfs'));
    return Number(blocks) * BLOCK;
  };
  expect([await sizes('small'), await sizes('large'), await sizes('large/file'), await sizes('')]).toEqual([
    BLOCK,
    1 << 20,
    1 << 20,
    (1 << 20) + BLOCK,
  ]);
});
