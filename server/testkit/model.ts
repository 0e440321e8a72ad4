import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { Release } from '../../protocol/release.ts';
import type { Card } from '../../protocol/work-unit.ts';
import type { Files } from './client.ts';

/**
 * A made-up application: two histograms, and outputs that are a simple function of the card. For tests that are about
 * the project and not about a program; those of spot checks run the real one.
 */
export const modelRelease: Omit<Release, 'programs'> = {
  application: 'model',
  version: '1',
  title: 'Model',
  description: '',
  licence: 'none',
  args: [],
  parameters: { type: 'object' },
  histograms: [
    { name: 'a', title: 'A', xLabel: '', yLabel: '', edges: [0, 1, 2], logY: false },
    { name: 'b', title: 'B', xLabel: '', yLabel: '', edges: [0, 1], logY: false },
  ],
  samples: [],
  limits: { memoryMb: 16, wallSeconds: 120, outputBytes: 1_000_000 },
  referenceMicrosecondsPerEvent: 2.5,
};

export const modelPrograms = { 'x86_64-linux': Buffer.from('a program, by name only') };

export function modelCampaign(name: string, change: Partial<CampaignSpec> = {}): Partial<CampaignSpec> {
  return {
    kind: 'campaign',
    name,
    title: name,
    application: 'model',
    version: '1',
    events: 1000,
    eventsPerUnit: 100,
    blockEvents: 50,
    validation: { quorum: 1 },
    ...change,
  };
}

interface ModelBlock {
  readonly firstEvent: number;
  readonly events: number;
  readonly crossSection: {
    readonly maximumPb: number;
    readonly attempted: number;
    readonly accepted: number;
  };
  readonly histograms: { readonly a: readonly number[]; readonly b: readonly number[] };
}

/** Counts depend on the event numbers, so that a unit counted twice or not at all shows in the sum. */
export function modelBlocks({ seed, firstEvent, events, blockEvents }: Card): ModelBlock[] {
  const blocks: ModelBlock[] = [];
  for (let first = firstEvent; first < firstEvent + events; first += blockEvents) {
    const n = Math.min(blockEvents, firstEvent + events - first);
    const mark = (first * 7919 + seed) % 1009;
    blocks.push({
      firstEvent: first,
      events: n,
      crossSection: { maximumPb: 2.5, attempted: n + (mark % 50), accepted: n },
      histograms: { a: [0, n, mark, 1], b: [mark % 7, first % 1000, 3] },
    });
  }
  return blocks;
}

export function modelOutput(card: Card): Files {
  return {
    'blocks.jsonl': modelBlocks(card)
      .map((block) => `${JSON.stringify(block)}\n`)
      .join(''),
  };
}

/** What a campaign's point must hold once all of these cards are merged. */
export function modelSums(cards: readonly Card[]) {
  const sums = {
    crossSection: { maximumPb: 2.5, attempted: 0, accepted: 0 },
    histograms: { a: [0, 0, 0, 0], b: [0, 0, 0] },
  };
  for (const { crossSection, histograms } of cards.flatMap(modelBlocks)) {
    sums.crossSection.attempted += crossSection.attempted;
    sums.crossSection.accepted += crossSection.accepted;
    sums.histograms.a = sums.histograms.a.map((count, i) => count + (histograms.a[i] ?? 0));
    sums.histograms.b = sums.histograms.b.map((count, i) => count + (histograms.b[i] ?? 0));
  }
  return sums;
}
