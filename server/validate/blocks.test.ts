import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HistogramAxis } from '../../protocol/release.ts';
import type { Block, Card } from '../../protocol/work-unit.ts';
import { BlocksInvalid, histogramsOf, scannedBlocks, sumBlocks } from './blocks.ts';

const axes: HistogramAxis[] = [
  { name: 'a', title: 'A', xLabel: '', yLabel: '', edges: [0, 1, 2], logY: false },
  { name: 'b', title: 'B', xLabel: '', yLabel: '', edges: [0, 1], logY: false },
];
const card: Card = { seed: 1, firstEvent: 20, events: 25, blockEvents: 10, parameters: {} };

function block(firstEvent: number, events: number): Block {
  return {
    firstEvent,
    events,
    crossSection: { maximumPb: 2.5, attempted: events + 3, accepted: events },
    histograms: { a: [0, events, 0, 1], b: [1, 2, 3] },
  };
}
const good = () => [block(20, 10), block(30, 10), block(40, 5)];
const text = (blocks: unknown[]) => blocks.map((line) => `${JSON.stringify(line)}\n`).join('');
const bytes = (blocks: unknown[]) => Buffer.from(text(blocks));

test('adds up what the card asks for', () => {
  const sums = sumBlocks(bytes(good()), card, axes);
  expect(sums).toEqual({ maximumPb: 2.5, attempted: 34, accepted: 25, counts: [0, 25, 0, 3, 3, 6, 9] });
  expect(histogramsOf(sums.counts, axes)).toEqual({ a: [0, 25, 0, 3], b: [3, 6, 9] });
});

/** Each spoils a good result in one way. */
const spoilt: [string, (blocks: Block[]) => unknown[], string][] = [
  ['a missing block', (b) => b.slice(1), 'has 2 blocks, the card asks for 3'],
  ['a block twice', (b) => [b[0], b[0], b[2]], 'line 2: is of 10 events from 20, expected 10 from 30'],
  ['blocks out of order', (b) => [b[1], b[0], b[2]], 'line 1: is of 10 events from 30'],
  [
    'a long last block',
    (b) => [b[0], b[1], block(40, 10)],
    'line 3: is of 10 events from 40, expected 5 from 40',
  ],
  [
    'fewer accepted than events',
    (b) => [b[0], { ...block(30, 10), crossSection: { maximumPb: 2.5, attempted: 12, accepted: 9 } }, b[2]],
    'accepted 9 of 10',
  ],
  [
    'attempted under accepted',
    (b) => [{ ...block(20, 10), crossSection: { maximumPb: 2.5, attempted: 9, accepted: 10 } }, b[1], b[2]],
    'fewer events attempted',
  ],
  [
    'another maximum',
    (b) => [b[0], { ...block(30, 10), crossSection: { maximumPb: 3, attempted: 12, accepted: 10 } }, b[2]],
    'maximumPb differs',
  ],
  [
    'an unknown histogram',
    (b) => [{ ...block(20, 10), histograms: { a: [0, 1, 0, 1], b: [1, 2, 3], c: [1] } }, b[1], b[2]],
    'line 1: histogram "c" is not in the release',
  ],
  [
    'a missing histogram',
    (b) => [b[0], b[1], { ...block(40, 5), histograms: { a: [0, 1, 0, 1] } }],
    'line 3: histogram "b" is missing',
  ],
  [
    'a short histogram',
    (b) => [b[0], b[1], { ...block(40, 5), histograms: { a: [0, 1, 0], b: [1, 2, 3] } }],
    'has 3 counts, expected 4',
  ],
  [
    'negative counts',
    (b) => [{ ...block(20, 10), histograms: { a: [0, -1, 0, 1], b: [1, 2, 3] } }, b[1], b[2]],
    'line 1: histograms.a.1',
  ],
  [
    'fractional counts',
    (b) => [{ ...block(20, 10), histograms: { a: [0, 0.5, 0, 1], b: [1, 2, 3] } }, b[1], b[2]],
    'line 1: histograms.a.1',
  ],
  [
    'a flood of entries',
    (b) => [{ ...block(20, 10), histograms: { a: [0, 1e12, 0, 1], b: [1, 2, 3] } }, b[1], b[2]],
    'entries for 10 events',
  ],
  ['a further key', (b) => [{ ...b[0], note: 'hi' }, b[1], b[2]], 'line 1'],
];
test.each(spoilt)('refuses %s', (_what, spoil, reason) => {
  expect(() => sumBlocks(bytes(spoil(good())), card, axes)).toThrow(reason);
});

test('refuses what is not lines of JSON', () => {
  const whole = text(good());
  expect(() => sumBlocks(Buffer.from(whole.slice(0, -1)), card, axes)).toThrow('does not end in a newline');
  expect(() => sumBlocks(Buffer.alloc(0), card, axes)).toThrow(BlocksInvalid);
  expect(() =>
    sumBlocks(Buffer.from(`{"first\n${whole.split('\n').slice(1).join('\n')}`), card, axes),
  ).toThrow('line 1: not JSON');
});

/** With spaces, which programs do not write: read the slow way. */
const spaced = (whole: string) => Buffer.from(whole.replaceAll('{', '{ '));

test('what is written as programs write it is scanned, with the same sums', () => {
  const whole = text(good());
  expect(scannedBlocks(Buffer.from(whole), card, axes)).toEqual(sumBlocks(spaced(whole), card, axes));
  expect(scannedBlocks(spaced(whole), card, axes)).toBeNull();
});

test.each(spoilt)('%s is left to the slow way by the scanner', (_, spoil) => {
  expect(scannedBlocks(bytes(spoil(good())), card, axes)).toBeNull();
});

test('a scanned text is one that the slow way takes, and means the same there', () => {
  const whole = text(good());
  const replacement = fc.constantFrom(
    '0',
    '1',
    '9',
    '00',
    '-1',
    '1.5',
    '1e2',
    '',
    ',',
    ']',
    '}',
    '\n',
    ' ',
    '9'.repeat(16),
  );
  const place = fc.nat(whole.length - 1);
  let taken = 0;
  fc.assert(
    fc.property(place, replacement, (at, instead) => {
      const damaged = whole.slice(0, at) + instead + whole.slice(at + 1);
      const scanned = scannedBlocks(Buffer.from(damaged), card, axes);
      if (!scanned) return;
      taken++;
      expect(scanned).toEqual(sumBlocks(spaced(damaged), card, axes));
    }),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(0);
});

test('wherever bins are empty, what is scanned is what was written', () => {
  const count = fc.constantFrom(0, 0, 0, 7, 10, 123_456);
  const counts = fc.tuple(
    fc.array(count, { minLength: 4, maxLength: 12 }),
    fc.array(count, { minLength: 3, maxLength: 3 }),
  );
  fc.assert(
    fc.property(counts, ([a, b]) => {
      const edges = Array.from({ length: a.length - 1 }, (_, i) => i);
      const wide = axes.map((axis) =>
        axis.name === 'a' ? { ...axis, edges, scale: 1000 } : { ...axis, scale: 1000 },
      );
      const blocks = good().map((one) => ({ ...one, histograms: { a, b } }));
      const sums = [...a, ...b].map((one) => 3 * one);
      expect(scannedBlocks(bytes(blocks), card, wide)?.counts).toEqual(sums);
    }),
  );
});
