import { expect, test } from 'vitest';
import { measuringCard } from './card.ts';

const card = {
  seed: 1,
  firstEvent: 3_000_000,
  events: 12_000_000,
  blockEvents: 3_000_000,
  parameters: { x: 1 },
};

test.each([
  // Reference microseconds per event, events per block: the fewest that take 50 ms there.
  [0.1, 3_000_000, 500_000 * 1.5],
  [1, 3_000_000, 62_500 * 1.5],
  [1000, 3_000_000, 50],
  [0.1, 20_000, 20_000],
  [1000, 1, 1],
  [5, 11 * 13, 11 * 13],
])(
  '%s µs an event, blocks of %i: measured in blocks of about %i',
  (referenceMicrosecondsPerEvent, blockEvents, about) => {
    const measured = measuringCard({ ...card, blockEvents }, { referenceMicrosecondsPerEvent });
    expect(blockEvents % measured.blockEvents).toBe(0);
    expect(measured.blockEvents).toBeLessThanOrEqual(Math.max(about * 7, 1));
    expect(measured.blockEvents * referenceMicrosecondsPerEvent).toBeGreaterThanOrEqual(
      Math.min(50_000, blockEvents * referenceMicrosecondsPerEvent),
    );
    expect(measured).toEqual({ ...card, blockEvents: measured.blockEvents });
  },
);
