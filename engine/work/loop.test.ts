import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ProjectUnreachable } from '../project/errors.ts';
import { ManualClock } from '../testkit/clock.ts';
import { Loop, type StepResult } from './loop.ts';

const log = pino({ level: 'silent' });

function makeLoop(step: () => Promise<StepResult>, random = () => 0.5) {
  const clock = new ManualClock();
  return { clock, loop: new Loop({ name: 'test', clock, random, log, step }) };
}

/** Lets what was resolved run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('an idle loop has no timer and runs when poked', async () => {
  let steps = 0;
  const { clock, loop } = makeLoop(async () => {
    steps++;
    return { next: 'idle' };
  });
  expect(clock.pending).toBe(0);
  loop.poke();
  await settle();
  expect([steps, clock.pending]).toEqual([1, 0]);
  loop.poke();
  await settle();
  expect(steps).toBe(2);
  await loop.stop();
  loop.poke();
  await settle();
  expect(steps).toBe(2);
});

test('never two steps at once; a poke meanwhile means one more step after', async () => {
  let running = 0;
  let steps = 0;
  const finish: (() => void)[] = [];
  const { loop } = makeLoop(async () => {
    steps++;
    expect(++running).toBe(1);
    await new Promise<void>((resolve) => finish.push(resolve));
    running--;
    return { next: 'idle' };
  });
  loop.poke();
  for (let i = 0; i < 5; i++) loop.poke();
  await settle();
  finish.shift()?.();
  await settle();
  expect(steps).toBe(2);
  finish.shift()?.();
  await settle();
  expect(steps).toBe(2);
  await loop.stop();
});

test('a step that pokes its own loop at once is not begun twice, and backs off like any other', async () => {
  let steps = 0;
  const { loop } = makeLoop(async () => {
    steps++;
    loop.poke();
    throw new Error('no');
  });
  loop.poke();
  for (let i = 0; i < 5; i++) {
    await settle();
    loop.poke();
  }
  expect([steps, loop.inTrouble]).toEqual([1, true]);
  await loop.stop();
});

test('backs off while steps fail, and pokes do not shorten that; hurry does', async () => {
  let steps = 0;
  const { clock, loop } = makeLoop(async () => {
    steps++;
    throw new Error('no');
  });
  loop.poke();
  await settle();
  expect([steps, loop.inTrouble]).toEqual([1, true]);
  loop.poke();
  clock.advance(999);
  await settle();
  expect(steps).toBe(1);
  clock.advance(1);
  await settle();
  expect(steps).toBe(2);
  clock.advance(1_999);
  await settle();
  expect(steps).toBe(2);
  loop.hurry();
  await settle();
  expect(steps).toBe(3);
  await loop.stop();
});

test('waits at least as long as the server asked, jitter on top, whatever the wall clock does', async () => {
  let steps = 0;
  const { clock, loop } = makeLoop(async () => {
    steps++;
    throw new ProjectUnreachable('busy', 60);
  });
  loop.poke();
  await settle();
  clock.jumpWall(86_400_000);
  clock.advance(60_999);
  await settle();
  expect(steps).toBe(1);
  clock.advance(1);
  await settle();
  expect(steps).toBe(2);
  await loop.stop();
});

test('an outage of days costs few attempts', async () => {
  let steps = 0;
  const { clock, loop } = makeLoop(async () => {
    steps++;
    throw new ProjectUnreachable('away');
  });
  loop.poke();
  await settle();
  for (let minute = 0; minute < 3 * 24 * 60; minute++) {
    clock.advance(60_000);
    await settle();
  }
  expect(steps).toBeGreaterThan(3 * 24 * 4);
  expect(steps).toBeLessThan(3 * 24 * 10);
  await loop.stop();
});
