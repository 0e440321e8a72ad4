import { expect, test } from 'vitest';
import { decideQuorum, isSetAside, type PendingResult } from './quorum.ts';

/** "1a 2b": host 1 gave hash a, host 2 gave b; leases are numbered 1, 2, ... */
function results(text: string): PendingResult[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word, i) => ({ leaseId: i + 1, hostId: Number(word.slice(0, -1)), outputHash: word.slice(-1) }));
}

test.each([
  ['', 1, { decided: false, agreeing: 0 }],
  ['1a', 1, { decided: true, valid: [1], invalid: [] }],
  ['1a', 2, { decided: false, agreeing: 1 }],
  ['1a 2a', 2, { decided: true, valid: [1, 2], invalid: [] }],
  ['1a 2b', 2, { decided: false, agreeing: 1 }],
  ['1a 2b 3a', 2, { decided: true, valid: [1, 3], invalid: [2] }],
  ['1a 2b 3c 4b', 2, { decided: true, valid: [2, 4], invalid: [1, 3] }],
  ['1a 1a', 2, { decided: false, agreeing: 1 }], // one host is one voice
  ['1a 2a 3b 4b', 3, { decided: false, agreeing: 2 }],
  ['1a 2a 3b 4b 5b', 3, { decided: true, valid: [3, 4, 5], invalid: [1, 2] }],
])('results %j, quorum %d', (text, quorum, decision) => {
  expect(decideQuorum(results(text), quorum)).toEqual(decision);
});

test.each([
  [0, 1, false],
  [1, 1, true],
  [7, 8, false],
  [8, 8, true],
  [9, 8, true],
])('%d failures of %d attempts', (failures, attempts, aside) => {
  expect(isSetAside(failures, attempts)).toBe(aside);
});
