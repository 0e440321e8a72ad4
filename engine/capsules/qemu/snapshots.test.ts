import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SnapshotKey, SnapshotStore, UNFINISHED } from './snapshots.ts';

const key: SnapshotKey = {
  image: 'image',
  qemuVersion: 'QEMU 7.2',
  accelerator: 'tcg',
  memoryMb: 1,
  args: ['-m', '1'],
};
const session = { version: 1, msize: 8192, fids: [], locks: [], pending: [], partial: '' } as const;
const made = {
  state: new Uint8Array(Buffer.from('QEVM state')),
  bootMs: 1234,
  software: { ...session, fids: [], locks: [], pending: [] },
  tree: { ...session, fids: [], locks: [], pending: [] },
};

describe('SnapshotStore', () => {
  let folder = '';
  let store: SnapshotStore;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'beamtime-snapshots-')), 'snapshots');
    store = new SnapshotStore(folder);
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true }));

  async function make(of: SnapshotKey): Promise<string> {
    const { folder: beside, memoryPath } = await store.begin(of, null);
    await writeFile(memoryPath, 'memory', { flag: 'r+' });
    await store.finish(of, beside, made);
    const snapshot = await store.load(of);
    if (!snapshot) throw new Error('not there');
    return snapshot.folder;
  }

  test('gives back what was put in', async () => {
    expect(await store.load(key)).toBeNull();
    await make(key);
    const snapshot = await store.load(key);
    expect(snapshot).toMatchObject({ bootMs: 1234, software: made.software, tree: made.tree });
    expect(Buffer.from(snapshot?.state ?? []).toString()).toBe('QEVM state');
    const memory = await readFile(snapshot?.memoryPath ?? '');
    expect(memory.length).toBe(1024 * 1024);
    expect(memory.subarray(0, 6).toString()).toBe('memory');
    expect(await new SnapshotStore(folder).load(key)).toEqual(snapshot);
  });

  test('what is not finished is not there', async () => {
    const { folder: beside } = await store.begin(key, null);
    expect(beside).toContain(UNFINISHED);
    expect(await store.load(key)).toBeNull();
    await store.begin(key, null);
    expect(await readdir(folder)).toHaveLength(2);
  });

  const damages: [string, (folder: string) => Promise<void>][] = [
    ['state changed', (at) => writeFile(join(at, 'state'), 'QEVM stale')],
    ['state cut off', (at) => truncate(join(at, 'state'), 4)],
    ['state missing', (at) => rm(join(at, 'state'))],
    ['memory cut off', (at) => truncate(join(at, 'memory'), 4096)],
    ['memory missing', (at) => rm(join(at, 'memory'))],
    ['description missing', (at) => rm(join(at, 'snapshot.json'))],
    ['description cut off', (at) => truncate(join(at, 'snapshot.json'), 20)],
    ['description of another version', (at) => writeFile(join(at, 'snapshot.json'), '{"version":2}')],
  ];
  test.each(damages)('a broken one is removed: %s', async (_name, damage) => {
    const at = await make(key);
    await damage(at);
    expect(await store.load(key)).toBeNull();
    await expect(stat(at)).rejects.toThrow('ENOENT');
    await make(key);
  });

  test('machines of several sizes stay beside one another', async () => {
    const larger = { ...key, memoryMb: 2 };
    await make(key);
    await make(larger);
    expect(await store.load(key)).not.toBeNull();
    expect(await store.load(larger)).not.toBeNull();
  });

  test.each([
    ['image', { image: 'newer' }],
    ['QEMU', { qemuVersion: 'QEMU 8.2' }],
  ])(
    'those of another %s are forgotten when one is made, and so is what is no snapshot',
    async (_name, change) => {
      const old = await make(key);
      await mkdir(join(folder, 'something'));
      const { folder: beside } = await store.begin({ ...key, memoryMb: 4 }, null);
      await make({ ...key, ...change });
      await expect(stat(old)).rejects.toThrow('ENOENT');
      expect((await readdir(folder)).length).toBe(2);
      await stat(beside); // being made by another slot
    },
  );

  test('is made again in the place of the old one', async () => {
    await make(key);
    const { folder: beside } = await store.begin(key, null);
    await store.finish(key, beside, { ...made, bootMs: 99 });
    expect(await store.load(key)).toMatchObject({ bootMs: 99 });
    expect(await readdir(folder)).toHaveLength(1);
  });
});
