import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planSlots, type SlotSituation } from './policy.ts';

const computing = (order: number): SlotSituation => ({ order, pausedOrder: null });
const paused = (order: number, pausedOrder: number): SlotSituation => ({ order, pausedOrder });
const orders = (slots: readonly SlotSituation[]) => slots.map(({ order }) => order);

test.each([
  ['nothing yet', [], 2, { pause: [], resume: [], stop: [], start: 2 }],
  ['as many as allowed', [computing(1), computing(2)], 2, { pause: [], resume: [], stop: [], start: 0 }],
  [
    'fewer allowed: the newest pause',
    [computing(1), computing(2), computing(3)],
    1,
    { pause: [3, 2], resume: [], stop: [], start: 0 },
  ],
  [
    'more allowed: what was paused first goes on first',
    [paused(2, 9), paused(3, 8), computing(1)],
    2,
    { pause: [], resume: [3], stop: [], start: 0 },
  ],
  [
    'more allowed than are paused',
    [paused(2, 9), computing(1)],
    4,
    { pause: [], resume: [2], stop: [], start: 2 },
  ],
  ['none allowed', [computing(1), paused(2, 1)], 0, { pause: [1], resume: [], stop: [], start: 0 }],
] as const)('%s', (_, slots, allowed, expected) => {
  const plan = planSlots<SlotSituation>(slots, allowed, true);
  expect({
    pause: orders(plan.pause),
    resume: orders(plan.resume),
    stop: orders(plan.stop),
    start: plan.start,
  }).toEqual(expected);
});

test('when memory is short what may not compute is stopped, the newest first', () => {
  const plan = planSlots([computing(1), computing(3), paused(2, 1)], 1, false);
  expect([orders(plan.pause), orders(plan.stop), plan.start]).toEqual([[], [3, 2], 0]);
});

test('whatever the slots, the plan brings them to the number allowed and touches each at most once', () => {
  const slots = fc
    .array(fc.boolean(), { maxLength: 12 })
    .map((flags) =>
      flags.map((isPaused, index) => (isPaused ? paused(index, 100 - index) : computing(index))),
    );
  fc.assert(
    fc.property(slots, fc.integer({ min: 0, max: 14 }), fc.boolean(), (all, allowed, keep) => {
      const plan = planSlots(all, allowed, keep);
      const touched = [...plan.pause, ...plan.resume, ...plan.stop];
      expect(new Set(touched).size).toBe(touched.length);
      const stopped = new Set(plan.stop);
      const before = all.filter((slot) => slot.pausedOrder === null && !stopped.has(slot)).length;
      expect(before - plan.pause.length + plan.resume.length + plan.start).toBe(allowed);
      if (keep) expect(plan.stop).toEqual([]);
    }),
  );
});
