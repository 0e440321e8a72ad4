import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

test('so many at once, in order, and one that fails makes room like the others', async () => {
  const gate = new Gate(2);
  const began: number[] = [];
  let inside = 0;
  const outcomes = await Promise.allSettled(
    [0, 1, 2, 3, 4, 5].map((i) =>
      gate.pass(async () => {
        began.push(i);
        inside++;
        expect(inside).toBeLessThanOrEqual(2);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inside--;
        if (i === 1) throw new Error('one');
        return i;
      }),
    ),
  );
  expect(began).toEqual([0, 1, 2, 3, 4, 5]);
  expect(outcomes.map((outcome) => outcome.status === 'fulfilled')).toEqual([
    true,
    false,
    true,
    true,
    true,
    true,
  ]);
});
