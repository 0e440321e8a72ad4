import { expect, test } from 'vitest';
import { type Asking, assign, type Offer } from './assign.ts';

const wasm = ['wasm32-wasi'] as const;
const linux = ['x86_64-linux'] as const;
const both = ['x86_64-linux', 'wasm32-wasi'] as const;
const host = (hostId: number, want: number, platforms: Asking['platforms'] = both): Asking => ({
  hostId,
  want,
  platforms,
});
/** "10 11*2": unit 10 wanted once, unit 11 twice. */
const offer = (campaignId: number, units: string, platforms: Offer['platforms'] = both): Offer => ({
  campaignId,
  platforms,
  units: units
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [unitId = '', wanted = '1'] = word.split('*');
      return { unitId: Number(unitId), wanted: Number(wanted) };
    }),
});

test.each<[string, Asking[], Offer[], string[], string]>([
  ['nothing to give', [host(1, 2)], [], [], ''],
  ['no units', [host(1, 2)], [offer(1, '')], [], ''],
  ['in order', [host(1, 2), host(2, 1)], [offer(1, '10 11 12')], [], '1:10 1:11 2:12'],
  ['not more than there is', [host(1, 2), host(2, 2)], [offer(1, '10 11 12')], [], '1:10 1:11 2:12'],
  ['a quorum goes to different hosts', [host(1, 2), host(2, 2)], [offer(1, '10*2')], [], '1:10 2:10'],
  ['not what the host has had', [host(1, 1)], [offer(1, '10*2 11')], ['1 10'], '1:11'],
  ['what one has had goes to another', [host(1, 1), host(2, 1)], [offer(1, '10 11')], ['1 10'], '1:11 2:10'],
  ['only what runs there', [host(1, 2, wasm)], [offer(1, '10', linux), offer(2, '20', both)], [], '1:20'],
  [
    'campaigns take turns',
    [host(1, 4)],
    [offer(1, '10 11 12'), offer(2, '20 21')],
    [],
    '1:10 1:20 1:11 1:21',
  ],
  [
    'the other campaign when one is empty',
    [host(1, 3)],
    [offer(1, '10'), offer(2, '20 21')],
    [],
    '1:10 1:20 1:21',
  ],
  ['a host that wants nothing', [host(1, 0), host(2, 1)], [offer(1, '10')], [], '2:10'],
])('%s', (_what, asking, offers, had, expected) => {
  const given = assign(asking, offers, new Set(had), 0);
  expect(given.map((one) => `${one.hostId}:${one.unitId}`).join(' ')).toBe(expected);
});

test('the turn decides which campaign begins', () => {
  const offers = [offer(1, '10'), offer(2, '20')];
  expect(assign([host(1, 1)], offers, new Set(), 1)[0]?.unitId).toBe(20);
});
