import { expect, test } from 'vitest';
import { CampaignSpec, type Validation } from '../../protocol/campaign.ts';
import { costOf, type Lately } from './cost.ts';

const spec = (validation: Validation) =>
  CampaignSpec.parse({
    ...{ kind: 'campaign', name: 'c', title: 'C', application: 'a', version: '1' },
    ...{ events: 1000, eventsPerUnit: 300, blockEvents: 100 },
    validation,
  });
const lately: Lately = {
  since: new Date('2026-01-01T00:00:00Z'),
  until: new Date('2026-01-01T10:00:00Z'),
  ...{ results: 30, hosts: 3, seconds: 20 * 3600, releaseEvents: 0, releaseSeconds: 0 },
};

test('by the reference cost, where no host has computed the release lately', () => {
  // 4 points of 1000 events at 9 ms, twice.
  expect(costOf(spec({ quorum: 2 }), 4, 9000, null)).toEqual({
    ...{ units: 16, events: 4000, copies: 2, basis: 'reference', secondsPerEvent: 0.009, coreHours: 0.02 },
    ...{ lately: null, hours: null },
  });
});

test('by what hosts took, with as many at a time as lately', () => {
  const measured = { ...lately, releaseEvents: 2000, releaseSeconds: 36 };
  expect(costOf(spec({ spot: 0.1 }), 4, 9000, measured)).toMatchObject({
    ...{ copies: 1, basis: 'hosts', secondsPerEvent: 0.018, coreHours: 0.02, hours: 0.01 },
    lately: { since: '2026-01-01T00:00:00.000Z', results: 30, hosts: 3, slots: 2 },
  });
});

test.each([
  ['other releases only', lately, 'reference', 0.005],
  ['a span of nothing', { ...lately, until: lately.since }, 'reference', null],
] as const)('%s', (_what, had, basis, hours) => {
  expect(costOf(spec({ tolerance: 1 }), 4, 9000, had)).toMatchObject({ copies: 1, basis, hours });
});
