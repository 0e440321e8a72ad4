import { expect, test } from 'vitest';
import { Budget } from './budget.ts';

const call = () => {
  const abort = new AbortController();
  return { signal: abort.signal, abort: () => abort.abort() };
};

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = {};
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

test('gives room in the order of the calls', async () => {
  const budget = new Budget(100, () => 0);
  await budget.take(60, call());
  const large = budget.take(60, call());
  const small = budget.take(10, call());
  expect(await isPending(large)).toBe(true);
  // It would fit, but it came later.
  expect(await isPending(small)).toBe(true);
  budget.give(60);
  await Promise.all([large, small]);
});

test('what is not sent counts, until wake() tells that it is', async () => {
  let unsent = 80;
  const budget = new Budget(100, () => unsent);
  const taken = budget.take(30, call());
  budget.wake();
  expect(await isPending(taken)).toBe(true);
  unsent = 60;
  budget.wake();
  await taken;
});

test('one that is larger than all is let through alone', async () => {
  const budget = new Budget(100, () => 0);
  await budget.take(1000, call());
  const next = budget.take(1, call());
  expect(await isPending(next)).toBe(true);
  budget.give(1000);
  await next;
});

test('who gives up takes nothing, and makes way', async () => {
  const budget = new Budget(100, () => 0);
  await budget.take(90, call());
  const first = call();
  const gaveUp = budget.take(100, first);
  const second = budget.take(10, call());
  first.abort();
  await expect(gaveUp).rejects.toMatchObject({ errno: 'EINTR' });
  budget.wake();
  await second;
  const late = call();
  late.abort();
  await expect(budget.take(10, late)).rejects.toMatchObject({ errno: 'EINTR' });
});
