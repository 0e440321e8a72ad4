import { expect, test } from 'vitest';
import { throttle } from './throttle.ts';

const NEVER = new AbortController().signal;

test('lets a burst through and holds a flood back', async () => {
  const hold = throttle();
  const start = performance.now();
  await hold(100_000, NEVER);
  await hold(100_000, NEVER);
  // 250 kB of burst: the last of a megabyte has to wait for 750 kB, at a megabyte a second.
  for (let i = 0; i < 8; i++) await hold(100_000, NEVER);
  expect(performance.now() - start).toBeGreaterThan(600);
});

test('a burst is free again after a quiet time', async () => {
  let now = 0;
  const hold = throttle(() => now);
  for (let i = 0; i < 10; i++) {
    // Would wait for real time, and be late, were it held back.
    await Promise.race([hold(200_000, NEVER), new Promise((_, no) => setImmediate(no, 'held back'))]);
    now += 1000;
  }
});

test('a writer that gives up is let go at once', async () => {
  const hold = throttle();
  const controller = new AbortController();
  const held = hold(60_000_000, controller.signal);
  controller.abort();
  await held;
});
