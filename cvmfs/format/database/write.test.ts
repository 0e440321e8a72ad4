import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import sqlite from 'node-sqlite3-wasm';
import { describe, expect, test } from 'vitest';
import { scratch } from '../../testkit/sample.ts';
import { halvesOf, PathKey } from '../paths.ts';
import { ForeignDatabase } from './foreign.ts';
import type { Value } from './row.ts';
import { encodeDatabase, type NewTable } from './write.ts';

const folder = scratch();
let made = 0;

function written(tables: readonly NewTable[]): string {
  const file = join(folder, `${made++}.db`);
  writeFileSync(file, encodeDatabase(tables));
  return file;
}

const bytesOf = (text: string) => Buffer.from(text, 'latin1').toString('utf8');
const numbers = (rows: Iterable<readonly Value[]>): NewTable => ({
  name: 'numbers',
  sql: 'CREATE TABLE numbers (a INTEGER, b INTEGER, parent INTEGER, more BLOB, PRIMARY KEY (a, b))',
  keyColumns: 2,
  indices: [{ name: 'by_parent', sql: 'CREATE INDEX by_parent ON numbers (parent, b)', columns: [2, 1] }],
  rows,
});
const texts = (rows: Iterable<readonly Value[]>): NewTable => ({
  name: 'texts',
  sql: 'CREATE TABLE texts (key TEXT, value, PRIMARY KEY (key))',
  keyColumns: 1,
  rows,
});

function asSqlite<T>(file: string, use: (database: InstanceType<typeof sqlite.Database>) => T): T {
  const database = new sqlite.Database(file, { readOnly: true });
  try {
    // Pages that are in no tree or in two, keys out of order, rows without their entry in an index, and the like.
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    return use(database);
  } finally {
    database.close();
  }
}

let state = 1n;
const random = () => {
  state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
  return BigInt.asIntN(64, state);
};

// Around where a page is full, a level more is needed, and the last page would be empty.
describe.each([0, 1, 2, 3, 170, 171, 172, 500, 20_000])('a table of %d rows', (count) => {
  const rows = Array.from({ length: count }, (_, i): Value[] => [
    random(),
    BigInt(i) - 9n,
    BigInt(i % 5),
    // Some run over, one over many pages.
    i % 1000 === 3 ? new Uint8Array(3000 * (i % 7)).fill(i) : null,
  ]);

  test('is what SQLite says it is, and what we read', () => {
    const file = written([numbers(rows)]);
    asSqlite(file, (database) => {
      const all = database.all('SELECT a, b, parent, more FROM numbers ORDER BY rowid');
      const big = (value: unknown) => (typeof value === 'number' ? BigInt(value) : value);
      const plain = (value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
      expect(all.map((row) => [big(row.a), big(row.b), big(row.parent), plain(row.more)])).toEqual(
        rows.map(([a, b, parent, more]) => [a, b, parent, plain(more)]),
      );
      const [found] = database.all('SELECT count(*) AS n FROM numbers WHERE parent = 3');
      expect(Number(found?.n)).toBe(rows.filter(([, , parent]) => parent === 3n).length);
    });
    const own = new ForeignDatabase('catalog', file, ['numbers']);
    const key = own.primaryKey('numbers');
    const table = own.table('numbers');
    if (key === null || !table) throw new Error('there is no index');
    for (let i = 0; i < count; i += 37) {
      const [a, b] = rows[i] ?? [];
      const found = own.rowids(key, new PathKey(halvesOf(BigInt(String(a))), halvesOf(BigInt(String(b)))), 2);
      expect(found).toEqual([i + 1]);
    }
    own.close();
  });
});

test('every number of rows around a full page is well formed', () => {
  const row = (i: number): Value[] => [BigInt(i) * 2n ** 40n, 5, i, null];
  for (let count = 150; count < 400; count += 3) {
    asSqlite(written([numbers(Array.from({ length: count }, (_, i) => row(i)))]), () => {});
  }
});

test('values of every kind and length come back', () => {
  const integer = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger());
  const edges = fc
    .tuple(fc.integer({ min: 0, max: 62 }), fc.constantFrom(-1n, 1n), fc.constantFrom(-1n, 0n, 1n))
    .map(([bits, sign, off]) => sign * 2n ** BigInt(bits) + off);
  const value = fc.oneof(integer, edges, fc.constant(null), fc.uint8Array({ maxLength: 300 }), fc.string());
  const key = fc
    .string({ minLength: 1, maxLength: 2000, unit: 'grapheme' })
    .filter((text) => !text.includes('\0'));
  const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 60 }),
      (pairs) => {
        const rows = pairs.map(([name, one]): Value[] => [
          utf8(name),
          typeof one === 'string' ? utf8(one) : one,
        ]);
        const file = written([texts(rows), numbers([])]);
        const told = (one: unknown) =>
          one instanceof Uint8Array ? [...one] : typeof one === 'number' ? BigInt(one) : one;
        asSqlite(file, (database) => {
          const all = database.all('SELECT key, hex(key) AS bytes, value FROM texts ORDER BY rowid');
          expect(all.map((row) => row.bytes)).toEqual(
            pairs.map(([name]) => Buffer.from(name, 'utf8').toString('hex').toUpperCase()),
          );
          expect(all.map((row) => told(row.value))).toEqual(
            rows.map(([, one]) => told(typeof one === 'string' ? bytesOf(one) : one)),
          );
        });
      },
    ),
    { numRuns: 40 },
  );
});

test('what cannot be is refused', () => {
  expect(() =>
    encodeDatabase([
      numbers([
        [1, 2, 3, null],
        [1, 2, 4, null],
      ]),
    ]),
  ).toThrow('same key');
  expect(() => encodeDatabase([numbers([[1.5, 2, 3, null]])])).toThrow(RangeError);
  expect(() =>
    encodeDatabase([
      numbers([
        [new Uint8Array(2), 2, 3, null],
        [1, 1, 1, null],
      ]),
    ]),
  ).toThrow(TypeError);
  const many = Array.from({ length: 40 }, () => numbers([]));
  expect(() => encodeDatabase(many)).toThrow('larger than a page');
});
