import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasSample, sampleFile, sampleObject, scratch } from '../testkit/sample.ts';
import { CatalogReader } from './catalog-reader.ts';
import { Chunker } from './chunker.ts';
import { decodeManifest } from './manifest.ts';
import { decodeObject } from './objects.ts';
import { pathKey } from './paths.ts';

const folder = scratch();
const BOUNDS = { minBytes: 64, averageBytes: 128, maxBytes: 512 };

/** Bytes as if random, the same each time. */
function noise(length: number, seed: string): Buffer {
  const pieces: Buffer[] = [];
  for (let i = 0; i * 64 < length; i++) pieces.push(createHash('sha512').update(`${seed}${i}`).digest());
  return Buffer.concat(pieces).subarray(0, length);
}

test('cuts do not depend on how the bytes come, and keep the bounds', () => {
  fc.assert(
    fc.property(
      fc.nat(20_000),
      fc.string(),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
      (length, seed, steps) => {
        const data = noise(length, seed);
        const whole = new Chunker(BOUNDS).feed(data);
        const stepwise = new Chunker(BOUNDS);
        const cuts: number[] = [];
        for (let at = 0, i = 0; at < data.length; i++) {
          const step = steps[i % steps.length] ?? 1;
          cuts.push(...stepwise.feed(data.subarray(at, at + step)).map((cut) => cut + at));
          at += step;
        }
        expect(cuts).toEqual(whole);
        const ends = [0, ...whole];
        ends.slice(1).forEach((end, i) => {
          const bytes = end - (ends[i] ?? 0);
          expect(bytes).toBeGreaterThanOrEqual(BOUNDS.minBytes);
          expect(bytes).toBeLessThanOrEqual(BOUNDS.maxBytes);
        });
      },
    ),
    { numRuns: 30 },
  );
});

test('after a change the cuts fall in with the old ones', () => {
  const bounds = { minBytes: 1024, averageBytes: 2048, maxBytes: 65536 };
  const data = noise(200_000, 'shift');
  const before = new Chunker(bounds).feed(data);
  const after = new Chunker(bounds)
    .feed(Buffer.concat([Buffer.from('inserted'), data]))
    .map((cut) => cut - 8);
  expect(before.filter((cut) => after.includes(cut)).length).toBeGreaterThan(before.length * 0.9);
});

describe.skipIf(!hasSample)('the sample (skipped where it is not here)', () => {
  test('is cut where the reference implementation cut it', () => {
    const { manifest } = decodeManifest(sampleFile('.cvmfspublished'));
    const file = join(folder, 'catalog');
    writeFileSync(file, decodeObject(manifest.rootCatalog, sampleObject(manifest.rootCatalog, 'C'), 1e7));
    const reader = new CatalogReader(file);
    const key = pathKey('/data/chunked.bin');
    const entry = reader.find(key);
    const chunks = entry ? reader.chunks(key, entry) : [];
    reader.close();
    const data = Buffer.concat(
      chunks.map(({ hash, bytes }) => decodeObject(hash, sampleObject(hash, 'P'), bytes)),
    );
    expect(data.length).toBe(1_280_000);
    const bounds = { minBytes: 128 * 1024, averageBytes: 256 * 1024, maxBytes: 512 * 1024 };
    expect(chunks.length).toBeGreaterThan(2);
    expect([0, ...new Chunker(bounds).feed(data)]).toEqual(chunks.map(({ offset }) => offset));
  });
});
