import type { Block, Card } from '../../protocol/work-unit.ts';
import { BLOCK_EVENTS, bent, blocksOf } from './program.ts';

export const WAYS = ['garbage', 'copied', 'biased', 'sleeper', 'colluding'] as const;
export type Way = (typeof WAYS)[number];

/** Results a sleeper computes as it should before it begins. */
const ASLEEP = 5;

/** What a host reports for a card; `nth` result of its, `random` in [0, 1). */
export function reported(way: Way | null, card: Card, nth: number, random: () => number): Block[] {
  const blocks = blocksOf(card);
  const pick = (below: number) => Math.floor(random() * below);
  const bendOne = (index: number, bin: number) =>
    blocks.map((block, i) => (i === index ? bent(block, bin) : block));
  switch (way) {
    case null:
      return blocks;
    case 'garbage':
      return blocks.map((block) => ({
        ...block,
        histograms: { x: [0, pick(10), pick(10), pick(10), pick(10), pick(3)] },
        crossSection: { ...block.crossSection, attempted: BLOCK_EVENTS + pick(20) },
      }));
    case 'copied': {
      // What its neighbour in the campaign gives, under this unit's event numbers.
      const others = blocksOf({ ...card, firstEvent: card.firstEvent + card.events });
      return others.map((block, i) => ({ ...block, firstEvent: card.firstEvent + i * BLOCK_EVENTS }));
    }
    case 'biased':
      // One count more in the same bin always, in one block of each result, another each time.
      return bendOne(pick(blocks.length), 2);
    case 'sleeper':
      return nth < ASLEEP ? blocks : blocks.map((block) => bent(block, 2));
    case 'colluding':
      // All of the group say the same: where and what follows from the unit.
      return bendOne((card.firstEvent / card.events) % blocks.length, 3);
  }
}
