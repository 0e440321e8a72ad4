import fc from 'fast-check';
import { expect, it } from 'vitest';
import { foreign, NAME_LENGTH } from './foreign.ts';

it('takes away what has no look or turns the writing round', () => {
  expect(foreign('safe\u202Eexe.\u2066x\u2069')).toBe('safe exe. x');
  expect(foreign('a\u0000b\u001b[31m\nc')).toBe('a b [31m c');
  expect(foreign('\u200b\ufeff')).toBe('?');
});

it('cuts a name of a megabyte, quickly', () => {
  const started = performance.now();
  expect(foreign('W'.repeat(1_000_000))).toHaveLength(NAME_LENGTH);
  expect(performance.now() - started).toBeLessThan(50);
});

it('keeps ordinary words of any language', () => {
  for (const text of ['LEP à la maison', '素粒子', 'مشروع', 'Über <b>alles</b>'])
    expect(foreign(text)).toBe(text);
});

it('is always well formed, short and without controls', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const shown = foreign(text);
      expect(shown.isWellFormed()).toBe(true);
      expect(shown.length).toBeLessThanOrEqual(NAME_LENGTH);
      expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});
