import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { beforeAll, expect, test } from 'vitest';
import { scratch } from '../testkit/sample.ts';
import { CatalogReader } from './catalog-reader.ts';
import { type CatalogBefore, updateCatalog } from './catalog-update.ts';
import { type CatalogContent, type CatalogItem, encodeCatalog } from './catalog-writer.ts';
import type { Entry } from './entry.ts';
import { PLAIN } from './flags.ts';
import { nameOf } from './paths.ts';
import { countEntry, NO_COUNTS } from './statistics.ts';

const folder = scratch();
let made = 0;

const BASE: Entry = {
  ...PLAIN,
  kind: 'directory',
  name: '',
  mode: 0o040755,
  size: 4096,
  uid: 0,
  gid: 0,
  mtime: 1_700_000_000,
  mtimeNs: 123_456_789,
  links: 2,
  hardlinkGroup: 0,
  hash: null,
  target: '',
  xattrs: new Map(),
};
const file = (path: string, over: Partial<Entry> = {}): CatalogItem => {
  const entry: Entry = { ...BASE, kind: 'file', mode: 0o100644, links: 1, hash: 'ab'.repeat(20), ...over };
  return { path, entry: { ...entry, name: nameOf(path) } };
};
const directory = (path: string): CatalogItem => ({ path, entry: { ...BASE, name: nameOf(path) } });
const HASH = 'cd'.repeat(20);
const piece = { offset: 0, bytes: 4096, hash: HASH };
const chunked: CatalogItem = {
  path: '/large',
  entry: { ...file('/large', { chunked: true }).entry, hash: null },
  chunks: [piece],
};

/** As the publisher writes them: each directory before what is in it. */
const ITEMS: CatalogItem[] = [
  directory(''),
  ...Array.from({ length: 20 }, (_, i) => [
    directory(`/d${i}`),
    ...Array.from({ length: 100 }, (_one, k) => file(`/d${i}/file${k}`)),
  ]).flat(),
  { ...directory('/n'), entry: { ...directory('/n').entry, nestedMountpoint: true } },
  chunked,
];
type Listed = CatalogContent & { readonly entries: readonly CatalogItem[] };
const contentOf = (entries: readonly CatalogItem[], over: Partial<CatalogContent> = {}): Listed => {
  const self = {
    ...NO_COUNTS,
    file_size: entries.reduce(
      (sum, { entry, chunks }) => sum + countEntry(entry, chunks?.length ?? 0).file_size,
      0,
    ),
  };
  const nested = [{ path: '/n', hash: HASH, bytes: 17 }];
  return {
    rootPath: '',
    revision: 9,
    lastModified: 5,
    previous: HASH,
    ttlSeconds: 240,
    nested,
    statistics: { self, subtree: NO_COUNTS },
    ...over,
    entries,
  };
};

function read(plain: Buffer): CatalogBefore & { readonly statistics: unknown } {
  const path = join(folder, `${made++}.db`);
  writeFileSync(path, plain);
  const database = new sqlite.Database(path, { readOnly: true });
  expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  database.close();
  const reader = new CatalogReader(path);
  try {
    const items = reader.inOrder();
    if (!items) throw new Error('its rows are in another order');
    const { properties } = reader;
    const [nested, bindMountpoints, counters] = [
      reader.nested(),
      reader.bindMountpoints(),
      reader.counters(),
    ];
    return { plain, items, nested, bindMountpoints, properties, counters, statistics: reader.statistics() };
  } finally {
    reader.close();
  }
}

let before: ReturnType<typeof read>;
beforeAll(() => {
  before = read(encodeCatalog(contentOf(ITEMS)));
});
const changed = (at: number, over: Partial<Entry>) =>
  ITEMS.map((item, i) => (i === at ? { ...item, entry: { ...item.entry, ...over } } : item));

test('entries are read in the order in which they were written', () => {
  expect(before.items).toEqual(ITEMS);
});

test('what has changed is written into a catalog that reads as one written anew', () => {
  const some = ITEMS.map((item, i) =>
    i % 97 === 3 && item.entry.kind === 'file' && !item.chunks
      ? { ...item, entry: { ...item.entry, hash: '12'.repeat(20), size: 4097 + i, mtime: 1_800_000_000 + i } }
      : item,
  );
  const nested = [{ path: '/n', hash: 'ef'.repeat(20), bytes: 18 }];
  const content = contentOf(some, { revision: 10, lastModified: 6, previous: 'ff'.repeat(20), nested });
  const updated = updateCatalog(before, content);
  if (!updated) throw new Error('it was not updated');
  expect(updated.length).toBe(before.plain.length);
  const [one, other] = [read(updated), read(encodeCatalog(content))];
  expect({ ...one, plain: null }).toEqual({ ...other, plain: null });
  // What was there is as it was.
  expect(read(before.plain).items).toEqual(ITEMS);
});

test.each([
  ['links and group', { links: 3, hardlinkGroup: 7 }],
  ['mode', { mode: 0o100755 }],
  ['owner', { uid: 1000, gid: 1000 }],
  ['attributes', { xattrs: new Map([['user.a', Uint8Array.of(98)]]) }],
  ['compression', { compression: 'none' }],
] as const)('%s of one entry', (_what, over) => {
  const items = changed(50, over);
  expect(read(updateCatalog(before, contentOf(items)) ?? encodeCatalog(contentOf(items))).items).toEqual(
    items,
  );
});

test('what needs more than that is left to who writes all', () => {
  const [pieces] = [
    ITEMS.map((item) =>
      item === chunked ? { ...item, chunks: [{ ...piece, hash: 'ee'.repeat(20) }] } : item,
    ),
  ];
  const renamed = ITEMS.map((item, i) => (i === 50 ? file(`${item.path}x`) : item));
  const much = changed(50, { xattrs: new Map([['user.a', new Uint8Array(250)]]) });
  const full = ITEMS.map((item) => ({
    ...item,
    entry: { ...item.entry, xattrs: new Map([['user.much', new Uint8Array(200)]]) },
  }));
  for (const items of [pieces, renamed, ITEMS.slice(0, -1), [...ITEMS, file('/more')], full])
    expect(updateCatalog(before, contentOf(items))).toBeNull();
  expect(updateCatalog(before, contentOf(ITEMS, { nested: [] }))).toBeNull();
  expect(updateCatalog(before, contentOf(ITEMS, { previous: undefined }))).toBeNull();
  const older = new Map([...before.properties, ['schema_revision', '6']]);
  expect(updateCatalog({ ...before, properties: older }, contentOf(ITEMS))).toBeNull();
  const grown = updateCatalog(before, contentOf(much));
  if (grown) expect(read(grown).items).toEqual(much);
});
