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
const offer = (
  campaignId: number,
  units: string,
  platforms: Offer['platforms'] = both,
  change: Partial<Offer> = {},
): Offer => ({
  campaignId,
  platforms,
  owner: 'staff',
  priority: 0,
  deadline: null,
  trial: null,
  cost: 100,
  ...change,
  units: units
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [unitId = '', wanted = '1'] = word.split('*');
      return { unitId: Number(unitId), wanted: Number(wanted), portions: 1, isUntouched: true };
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

const first = (change: Partial<Offer>) => offer(1, '10 11 12 13 14 15', both, change);
const second = (change: Partial<Offer>) => offer(2, '20 21 22 23 24 25', both, change);
const third = (change: Partial<Offer>) => offer(3, '30 31 32 33 34 35', both, change);

test.each<[string, Offer[], Record<string, number>, number, string]>([
  [
    'owners share evenly, however many campaigns one has',
    [first({ owner: 'a' }), second({ owner: 'a' }), third({ owner: 'b' })],
    {},
    6,
    '10 30 20 31 11 32',
  ],
  [
    'who was given less lately comes first',
    [first({ owner: 'a' }), second({ owner: 'b' })],
    { a: 250 },
    5,
    '20 21 22 10 23',
  ],
  [
    'a unit counts by what it costs',
    [offer(1, '10 11', both, { owner: 'a' }), offer(2, '20 21', both, { owner: 'b', cost: 150 })],
    {},
    4,
    '10 20 11 21',
  ],
  [
    'the higher priority first',
    [first({}), second({ priority: 2 }), third({ priority: 1 })],
    {},
    8,
    '20 21 22 23 24 25 30 31',
  ],
  [
    'a priority takes nothing from another owner',
    [first({ owner: 'a' }), second({ owner: 'b', priority: 1000 })],
    {},
    4,
    '10 20 11 21',
  ],
  [
    'equals in priority take turns',
    [first({ priority: 1 }), second({ priority: 1 }), third({})],
    {},
    4,
    '10 20 11 21',
  ],
  [
    'of equals the nearer deadline first, without one last',
    [first({}), second({ deadline: 2000 }), third({ deadline: 1000 })],
    {},
    13,
    '30 31 32 33 34 35 20 21 22 23 24 25 10',
  ],
  ['a priority before a deadline', [first({ deadline: 1 }), second({ priority: 1 })], {}, 2, '20 21'],
])('%s', (_what, offers, lately, want, expected) => {
  const given = assign([host(1, want)], offers, new Set(), 0, new Map(Object.entries(lately)));
  expect(given.map(({ unitId }) => unitId).join(' ')).toBe(expected);
});

test('an owner whose work does not run on a host loses nothing by it', () => {
  const offers = [offer(1, '10 11 12', linux, { owner: 'a' }), offer(2, '20 21 22 23', both, { owner: 'b' })];
  const given = assign([host(1, 2, wasm), host(2, 4, both)], offers, new Set(), 0);
  expect(given.map((one) => `${one.hostId}:${one.unitId}`).join(' ')).toBe('1:20 1:21 2:10 2:11 2:12 2:22');
});

test.each([
  ['goes to as many hosts as it may', [], 2, '1:10 1:20 2:11 2:21 3:22 3:23'],
  ['goes to those that have it', [3], 1, '1:20 1:21 2:22 2:23 3:10 3:24'],
])('a campaign on trial %s', (_what, hosts, limit, expected) => {
  const offers = [offer(1, '10 11 12', both, { trial: { hosts, limit } }), second({})];
  const given = assign([host(1, 2), host(2, 2), host(3, 2)], offers, new Set(), 0);
  expect(given.map((one) => `${one.hostId}:${one.unitId}`).join(' ')).toBe(expected);
});

test('the turn decides which campaign begins', () => {
  const offers = [offer(1, '10'), offer(2, '20')];
  expect(assign([host(1, 1)], offers, new Set(), 1)[0]?.unitId).toBe(20);
});

test('where units are cut to their hosts, each gets its size, of what was given back too', () => {
  const unit = { wanted: 1, isUntouched: true };
  const one = offer(1, '', both, {
    tailored: { portions: new Map([[1, 10], [2, 2]]), left: 15 }, // biome-ignore format: a table
  });
  const units = [
    { ...unit, unitId: 10, portions: 30, isUntouched: false },
    { ...unit, unitId: 11, portions: 30 },
    { ...unit, unitId: 12, portions: 4 },
  ];
  const given = assign([host(2, 4), host(1, 3), host(3, 9)], [{ ...one, units }], new Set(), 0);
  expect(given.map(({ hostId, unitId, portions }) => `${hostId}:${unitId}*${portions}`).join(' ')).toBe(
    // What somebody has begun, 10, is too large for each of them; the third is not known.
    '2:11*2 2:12*4 2:null*2 2:null*2 1:null*10 1:null*1',
  );
  expect(given.map((assignment) => assignment.cost)).toEqual([200, 400, 200, 200, 1000, 100]);
});
