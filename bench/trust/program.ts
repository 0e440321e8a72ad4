import type { Release } from '../../protocol/release.ts';
import type { Block, Card } from '../../protocol/work-unit.ts';

/** A made-up program that is bit-exact and costs nothing, so that ten thousand hosts fit into minutes. */
export const BLOCKS_PER_UNIT = 50;
export const BLOCK_EVENTS = 10;

export const program: Omit<Release, 'programs'> = {
  application: 'made-up',
  version: '1',
  title: 'Made up',
  description: '',
  licence: 'none',
  args: [],
  parameters: { type: 'object' },
  histograms: [{ name: 'x', title: 'X', xLabel: '', yLabel: '', edges: [0, 1, 2, 3, 4], logY: false }],
  samples: [],
  limits: { memoryMb: 16, wallSeconds: 60, outputBytes: 1_000_000 },
  referenceMicrosecondsPerEvent: 1000,
};

export function blockOf(seed: number, firstEvent: number): Block {
  let mixed = Math.imul(seed ^ Math.imul(firstEvent + 1, 0x9e3779b1), 0x85ebca6b) >>> 0;
  const next = (below: number) => {
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 0;
    return mixed % below;
  };
  const bins = [next(10), next(10), next(10), next(10)];
  return {
    firstEvent,
    events: BLOCK_EVENTS,
    crossSection: { maximumPb: 2.5, attempted: BLOCK_EVENTS + next(20), accepted: BLOCK_EVENTS },
    histograms: { x: [0, ...bins, next(3)] },
  };
}

export function blocksOf({ seed, firstEvent, events }: Card): Block[] {
  return Array.from({ length: events / BLOCK_EVENTS }, (_, i) =>
    blockOf(seed, firstEvent + i * BLOCK_EVENTS),
  );
}

export function line(block: Block): string {
  return JSON.stringify(block);
}

/** One count more in a bin: right in form, and nothing that a look at a histogram shows. */
export function bent(block: Block, bin: number): Block {
  const x = (block.histograms.x ?? []).map((count, i) => (i === bin ? count + 1 : count));
  return { ...block, histograms: { x } };
}
