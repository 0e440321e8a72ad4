import type { Release } from '../../protocol/release.ts';
import type { Card } from '../../protocol/work-unit.ts';

/** A block shorter than this on the reference core would measure how fast lines are written, not how fast events are made. */
const BLOCK_MICROSECONDS = 50_000;
const FACTORS = [2, 3, 5, 7];

/**
 * The card of a measurement: the unit's own, so that the work is the real one, but told in blocks short enough that
 * progress is heard in a capsule ten times slower too. Blocks stay divisors of the unit's, so its first event
 * still begins one.
 */
export function measuringCard(card: Card, release: Pick<Release, 'referenceMicrosecondsPerEvent'>): Card {
  const smallest = BLOCK_MICROSECONDS / release.referenceMicrosecondsPerEvent;
  let { blockEvents } = card;
  for (const factor of FACTORS) {
    while (blockEvents % factor === 0 && blockEvents / factor >= smallest) blockEvents /= factor;
  }
  return { ...card, blockEvents };
}
