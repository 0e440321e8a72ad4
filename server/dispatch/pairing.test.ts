import { expect, test } from 'vitest';
import { type Asking, assign, type Offer } from './assign.ts';
import { pairUp } from './pairing.ts';

const host = (hostId: number, want: number): Asking => ({ hostId, want, platforms: ['wasm32-wasi'] });
const offer = (...units: number[]): Offer => ({
  campaignId: 1,
  platforms: ['wasm32-wasi'],
  owner: 'staff',
  priority: 0,
  deadline: null,
  cost: 1,
  trial: null,
  units: units.map((unitId) => ({ unitId, wanted: 1, portions: 1, isUntouched: true })),
});

/** Hosts 1 and 2 are new; unit 10 waits since a moment, 11 for long. */
test.each<[string, Asking[], Offer[], string]>([
  ['a newcomer gets one that waits, and others', [host(1, 3)], [offer(12, 13, 10)], '1:10 1:12 1:13'],
  ['each gets one', [host(1, 2), host(2, 2)], [offer(10, 11, 12, 13)], '1:10 2:11 1:12 2:13'],
  ['who is known leaves the young ones', [host(3, 3)], [offer(10, 11, 12)], '3:11 3:12'],
  [
    'newcomers go first to those, not before others else',
    [host(3, 2), host(1, 2)],
    [offer(10, 12, 13)],
    '1:10 3:12 3:13',
  ],
])('%s', (_what, asking, offers, expected) => {
  const replicas = [
    { unitId: 10, isYoung: true },
    { unitId: 11, isYoung: false },
  ];
  const given = pairUp(asking, offers, replicas, new Set([1, 2]), (hosts, what) =>
    assign(hosts, what, new Set(), 0),
  );
  expect(given.map((one) => `${one.hostId}:${one.unitId}`).join(' ')).toBe(expected);
});
