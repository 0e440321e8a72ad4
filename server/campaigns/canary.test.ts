import { expect, test } from 'vitest';
import { canaryComplaint, chanceOfAtLeast, expectedShare } from './canary.ts';

test.each([
  // Binomial tails known from tables and by hand.
  [0, 10, 0.5, 1],
  [1, 10, 0.5, 1 - 0.5 ** 10],
  [10, 10, 0.5, 0.5 ** 10],
  [3, 3, 0.05, 0.05 ** 3],
  [2, 20, 0.05, 1 - 0.95 ** 20 - 20 * 0.05 * 0.95 ** 19],
])('at least %d of %d at %f: %f', (bad, decided, share, chance) => {
  expect(chanceOfAtLeast({ bad, decided }, share)).toBeCloseTo(chance, 6);
});

test('what is expected comes from the release before, and from a guess where that has few results', () => {
  expect(expectedShare({ bad: 0, decided: 0 })).toBe(0.05);
  expect(expectedShare({ bad: 0, decided: 980 })).toBe(0.001);
  expect(expectedShare({ bad: 499, decided: 980 })).toBe(0.5);
});

test.each<[string, [number, number], [number, number], boolean]>([
  ['nothing yet', [0, 0], [0, 0], false],
  ['all well', [0, 50], [0, 1000], false],
  ['a first failure', [1, 1], [0, 0], false],
  ['two of two', [2, 2], [0, 0], false],
  ['three of three', [3, 3], [0, 0], true],
  ['two of two where almost none failed before', [2, 2], [0, 1000], true],
  ['as many as before', [10, 100], [100, 1000], false],
  ['twice as many as before', [25, 100], [100, 1000], true],
  ['fewer than before', [0, 100], [300, 1000], false],
])('%s: %j after %j', (_what, [bad, decided], [badBefore, decidedBefore], stops) => {
  const complaint = canaryComplaint({ bad, decided }, { bad: badBefore, decided: decidedBefore });
  if (stops) expect(complaint).toContain(`${bad} of the first ${decided} results of this release failed`);
  else expect(complaint).toBeNull();
});
