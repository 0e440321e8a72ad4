import { expect, test } from 'vitest';
import { Batcher } from './batcher.ts';

test('gathers, keeps the limit and the order, and never two of one key in a batch', async () => {
  const batches: number[][] = [];
  const batcher = new Batcher<number, number>(
    async (items) => {
      batches.push([...items]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return items.map((item) => item * 10);
    },
    3,
    (item) => item % 10,
  );
  const answers = await Promise.all([1, 2, 11, 3, 4, 5].map((item) => batcher.do(item)));
  expect(answers).toEqual([10, 20, 110, 30, 40, 50]);
  expect(batches).toEqual([
    [1, 2, 3],
    [11, 4, 5],
  ]);
  await batcher.idle();
});

test('one that fails fails alone', async () => {
  const batcher = new Batcher<number, number>(
    async (items) => {
      if (items.includes(2)) throw new Error('two');
      return [...items];
    },
    10,
    (item) => item,
  );
  const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batcher.do(item)));
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
