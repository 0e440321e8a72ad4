import { expect, test } from 'vitest';
import type { CampaignSpec } from '../../protocol/campaign.ts';
import { extremes } from './extremes.ts';
import { points } from './points.ts';

const grid = (sweep: CampaignSpec['sweep']) => points({ parameters: { fixed: 1 }, sweep });

test.each([
  ['no points', [], []],
  ['one point', grid({}), [0]],
  ['the opposite corner of a grid', grid({ a: [1, 2, 3], b: [10, 20] }), [0, 5]],
  ['the same as often as listed', grid({ a: [1, 1, 1] }), [0]],
  [
    'whatever the scale of a number',
    [
      { a: 0, b: 0 },
      { a: 1000, b: 0 },
      { a: 900, b: 0.01 },
    ],
    [0, 2],
  ],
  [
    'another word counts as the whole of a range',
    [
      { a: 0, b: 'x' },
      { a: 9, b: 'x' },
      { a: 8, b: 'y' },
    ],
    [0, 2],
  ],
  ['lists', grid({ a: [[1], [1, 2]] }), [0, 1]],
])('%s', (_what, all, found) => {
  expect(extremes(all)).toEqual(found);
});
