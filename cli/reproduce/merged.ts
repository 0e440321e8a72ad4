import { randomInt } from 'node:crypto';
import type { CampaignSpec } from '../../protocol/campaign.ts';
import { MergedPoint, type ProvenanceUnit } from '../../protocol/catalogue.ts';
import { chooseBlocks } from '../../server/validate/spot-check.ts';
import { type Api, ask } from '../api.ts';
import { provenanceUnits } from '../catalogue.ts';
import type { Difference } from './difference.ts';
import { heldSums } from './held.ts';
import { inLanes } from './lanes.ts';
import type { Program } from './program.ts';
import { PointSum } from './sum.ts';
import { type HeldUnit, reproduceUnit, type UnitComparison } from './unit.ts';

export interface MergedOptions {
  readonly api: Api;
  readonly program: Program;
  /** Only this one is compared where the sums are; null: all, and the cross-section. */
  readonly histogram: string | null;
  /** How many of the merged units are computed, chosen at random. */
  readonly share: (units: number) => number;
  /** Where not all units are computed: adds up the outputs that the project holds. */
  readonly addUp: boolean;
  readonly cores: number;
  readonly signal: AbortSignal;
  readonly onUnit: (comparison: UnitComparison, done: number, of: number) => void;
}

export interface PointComparison {
  readonly point: number;
  readonly parameters: CampaignSpec['parameters'];
  readonly unitsMerged: number;
  readonly eventsMerged: number;
  readonly eventsComputed: number;
  readonly units: readonly UnitComparison[];
  /** What is merged was compared with the sum of all units, as computed here or as the project holds them; or not at all. */
  readonly sum: 'computed' | 'held' | 'none';
  readonly differences: readonly Difference[];
  /** Units whose outputs the project holds no longer, so that they can not be added up. */
  readonly unitsLost: number;
  /** Where the units listed are not what is said to be merged, in words. */
  readonly gap: string | null;
}

/** Computes a point's merged units again: each is compared with what hosts gave, and their sum with what is merged. */
export async function reproducePoint(
  campaign: string,
  index: number,
  options: MergedOptions,
): Promise<PointComparison> {
  const { api, program, histogram, signal } = options;
  const path = `/campaigns/${encodeURIComponent(campaign)}/merged?point=${index}`;
  const merged = await ask(api, { path, schema: MergedPoint });
  // Units merged since then are left out: the sums do not have them yet.
  const listed = (await provenanceUnits(api, campaign, index)).filter((unit) => isWithin(unit, merged));
  const gap = gapOf(listed, merged);
  const chosen = choose(listed, options.share(listed.length));
  const sum = new PointSum(program.release.histograms);
  let [done, added] = [0, 0];
  const units = await inLanes(chosen, options.cores, async (unit) => {
    const { comparison, sums } = await reproduceUnit(api, program, heldUnit(unit, merged), signal);
    options.onUnit(comparison, ++done, chosen.length);
    if (sums) {
      sum.add(unit.events, sums);
      added++;
    }
    return comparison;
  });
  const isComputed = added === listed.length;
  const ofHeld = isComputed || !options.addUp ? null : await heldDifferences(listed, merged, options);
  return {
    point: index,
    parameters: merged.point.parameters,
    unitsMerged: merged.point.unitsValid,
    eventsMerged: merged.point.eventsValid,
    eventsComputed: units.reduce((events, { card }) => events + card.events, 0),
    units,
    sum: isComputed ? 'computed' : ofHeld ? 'held' : 'none',
    differences: isComputed ? sum.differences(merged.point, histogram) : (ofHeld?.differences ?? []),
    unitsLost: ofHeld?.unitsLost ?? 0,
    gap,
  };
}

/** Downloads side by side wait for the network, not for a core. */
const DOWNLOADS = 8;

/** What is merged beside the sum of the outputs that the project holds. */
async function heldDifferences(
  listed: readonly ProvenanceUnit[],
  merged: MergedPoint,
  { api, program, histogram, signal }: MergedOptions,
): Promise<Pick<PointComparison, 'differences' | 'unitsLost'>> {
  const sum = new PointSum(program.release.histograms);
  let unitsLost = 0;
  await inLanes(listed, DOWNLOADS, async (unit) => {
    const sums = await heldSums(api, program.release, heldUnit(unit, merged), signal);
    if (sums) sum.add(unit.events, sums);
    else unitsLost++;
  });
  // With some of them missing all would differ, which says nothing.
  return { unitsLost, differences: unitsLost > 0 ? [] : sum.differences(merged.point, histogram) };
}

function choose<T>(all: readonly T[], wanted: number): readonly T[] {
  if (all.length === 0 || wanted >= all.length) return all;
  return chooseBlocks(all.length, wanted / all.length, randomInt).flatMap((i) => all.slice(i, i + 1));
}

function isWithin({ firstEvent, events }: ProvenanceUnit, { ranges }: MergedPoint): boolean {
  return ranges.some(([from, to]) => firstEvent >= from && firstEvent + events <= to);
}

/** null: the units are all the events that are merged, each once. */
export function gapOf(
  units: readonly Pick<ProvenanceUnit, 'firstEvent' | 'events'>[],
  { point, ranges }: MergedPoint,
): string | null {
  const joined: [number, number][] = [];
  for (const { firstEvent, events } of units) {
    const last = joined.at(-1);
    if (last?.[1] === firstEvent) last[1] += events;
    else joined.push([firstEvent, firstEvent + events]);
  }
  const shown = (pairs: readonly (readonly [number, number])[]) =>
    pairs.map(([from, to]) => `${from}-${to - 1}`).join(', ') || 'none';
  const events = units.reduce((sum, unit) => sum + unit.events, 0);
  if (JSON.stringify(joined) !== JSON.stringify(ranges))
    return `merged are the events ${shown(ranges)}, but the units that are listed are ${shown(joined)}`;
  if (events !== point.eventsValid || units.length !== point.unitsValid)
    return `${point.eventsValid} events of ${point.unitsValid} units are said to be merged, but ${events} of ${units.length} units are listed`;
  return null;
}

function heldUnit(
  { unit, seed, firstEvent, events, results }: ProvenanceUnit,
  merged: MergedPoint,
): HeldUnit {
  const { blockEvents, point } = merged;
  return { unit, card: { seed, firstEvent, events, blockEvents, parameters: point.parameters }, results };
}
