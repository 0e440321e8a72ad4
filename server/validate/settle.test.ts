import { expect, test } from 'vitest';
import type { PendingResult } from './quorum.ts';
import { type Method, type News, settle, type UnitStanding } from './settle.ts';

/** "1a 2b+": lease 1 of host 1 with hash a, lease 2 of host 2 with hash b, which passed a check. */
function pending(text: string): PendingResult[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({
      leaseId: Number.parseInt(word, 10),
      hostId: Number.parseInt(word, 10),
      outputHash: word.replace('+', '').slice(-1),
      checked: word.endsWith('+') ? 0.05 : 0,
    }));
}
const quorum = (n: number): Method => ({ kind: 'quorum', quorum: n });
const spot: Method = { kind: 'spot' };
const unit = (
  method: Method,
  before = '',
  failures = 0,
  state: UnitStanding['state'] = 'open',
): UnitStanding => ({
  state,
  failures,
  attempts: 3,
  method,
  pending: pending(before),
});
const came = (text: string): News => ({
  kind: 'finished',
  result: pending(text)[0] ?? { leaseId: 0, hostId: 0, outputHash: '' },
});
const bad = (leaseId: number, state: 'failed' | 'invalid' = 'failed'): News => ({
  kind: 'bad',
  leaseId,
  state,
  reason: 'why',
});
const lost = (leaseId: number): News => ({ kind: 'lost', leaseId, reason: 'disk' });
const checked = (
  leaseId: number,
  fault: string | null = null,
  more: { share?: number; refuted?: number[]; replicate?: boolean } = {},
): News => ({
  kind: 'checked',
  leaseId,
  fault,
  share: more.share ?? 0.05,
  refuted: new Map((more.refuted ?? []).map((lease) => [lease, 'differs'])),
  replicate: more.replicate ?? false,
});
const adaptive: Method = { kind: 'adaptive' };
const replicate = { replicate: true };

test.each<[string, UnitStanding, News, string, string]>([
  // what, unit, news -> verdicts, unit after (state failures agreeing [merge] [check])
  ['quorum 1 is valid at once', unit(quorum(1)), came('1a'), '1 valid', 'valid 0 0 merge'],
  ['quorum 2 waits', unit(quorum(2)), came('1a'), '1 pending', 'open 0 1'],
  ['quorum 2 agrees', unit(quorum(2), '1a'), came('2a'), '1 valid, 2 valid', 'valid 0 0 merge'],
  ['quorum 2 differs', unit(quorum(2), '1a'), came('2b'), '2 pending', 'open 0 1'],
  [
    'the odd one is invalid',
    unit(quorum(2), '1a 2b'),
    came('3b'),
    '2 valid, 3 valid, 1 invalid',
    'valid 1 0 merge',
  ],
  [
    'too much disagreement is set aside',
    unit(quorum(2), '1a 2b 3c'),
    came('4d'),
    '1 late, 2 late, 3 late, 4 late',
    'aside 0 0',
  ],
  ['failures and disagreement add up', unit(quorum(2), '1a', 2), came('2b'), '1 late, 2 late', 'aside 2 0'],
  ['a failure is tried again', unit(quorum(1)), bad(1), '1 failed', 'open 1 0'],
  ['an unusable output too', unit(spot), bad(1, 'invalid'), '1 invalid', 'open 1 0'],
  ['until there were too many', unit(quorum(1), '', 2), bad(1), '1 failed', 'aside 3 0'],
  ['a failure beside good results', unit(quorum(2), '1a', 0), bad(2), '2 failed', 'open 1 1'],
  ['the last failure beside good results', unit(quorum(2), '1a', 2), bad(2), '2 failed, 1 late', 'aside 3 0'],
  ['late for a valid unit', unit(quorum(1), '', 0, 'valid'), came('2a'), '2 late', 'valid 0 0'],
  ['failed for a valid unit', unit(quorum(1), '', 0, 'valid'), bad(2), '2 failed', 'valid 0 0'],
  ['late for one set aside', unit(quorum(1), '', 3, 'aside'), came('2a'), '2 late', 'aside 3 0'],
  ['spot waits for its check', unit(spot), came('1a'), '1 pending', 'open 0 1 check 1'],
  ['a further one is checked too', unit(spot, '1a'), came('2b'), '2 pending', 'open 0 1 check 2'],
  ['a check passes', unit(spot, '1a'), checked(1), '1 valid', 'valid 0 0 merge'],
  [
    'a check passes for equal bits too',
    unit(spot, '1a 2a 3b'),
    checked(2),
    '2 valid, 1 valid, 3 late',
    'valid 0 0 merge',
  ],
  ['a result that the project lost', unit(spot, '1a 2b', 2), lost(1), '1 late', 'open 2 1'],
  ['a result lost after the decision', unit(spot, '', 0, 'valid'), lost(1), '1 late', 'valid 0 0'],
  ['a check fails', unit(spot, '1a'), checked(1, 'differs'), '1 invalid', 'open 1 0'],
  ['a check fails, another waits', unit(spot, '1a 2b'), checked(1, 'differs'), '1 invalid', 'open 1 1'],
  ['adaptive waits for its check', unit(adaptive), came('1a'), '1 pending', 'open 0 1 check 1'],
  ['adaptive: believed by its check', unit(adaptive, '1a'), checked(1), '1 valid', 'valid 0 0 merge'],
  [
    'adaptive: a second host is asked',
    unit(adaptive, '1a'),
    checked(1, null, replicate),
    '1 pending',
    'open 0 1 replicate 1',
  ],
  ['adaptive: which agrees', unit(adaptive, '1a+'), came('2a'), '2 valid, 1 valid', 'valid 0 0 merge'],
  [
    'adaptive: but nothing was checked yet',
    unit(adaptive, '1a'),
    came('2a'),
    '2 pending',
    'open 0 2 check 2',
  ],
  [
    'adaptive: then a check is for both',
    unit(adaptive, '1a 2a'),
    checked(1, null, replicate),
    '1 valid, 2 valid',
    'valid 0 0 merge',
  ],
  ['adaptive: which differs', unit(adaptive, '1a+'), came('2b'), '2 pending', 'open 0 1 check 2'],
  [
    'adaptive: and is wrong',
    unit(adaptive, '1a+ 2b'),
    checked(2, 'differs', replicate),
    '2 invalid',
    'open 1 1',
  ],
  [
    'adaptive: and the first is wrong',
    unit(adaptive, '1a+ 2b'),
    checked(2, null, { refuted: [1], replicate: true }),
    '1 invalid, 2 pending',
    'open 1 1 replicate 2',
  ],
  [
    'adaptive: and both are wrong',
    unit(adaptive, '1a+ 2b'),
    checked(2, 'differs', { refuted: [1] }),
    '1 invalid, 2 invalid',
    'open 2 0',
  ],
  [
    'adaptive: no second host came, all blocks were checked',
    unit(adaptive, '1a+'),
    checked(1, null, { share: 1, replicate: true }),
    '1 valid',
    'valid 0 0 merge',
  ],
  ['a check fails once too often', unit(spot, '1a', 2), checked(1, 'differs'), '1 invalid', 'aside 3 0'],
])('%s', (_what, before, news, verdicts, after) => {
  const done = settle(before, news);
  expect(done.verdicts.map((verdict) => `${verdict.leaseId} ${verdict.state}`).join(', ')).toBe(verdicts);
  const { state, failures, agreeing } = done.unit;
  const shown = [
    state,
    failures,
    agreeing,
    done.merge ? 'merge' : '',
    done.check ? `check ${done.check}` : '',
    done.replicate ? `replicate ${done.replicate}` : '',
  ];
  expect(shown.filter((word) => word !== '').join(' ')).toBe(after);
});

test('what a verdict rests on: another host, all blocks, or a share of them', () => {
  const shares = (settlement: ReturnType<typeof settle>) => settlement.verdicts.map(({ checked }) => checked);
  expect(shares(settle(unit(quorum(1)), came('1a')))).toEqual([0]);
  expect(shares(settle(unit(quorum(2), '1a'), came('2a')))).toEqual([1, 1]);
  expect(shares(settle(unit(spot, '1a'), checked(1)))).toEqual([0.05]);
  expect(shares(settle(unit(adaptive, '1a'), checked(1, null, replicate)))).toEqual([0.05]);
  expect(shares(settle(unit(adaptive, '1a+'), came('2a')))).toEqual([1, 1]);
});

test('every verdict but a good or waiting one says why', () => {
  const { verdicts } = settle(unit(quorum(2), '1a 2b'), came('3b'));
  for (const { state, reason } of verdicts) expect(reason === null).toBe(state === 'valid');
});
