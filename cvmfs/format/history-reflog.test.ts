import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyHash } from '../testkit/arbitraries.ts';
import { hasSample, SAMPLE_NAME, sampleFile, scratch } from '../testkit/sample.ts';
import { createDatabase } from '../testkit/sqlite.ts';
import { FormatError } from './errors.ts';
import { MAIN_BRANCH, readHistory, type Tag, tagAt } from './history.ts';
import { encodeHistory } from './history-writer.ts';
import { decodeManifest } from './manifest.ts';
import { encodeReflog, type Reference, readReflog } from './reflog.ts';

const folder = scratch();
let made = 0;
const fresh = () => join(folder, `${made++}.db`);
const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));

test('tags come back as they went', () => {
  const anyTag: fc.Arbitrary<Tag> = fc.record({
    name: text,
    rootCatalog: anyHash,
    rootCatalogBytes: fc.nat(),
    revision: fc.nat(),
    timestamp: fc.nat(),
    description: text,
    branch: fc.constant(''),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(anyTag, { selector: ({ name }) => name, maxLength: 8 }),
      fc.option(anyHash, { nil: undefined }),
      (tags, previous) => {
        const file = fresh();
        writeFileSync(file, encodeHistory({ repository: 'a.org', previous, tags, branches: [MAIN_BRANCH] }));
        const read = readHistory(file);
        expect(read).toMatchObject({ repository: 'a.org', branches: [MAIN_BRANCH] });
        expect(read.previous).toBe(previous);
        expect(new Map(read.tags.map((tag) => [tag.name, tag]))).toEqual(
          new Map(tags.map((tag) => [tag.name, tag])),
        );
        const newest = Math.max(-1, ...tags.map(({ timestamp }) => timestamp));
        expect(tagAt(read, newest)?.timestamp).toBe(newest < 0 ? undefined : newest);
        expect(tagAt(read, -1)).toBeUndefined();
      },
    ),
    { numRuns: 15 },
  );
});

test('references come back as they went', () => {
  const anyReference: fc.Arbitrary<Reference> = fc.record({
    hash: anyHash,
    type: fc.constantFrom('catalog', 'certificate', 'history', 'metainfo'),
    timestamp: fc.nat(),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(anyReference, { selector: ({ hash }) => hash, maxLength: 8 }),
      (references) => {
        const file = fresh();
        writeFileSync(file, encodeReflog({ repository: 'a.org', references }));
        const read = readReflog(file);
        expect(read.repository).toBe('a.org');
        expect(new Map(read.references.map((one) => [one.hash, one]))).toEqual(
          new Map(references.map((one) => [one.hash, one])),
        );
      },
    ),
    { numRuns: 15 },
  );
});

test('what is something else is refused', () => {
  const noDatabase = fresh();
  writeFileSync(noDatabase, 'x'.repeat(2000));
  const other = fresh();
  createDatabase(
    other,
    `CREATE TABLE properties (key TEXT, value TEXT); CREATE TABLE tags (x); CREATE TABLE branches (x); CREATE TABLE refs (hash, type, timestamp);
    INSERT INTO properties VALUES ('schema', '1.0'), ('schema_revision', '3'); INSERT INTO refs VALUES ('zz', 9, 0)`,
  );
  for (const file of [noDatabase, other]) {
    expect(() => readHistory(file)).toThrow(FormatError);
    expect(() => readReflog(file)).toThrow(FormatError);
  }
});

describe.skipIf(!hasSample)('the sample (skipped where it is not here)', () => {
  test.skipIf(!hasSample)('its reflog holds what its manifest points at', () => {
    const bytes = sampleFile('.cvmfsreflog');
    const { manifest } = decodeManifest(sampleFile('.cvmfspublished'));
    expect(createHash('sha1').update(bytes).digest('hex')).toBe(manifest.reflog);
    const file = fresh();
    writeFileSync(file, bytes);
    const reflog = readReflog(file);
    expect(reflog.repository).toBe(SAMPLE_NAME);
    const hashes = reflog.references.map(({ hash }) => hash);
    expect(hashes).toContain(manifest.rootCatalog);
    expect(reflog.references.find(({ hash }) => hash === manifest.certificate)?.type).toBe('certificate');
  });
});
