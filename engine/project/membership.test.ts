import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Joined, MembershipStore } from './membership.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-membership-'));
  path = join(folder, 'membership.json');
});
afterEach(() => rm(folder, { recursive: true }));

const joined = (name: string): Joined => ({
  ...{ name, description: `about ${name}`, url: `https://${name}.example`, publicKey: 'AAAA' },
  ...{ keyFingerprint: name.repeat(32).slice(0, 32), hostId: `host-${name}`, token: 't'.repeat(20) },
  software: null,
});
const key = (name: string) => joined(name).keyFingerprint;
const DAY = Date.UTC(2026, 10, 1);

async function loaded(): Promise<MembershipStore> {
  const store = new MembershipStore(path);
  await store.load();
  return store;
}

describe('several projects', () => {
  test('each with its share, in the order joined, also for the next start; only its owner reads the tokens', async () => {
    const store = await loaded();
    await store.join(joined('a'), DAY);
    await store.join(joined('b'), DAY);
    await store.setShares(new Map([[key('b'), 25]]));
    const again = await loaded();
    expect(again.all).toEqual(store.all);
    expect(again.joined.map(({ name, share }) => [name, share])).toEqual([
      ['a', 100],
      ['b', 25],
    ]);
    expect(again.byKey(key('b'))).toMatchObject({ joinedAt: '2026-11-01T00:00:00.000Z', leaving: null });
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o077).toBe(0);
  });

  test('changes at once all count', async () => {
    const store = await loaded();
    await Promise.all(['a', 'b', 'c'].map((name) => store.join(joined(name), DAY)));
    await Promise.all([
      store.setShares(new Map([[key('a'), 0]])),
      store.leave(key('b'), 'finish'),
      store.setShares(new Map([[key('c'), 7]])),
    ]);
    expect((await loaded()).all.map(({ share, leaving }) => [share, leaving])).toEqual([
      [0, null],
      [100, 'finish'],
      [7, null],
    ]);
  });

  test('joined again: a new token, and the share and the day stay', async () => {
    const store = await loaded();
    await store.join(joined('a'), DAY);
    await store.setShares(new Map([[key('a'), 0]]));
    await store.join({ ...joined('a'), token: 'u'.repeat(20) }, DAY + 1);
    expect((await loaded()).all).toMatchObject([
      { share: 0, token: 'u'.repeat(20), joinedAt: '2026-11-01T00:00:00.000Z' },
    ]);
  });

  test('left: remembered until nothing is owed; joined again before that, it is as if nothing had been', async () => {
    const store = await loaded();
    await store.join(joined('a'), DAY);
    await store.join(joined('b'), DAY);
    await store.leave(key('a'), 'give-back');
    const again = await loaded();
    expect(again.joined.map(({ name }) => name)).toEqual(['b']);
    expect(again.byKey(key('a'))?.leaving).toBe('give-back');
    expect(await again.forgetLeft(() => true)).toBe(false);
    await again.join(joined('a'), DAY);
    expect(again.joined).toHaveLength(2);
    await again.leave(key('a'), 'finish');
    expect(await again.forgetLeft(() => false)).toBe(true);
    expect((await loaded()).all.map(({ name }) => name)).toEqual(['b']);
  });
});

test('joined in the moment in which it is forgotten: it is joined', async () => {
  const store = await loaded();
  await store.join(joined('a'), DAY);
  await store.leave(key('a'), 'give-back');
  const [, member] = await Promise.all([store.forgetLeft(() => false), store.join(joined('a'), DAY)]);
  expect(member).toMatchObject({ leaving: null });
  expect((await loaded()).joined.map(({ name }) => name)).toEqual(['a']);
});

describe('files of other times', () => {
  const { description: _, ...old } = joined('a');
  const { description: __, ...former } = joined('b');

  test('one project and former ones: the one goes on, to the others only results are owed', async () => {
    await writeFile(path, JSON.stringify({ current: old, former: [former] }));
    await utimes(path, DAY / 1000, DAY / 1000);
    const { all } = await loaded();
    expect(all).toMatchObject([
      { ...old, share: 100, leaving: null, joinedAt: '2026-11-01T00:00:00.000Z', description: '' },
      { ...former, leaving: 'give-back' },
    ]);
    const store = await loaded();
    await store.join(joined('c'), DAY);
    expect((await loaded()).all.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('none joined', async () => {
    await writeFile(path, JSON.stringify({ current: null, former: [] }));
    expect(await loaded()).toMatchObject({ all: [], damagedAt: null });
  });

  test.each(['', '{"projects":[{"url":1}]}', '\0\0\0'])(
    'damaged (%j): kept aside, and told',
    async (text) => {
      await writeFile(path, text);
      const store = await loaded();
      expect(store.all).toEqual([]);
      expect(store.damagedAt).toMatch(/membership\.json\.damaged-\d{4}/);
      expect(await readFile(String(store.damagedAt), 'utf8')).toBe(text);
      // Still said by the next life, until something is joined.
      expect((await loaded()).damagedAt).toBe(store.damagedAt);
      await store.join(joined('a'), DAY);
      expect((await readdir(folder)).length).toBe(2);
      expect((await loaded()).damagedAt).toBeNull();
    },
  );
});
