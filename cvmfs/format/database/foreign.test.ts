import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import sqlite from 'node-sqlite3-wasm';
import { describe, expect, test } from 'vitest';
import { scratch } from '../../testkit/sample.ts';
import { FormatError } from '../errors.ts';
import { halvesOf, PathKey } from '../paths.ts';
import { ForeignDatabase } from './foreign.ts';
import type { Value } from './row.ts';

const folder = scratch();
let made = 0;
const fresh = () => join(folder, `${made++}.db`);
const ROWS = 800;

interface Row {
  readonly a: bigint;
  readonly b: bigint;
  readonly parent: bigint;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly number: number | bigint | null;
}

/** Integers of every length that SQLite stores, and keys that differ in their last bit. */
const EDGES = [
  0n,
  1n,
  -1n,
  127n,
  -128n,
  32_767n,
  8_388_607n,
  -8_388_608n,
  2n ** 31n,
  -(2n ** 47n),
  2n ** 48n,
  2n ** 53n,
  -(2n ** 63n),
  2n ** 63n - 1n,
];

function rowsOf(count: number): Row[] {
  let state = 12_345n;
  const random = () => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
    return BigInt.asIntN(64, state);
  };
  return Array.from({ length: count }, (_, i) => ({
    a: EDGES[i % 40] ?? random(),
    b: BigInt(i) - 700n,
    parent: BigInt(i % 7) * 2n ** 40n,
    text: 'é'.repeat(i % 50),
    // A few run over many pages.
    bytes: new Uint8Array(i % 97 === 0 ? 20_000 + i : i % 300).fill(i),
    number: i % 3 === 0 ? null : i % 3 === 1 ? i * 0.37 + 0.01 : (EDGES[i % EDGES.length] ?? 0n),
  }));
}

const rows = rowsOf(ROWS);

function written(pageBytes: number): string {
  const file = fresh();
  const database = new sqlite.Database(file);
  database.exec(
    `PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;
     CREATE TABLE t (a INTEGER, b INTEGER, parent INTEGER, text TEXT, bytes BLOB, number, CONSTRAINT pk PRIMARY KEY (a, b));
     CREATE INDEX by_parent ON t (parent, text);`,
  );
  const insert = database.prepare('INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)');
  for (const { a, b, parent, text, bytes, number } of rows) insert.run([a, b, parent, text, bytes, number]);
  insert.finalize();
  database.exec('COMMIT; ALTER TABLE t ADD COLUMN later INTEGER;');
  database.close();
  return file;
}

const keyOf = (a: bigint, b: bigint) => new PathKey(halvesOf(a), halvesOf(b));
const plain = (value: Value) =>
  typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;

describe.each([512, 4096, 65_536])('with pages of %i bytes', (pageBytes) => {
  test('rows are what SQLite has written, looked through and found', () => {
    const database = new ForeignDatabase('catalog', written(pageBytes), ['t']);
    const found = database.all('t', ['a', 'b', 'text', 'bytes', 'number', 'later']);
    const expected = rows.map((row) => ({
      a: plain(row.a),
      b: plain(row.b),
      text: Buffer.from(row.text).toString('latin1'),
      bytes: row.bytes,
      number: plain(row.number),
      later: null,
    }));
    expect(found.map((row) => ({ ...row, a: plain(row.a), number: plain(row.number) }))).toEqual(expected);

    const table = database.table('t');
    const byKey = database.primaryKey('t');
    if (!table || byKey === null) throw new Error('no table');
    rows.forEach(({ a, b }, i) => {
      expect(database.rowids(byKey, keyOf(a, b), 5)).toEqual([i + 1]);
      expect(database.rowids(byKey, keyOf(a, b + 10_000n), 5)).toEqual([]);
    });
    database.load(table, ROWS);
    expect(database.row.value(table.column('b'))).toBe(ROWS - 701);
    expect(() => database.load(table, ROWS + 1)).toThrow(FormatError);
    expect(database.index('t', 'by_parent', ['parent', 'text'])).not.toBeNull();
    expect(database.index('t', 'by_parent', ['parent'])).toBeNull();
    database.close();
  });
});

test('all of a key that many rows have are found, in order', () => {
  const file = fresh();
  const database = new sqlite.Database(file);
  database.exec(
    'PRAGMA page_size = 512; CREATE TABLE t (p INTEGER, q INTEGER); CREATE INDEX i ON t (p, q); BEGIN;',
  );
  const insert = database.prepare('INSERT INTO t VALUES (?, ?)');
  for (let i = 0; i < 2000; i++) insert.run([i % 3, -5]);
  insert.finalize();
  database.exec('COMMIT;');
  database.close();
  const foreign = new ForeignDatabase('catalog', file, ['t']);
  const index = foreign.index('t', 'i', ['p', 'q']) ?? 0;
  const of = (p: bigint, q: bigint, most: number) => foreign.rowids(index, keyOf(p, q), most);
  expect(of(1n, -5n, 1e6)).toEqual(Array.from({ length: 667 }, (_, i) => 3 * i + 2));
  expect(of(2n, -5n, 10)).toHaveLength(10);
  expect([of(1n, -6n, 9), of(3n, -5n, 9), of(-1n, -5n, 9)]).toEqual([[], [], []]);
  foreign.close();
});

test('two files of one page size do not see each other’s pages, also after one was closed', () => {
  const [one, other] = [written(512), written(4096)];
  for (let i = 0; i < 3; i++) {
    const first = new ForeignDatabase('catalog', one, ['t']);
    const second = new ForeignDatabase('catalog', i === 1 ? one : other, ['t']);
    const numbers = (database: ForeignDatabase) => database.all('t', ['b']).length;
    expect([numbers(first), numbers(second)]).toEqual([ROWS, ROWS]);
    first.close();
    expect(numbers(second)).toBe(ROWS);
    second.close();
  }
});

test('a damaged file ends in rows or in a FormatError, whatever is damaged', () => {
  const bytes = readFileSync(written(512));
  const look = (file: string) => {
    const database = new ForeignDatabase('catalog', file, ['t']);
    try {
      database.all('t', ['a', 'text', 'bytes']);
      const byKey = database.primaryKey('t');
      if (byKey !== null) {
        for (const { a, b } of rows.slice(0, 20))
          database.guarded(() => database.rowids(byKey, keyOf(a, b), 3));
      }
    } finally {
      database.close();
    }
  };
  const pages = bytes.length / 512;
  // A byte anywhere; or a page's header and pointers; or a page in another's place, by which trees go in circles.
  const damage = fc.oneof(
    fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, value]) => (wrong: Buffer) => {
      wrong[at] = value;
    }),
    fc.tuple(fc.nat(pages - 1), fc.nat(20), fc.nat(255)).map(([page, at, value]) => (wrong: Buffer) => {
      wrong[page * 512 + at] = value;
    }),
    fc.tuple(fc.integer({ min: 1, max: 20 }), fc.nat(pages - 1)).map(([from, to]) => (wrong: Buffer) => {
      bytes.copy(wrong, to * 512, from * 512, from * 512 + 512);
    }),
  );
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (all) => {
      const wrong = Buffer.from(bytes);
      for (const hurt of all) hurt(wrong);
      const file = fresh();
      writeFileSync(file, wrong);
      try {
        look(file);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: 60 },
  );
});
