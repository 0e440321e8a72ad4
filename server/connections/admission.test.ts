import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Admission } from './admission.ts';

test('there is room until there is none; then the one that has waited longest makes it', () => {
  const admission = new Admission<string>(3, 3);
  for (const one of ['a', 'b', 'c']) expect(admission.arrives(one, one)).toBe(null);
  admission.asks('a');
  expect(admission.arrives('d', 'd')).toBe('b');
  admission.hasAnswer('a');
  expect(admission.arrives('e', 'e')).toBe('c');
  expect(admission.arrives('f', 'f')).toBe('d');
  expect(admission.arrives('g', 'g')).toBe('a');
  expect(admission.open).toBe(3);
});

test('where all are being answered the newcomer goes', () => {
  const admission = new Admission<string>(2, 2);
  for (const one of ['a', 'b']) {
    admission.arrives(one, one);
    admission.asks(one);
  }
  expect(admission.arrives('c', 'c')).toBe('c');
  admission.leaves('a');
  expect(admission.arrives('d', 'd')).toBe(null);
});

test('a block that has its share closes its own, and is refused where it has none to close', () => {
  const admission = new Admission<string>(10, 2);
  admission.arrives('other', 'elsewhere');
  for (const one of ['a', 'b']) expect(admission.arrives(one, 'flood')).toBe(null);
  expect(admission.arrives('c', 'flood')).toBe('a');
  for (const one of ['b', 'c']) admission.asks(one);
  expect(admission.arrives('d', 'flood')).toBe('d');
  expect(admission.arrives('more', 'elsewhere')).toBe(null);
});

test('an address that says nothing has no share of its own', () => {
  const admission = new Admission<string>(4, 1);
  for (const one of ['a', 'b', 'c', 'd']) expect(admission.arrives(one, null)).toBe(null);
  expect(admission.arrives('e', null)).toBe('a');
});

test('whatever comes: never too many, never one that is answered, and nothing is remembered of those that are gone', () => {
  const step = fc.record({
    what: fc.constantFrom('arrives', 'arrives', 'asks', 'hasAnswer', 'leaves'),
    which: fc.nat(30),
    block: fc.constantFrom('a', 'b', 'c', null),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 6 }), (steps, most) => {
      const share = Math.ceil(most / 2);
      const admission = new Admission<number>(most, share);
      const open = new Map<number, { block: string | null; requests: number }>();
      let next = 0;
      for (const { what, which, block } of steps) {
        const one = [...open.keys()][which % Math.max(1, open.size)];
        const held = one === undefined ? undefined : open.get(one);
        if (what === 'arrives') {
          const closed = admission.arrives(next, block);
          open.set(next, { block, requests: 0 });
          next++;
          if (closed !== null) {
            expect(open.get(closed)?.requests).toBe(0);
            open.delete(closed);
          }
        } else if (one !== undefined && held) {
          if (what === 'asks') held.requests++;
          if (what === 'hasAnswer' && held.requests === 0) continue;
          if (what === 'hasAnswer') held.requests--;
          admission[what as 'asks' | 'hasAnswer' | 'leaves'](one);
          if (what === 'leaves') open.delete(one);
        }
        expect(admission.open).toBe(open.size);
        expect(open.size).toBeLessThanOrEqual(most);
        for (const name of ['a', 'b', 'c'])
          expect([...open.values()].filter((other) => other.block === name).length).toBeLessThanOrEqual(
            share,
          );
      }
      for (const one of open.keys()) admission.leaves(one);
      expect(admission.open).toBe(0);
    }),
    { numRuns: 300 },
  );
});
