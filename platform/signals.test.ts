import { expect, test } from 'vitest';
import { anySignal, joined } from './signals.ts';

test.each([
  ['this Node', (...signals: AbortSignal[]) => anySignal(...signals, undefined)],
  ['an older one', (...signals: AbortSignal[]) => joined(signals)],
])('the first abort counts, with its reason: %s', (_, join) => {
  const [a, b] = [new AbortController(), new AbortController()];
  const signal = join(a.signal, b.signal);
  expect(signal.aborted).toBe(false);
  b.abort(new Error('second'));
  expect(signal.reason).toEqual(new Error('second'));
  a.abort(new Error('first'));
  expect(signal.reason).toEqual(new Error('second'));
  expect(join(a.signal).aborted).toBe(true);
});
