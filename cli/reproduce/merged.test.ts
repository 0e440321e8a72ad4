import { describe, expect, test } from 'vitest';
import type { MergedPoint } from '../../protocol/catalogue.ts';
import { inLanes } from './lanes.ts';
import { gapOf } from './merged.ts';

const merged = (ranges: [number, number][], unitsValid: number, eventsValid: number): MergedPoint => ({
  ...{ campaign: 'c', application: 'a', version: '1', seed: 1, blockEvents: 10 },
  point: { index: 0, parameters: {}, unitsValid, eventsValid, crossSection: null, histograms: {} },
  ranges,
});
const units = (...pairs: [number, number][]) => pairs.map(([firstEvent, events]) => ({ firstEvent, events }));

describe('the units listed', () => {
  test('are what is merged', () => {
    expect(gapOf([], merged([], 0, 0))).toBeNull();
    const ranges: [number, number][] = [
      [0, 30],
      [40, 50],
    ];
    expect(gapOf(units([0, 20], [20, 10], [40, 10]), merged(ranges, 3, 40))).toBeNull();
  });

  test.each([
    ['one is missing', units([0, 20])],
    ['one is there twice', units([0, 20], [0, 20], [20, 10])],
    ['one overlaps another', units([0, 20], [10, 20])],
    ['none is there', []],
  ])('%s: told', (_, listed) => {
    expect(gapOf(listed, merged([[0, 30]], 2, 30))).toContain('merged are the events 0-29, but');
  });

  test('are fewer than are counted: told', () => {
    expect(gapOf(units([0, 30]), merged([[0, 30]], 2, 30))).toContain('30 of 1 units are listed');
    expect(gapOf(units([0, 30]), merged([[0, 30]], 1, 60))).toContain('60 events of 1 units');
  });
});

describe('work in lanes', () => {
  test('goes on side by side, no more at once than lanes, and keeps its order', async () => {
    let [now, most] = [0, 0];
    const made = await inLanes([5, 1, 3, 2], 2, async (n) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, n));
      now--;
      return n * 2;
    });
    expect([made, most]).toEqual([[10, 2, 6, 4], 2]);
  });

  test('ends with the first failure, begun work waited for', async () => {
    const ended: number[] = [];
    const work = inLanes([0, 1, 2, 3], 2, async (n) => {
      if (n === 0) throw new Error('first');
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended.push(n);
    });
    await expect(work).rejects.toThrow('first');
    expect(ended).toEqual([1]);
  });
});
