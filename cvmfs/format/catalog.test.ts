import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyEntry, anyHash } from '../testkit/arbitraries.ts';
import { hasSample, sampleExpected, sampleFile, sampleObject, scratch } from '../testkit/sample.ts';
import { createDatabase } from '../testkit/sqlite.ts';
import { CatalogReader } from './catalog-reader.ts';
import { type CatalogContent, type CatalogItem, encodeCatalog } from './catalog-writer.ts';
import { type Chunk, checkChunks, chunksOf } from './chunks.ts';
import type { Entry } from './entry.ts';
import { FormatError } from './errors.ts';
import { decodeFlags, encodeFlags, PLAIN } from './flags.ts';
import { decodeManifest } from './manifest.ts';
import { decodeObject } from './objects.ts';
import { parentOf, pathKey } from './paths.ts';
import { addCounts, countEntry, NO_COUNTS } from './statistics.ts';

const folder = scratch();
let made = 0;
const fresh = () => join(folder, `${made++}.db`);

const DIRECTORY: Entry = {
  ...PLAIN,
  kind: 'directory',
  name: '',
  mode: 0o040755,
  size: 4096,
  uid: 0,
  gid: 0,
  mtime: 1,
  mtimeNs: null,
  links: 2,
  hardlinkGroup: 0,
  hash: null,
  target: '',
  xattrs: new Map(),
};
const CONTENT: CatalogContent = {
  rootPath: '',
  revision: 3,
  lastModified: 5,
  previous: undefined,
  entries: [{ path: '', entry: DIRECTORY }],
  nested: [],
  statistics: { self: { ...NO_COUNTS, dir: 1 }, subtree: NO_COUNTS },
};

const withReader = <T>(file: string, use: (reader: CatalogReader) => T): T => {
  const reader = new CatalogReader(file);
  try {
    return use(reader);
  } finally {
    reader.close();
  }
};

test('entries of all kinds come back as they went', () => {
  const some = fc.uniqueArray(anyEntry, { selector: ({ name }) => name, maxLength: 12 });
  fc.assert(
    fc.property(some, anyHash, (entries, hash) => {
      const items: CatalogItem[] = entries.map((entry) => {
        const path = `/a\xff/${entry.name}`;
        if (!entry.chunked) return { path, entry };
        const size = 2 + (entry.size % 1000);
        const chunks: Chunk[] = [
          { offset: 0, bytes: 1, hash },
          { offset: 1, bytes: size - 1, hash },
        ].map((chunk) => ({ ...chunk, hash: hash.slice(0, 40) }));
        return { path, entry: { ...entry, size, algorithm: 'sha1' }, chunks };
      });
      const nested = [{ path: '/a\xff/n', hash, bytes: 17 }];
      const file = fresh();
      const rest = { rootPath: '/a\xff', ttlSeconds: 60, previous: hash, entries: items, nested };
      writeFileSync(file, encodeCatalog({ ...CONTENT, ...rest }));
      withReader(file, (reader) => {
        expect(reader.rootPath).toBe('/a\xff');
        expect(Object.fromEntries(reader.properties)).toMatchObject({
          schema: '2.5',
          TTL: '60',
          previous_revision: hash,
        });
        expect(reader.nested()).toEqual(nested);
        expect(reader.statistics()).toEqual(CONTENT.statistics);
        const byName = (list: readonly Entry[]) => new Map(list.map((entry) => [entry.name, entry]));
        expect(byName(reader.children(pathKey('/a\xff')))).toEqual(byName(items.map(({ entry }) => entry)));
        for (const { path, entry, chunks } of items) {
          expect(reader.find(pathKey(path))).toEqual(entry);
          if (chunks) expect(reader.chunks(pathKey(path), entry)).toEqual(chunks);
        }
        expect(reader.find(pathKey('/none'))).toBeNull();
      });
    }),
    { numRuns: 15 },
  );
});

test('flags are the numbers of the format', () => {
  expect(encodeFlags({ ...PLAIN, kind: 'symlink' })).toBe(12);
  expect(encodeFlags({ ...PLAIN, kind: 'directory', nestedMountpoint: true })).toBe(3);
  expect(encodeFlags({ ...PLAIN, kind: 'directory', nestedRoot: true })).toBe(33);
  expect(
    encodeFlags({ ...PLAIN, kind: 'file', chunked: true, algorithm: 'shake128', compression: 'none' }),
  ).toBe(2628);
  for (const bits of [0, 5, 8, 35, 4 | 2, 1 | 64, 4 | (7 << 8), 4 | (7 << 11), 1 << 17, -1]) {
    expect(() => decodeFlags(bits)).toThrow(FormatError);
  }
});

test('chunks must follow one another', () => {
  const hash = 'ab'.repeat(20);
  const chunks = [0, 10, 20].map((offset) => ({ offset, bytes: 10, hash }));
  expect(checkChunks(chunks, 30)).toBe(chunks);
  for (const wrong of [
    [],
    chunks.slice(1),
    chunks.toReversed(),
    [...chunks, { offset: 30, bytes: 0, hash }],
  ]) {
    expect(() => checkChunks(wrong, 30)).toThrow(FormatError);
  }
  expect(() => checkChunks(chunks, 31)).toThrow(FormatError);
  const offsets = (offset: number, count: number) =>
    chunksOf(chunks, offset, count).map((chunk) => chunk.offset);
  expect([
    offsets(0, 30),
    offsets(9, 1),
    offsets(9, 2),
    offsets(10, 1),
    offsets(30, 5),
    offsets(25, 100),
  ]).toEqual([[0, 10, 20], [0], [0, 10], [10], [], [20]]);
});

describe('a hostile catalog is refused', () => {
  const hostile = (sql: string) => {
    const file = fresh();
    createDatabase(file, sql);
    return file;
  };
  const tables = `
    CREATE TABLE properties (key TEXT, value TEXT); INSERT INTO properties VALUES ('schema', '2.5'), ('schema_revision', '7');
    CREATE TABLE chunks (md5path_1, md5path_2, offset, size, hash);
    CREATE TABLE nested_catalogs (path TEXT, sha1 TEXT, size INTEGER);`;
  const columns = `md5path_1 INTEGER, md5path_2 INTEGER, parent_1 INTEGER, parent_2 INTEGER, hardlinks INTEGER, hash BLOB,
    size INTEGER, mode INTEGER, mtime INTEGER, mtimens INTEGER, flags INTEGER, name TEXT, symlink TEXT, uid INTEGER, gid INTEGER, xattr BLOB`;
  const index = 'CREATE INDEX idx_catalog_parent ON catalog (parent_1, parent_2);';

  test.each([
    [
      'a view for a table',
      `${tables} CREATE VIEW catalog AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n;`,
    ],
    [
      'a trigger',
      `${tables} CREATE TABLE catalog (${columns}); ${index} CREATE TRIGGER t AFTER INSERT ON catalog BEGIN SELECT 1; END;`,
    ],
    [
      'a made column',
      `${tables} CREATE TABLE catalog (${columns}, x GENERATED ALWAYS AS (zeroblob(1000000000))); ${index}`,
    ],
    [
      'a virtual table',
      `${tables} CREATE TABLE catalog (${columns}); ${index} CREATE VIRTUAL TABLE v USING fts5(x);`,
    ],
    [
      'an index of some rows',
      `${tables} CREATE TABLE catalog (${columns}); CREATE INDEX idx_catalog_parent ON catalog (parent_1) WHERE parent_1 > 0;`,
    ],
    ['no index', `${tables} CREATE TABLE catalog (${columns});`],
    ['no table', tables],
    [
      'another version',
      `${tables} CREATE TABLE catalog (${columns}); ${index} UPDATE properties SET value = '3.0' WHERE key = 'schema';`,
    ],
  ])('for %s', (_what, sql) => {
    expect(() => new CatalogReader(hostile(sql))).toThrow(FormatError);
  });

  const row = (name: string, over: Record<string, string> = {}) => {
    const key = pathKey('/x');
    const values = {
      hardlinks: '1',
      hash: `x'${'00'.repeat(20)}'`,
      size: '1',
      mode: '33188',
      flags: '4',
      symlink: "''",
      ...over,
    };
    const parent = pathKey('');
    return `${tables} CREATE TABLE catalog (${columns}); ${index} INSERT INTO catalog VALUES (${key.first}, ${key.second}, ${parent.first},
      ${parent.second}, ${values.hardlinks}, ${values.hash}, ${values.size}, ${values.mode}, 0, NULL, ${values.flags}, ${name}, ${values.symlink}, 0, 0, NULL);`;
  };
  test.each([
    ['a name with a slash', row("'a/b'")],
    ['a name that leads up', row("'..'")],
    ['no name', row("''")],
    ['a name with NUL', row("CAST(x'6100' AS TEXT)")],
    ['a long name', row(`'${'x'.repeat(256)}'`)],
    ['a name that is no text', row('17')],
    ['a mode that is another kind’s', row("'x'", { mode: '16877' })],
    ['no hash', row("'x'", { hash: 'NULL' })],
    ['a short hash', row("'x'", { hash: "x'00'" })],
    ['a size below zero', row("'x'", { size: '-1' })],
    ['a size beyond numbers', row("'x'", { size: '9223372036854775807' })],
    ['a link target on a file', row("'x'", { symlink: "'/etc'" })],
    ['text for a number', row("'x'", { size: "'much'" })],
  ])('for an entry with %s', (what, sql) => {
    withReader(hostile(sql), (reader) => {
      if (what === 'a name that is no text') {
        // A number is cast to its digits: a name as good as another.
        expect(reader.children(pathKey('')).map(({ name }) => name)).toEqual(['17']);
        return;
      }
      expect(() => reader.children(pathKey(''))).toThrow(FormatError);
      if (what !== 'no name') expect(() => reader.find(pathKey('/x'))).toThrow(FormatError);
    });
  });

  test('for a byte that is wrong anywhere, or reads the same', () => {
    const entries = Array.from({ length: 20 }, (_, i) => ({
      path: `/f${i}`,
      entry: { ...DIRECTORY, name: `f${i}` },
    }));
    const bytes = encodeCatalog({ ...CONTENT, entries: [...CONTENT.entries, ...entries] });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const wrong = Buffer.from(bytes);
        wrong[at] = (wrong[at] ?? 0) ^ change;
        const hurt = fresh();
        writeFileSync(hurt, wrong);
        try {
          withReader(hurt, (reader) => {
            reader.nested();
            reader.children(pathKey(''));
            reader.find(pathKey('/f3'));
          });
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe.skipIf(!hasSample)('the sample (skipped where it is not here)', () => {
  const { manifest } = hasSample ? decodeManifest(sampleFile('.cvmfspublished')) : {};

  test('its catalogs hold what is expected, and their statistics are those we count', () => {
    const found = new Map<string, Entry>();
    const walk = (hash: string, root: string): typeof NO_COUNTS => {
      const file = fresh();
      const plain = decodeObject(hash, sampleObject(hash, 'C'), 1e7);
      writeFileSync(file, plain);
      return withReader(file, (reader) => {
        expect(reader.rootPath).toBe(root);
        const nested = new Map(reader.nested().map((one) => [one.path, one]));
        let self = { ...NO_COUNTS, nested: nested.size };
        let subtree = NO_COUNTS;
        const visit = (path: string, entry: Entry) => {
          const chunks = entry.chunked ? reader.chunks(pathKey(path), entry).length : 0;
          self = addCounts(self, countEntry(entry, chunks)) as typeof self;
          if (entry.nestedMountpoint) {
            const one = nested.get(path);
            subtree = addCounts(subtree, walk(one?.hash ?? '', path));
            return;
          }
          found.set(path === '' ? '/' : path, entry);
          if (entry.kind === 'directory') {
            for (const child of reader.children(pathKey(path))) visit(`${path}/${child.name}`, child);
          }
        };
        const top = reader.find(pathKey(root));
        expect(top?.nestedRoot).toBe(root !== '');
        if (top) visit(root, top);
        expect(reader.statistics()).toEqual({ self, subtree });
        return addCounts(self, subtree);
      });
    };
    walk(manifest?.rootCatalog ?? '', '');
    for (const { path, mode, nlink, size } of sampleExpected()) {
      const entry = found.get(Buffer.from(path, 'utf8').toString('latin1'));
      expect(entry, path).toMatchObject({
        mode: Number.parseInt(mode, 8),
        links: nlink,
        ...(size === undefined ? {} : { size }),
      });
      expect(parentOf(path)).toBeTypeOf('string');
    }
    expect(found.size).toBe(sampleExpected().length);
  });
});
