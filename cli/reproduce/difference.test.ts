import { describe, expect, test } from 'vitest';
import { HistogramAxis } from '../../protocol/release.ts';
import { modelBlocks, modelOutput, modelRelease } from '../../server/testkit/model.ts';
import { binName, blockDifference, sumDifferences } from './difference.ts';

const { histograms: axes } = modelRelease;
const card = { seed: 1, firstEvent: 0, events: 150, blockEvents: 50, parameters: {} };
const text = String(modelOutput(card)['blocks.jsonl']);

describe('two files of blocks', () => {
  test('are the same, or not there', () => {
    expect(blockDifference(text, text, axes)).toBeNull();
  });

  test('differ in a count: its block, histogram and bin', () => {
    const blocks = modelBlocks(card);
    const before = blocks[1]?.histograms.a[2] ?? 0;
    const changed = blocks.map((block, i) =>
      i === 1 ? { ...block, histograms: { ...block.histograms, a: [0, 50, before + 4, 1] } } : block,
    );
    const held = changed.map((block) => `${JSON.stringify(block)}\n`).join('');
    expect(blockDifference(held, text, axes)).toEqual({
      block: 2,
      blocksDiffering: 1,
      differences: [
        { what: 'histogram a, bin 2 [1, 2)', histogram: 'a', bin: 2, held: before + 4, computed: before },
      ],
    });
  });

  test('differ in their text alone, or in their length', () => {
    expect(blockDifference(text.replace('{', '{ '), text, axes)).toMatchObject({ block: 1, differences: [] });
    const cut = text.slice(0, text.indexOf('\n') + 1);
    expect(blockDifference(cut, text, axes)).toMatchObject({ block: 2, blocksDiffering: 3, differences: [] });
    expect(blockDifference('', text, axes)).toMatchObject({ block: 1, differences: [] });
  });
});

describe('sums', () => {
  const held = {
    crossSection: { maximumPb: 2, attempted: 10, accepted: 5 },
    histograms: { a: [0, 1, 2, 3], b: [4, 5, 6] },
  };

  test('differ in the cross-section and in histograms; one alone can be looked at', () => {
    const computed = { crossSection: null, histograms: { a: [0, 1, 2, 4], b: [4, 6, 6] } };
    expect(sumDifferences(held, held, axes)).toEqual([]);
    expect(sumDifferences(held, computed, axes).map(({ what }) => what)).toEqual([
      'cross-section, maximumPb',
      'cross-section, attempted',
      'cross-section, accepted',
      'histogram a, overflow',
      'histogram b, bin 1 [0, 1)',
    ]);
    expect(sumDifferences(held, computed, axes, 'b')).toHaveLength(1);
  });

  test('a histogram that is missing differs in each of its counts', () => {
    const computed = { ...held, histograms: { a: held.histograms.a } };
    const found = sumDifferences(held, computed, axes);
    expect(found.map(({ computed }) => computed)).toEqual([null, null, null]);
  });

  test('bins have names', () => {
    const labelled = HistogramAxis.parse({
      ...{ name: 'x', title: 'x', xLabel: '', yLabel: '' },
      ...{ edges: [0, 0.5, 2], binLabels: ['pi', 'K'] },
    });
    expect([0, 1, 2, 3].map((bin) => binName(labelled, bin))).toEqual([
      'underflow',
      'bin 1 [0, 0.5) "pi"',
      'bin 2 [0.5, 2) "K"',
      'overflow',
    ]);
  });
});
