import type { LiveCounts, LiveHistograms } from '../../protocol/engine-api.ts';
import type { HistogramAxis } from '../../protocol/release.ts';
import { AnyBlock } from '../../protocol/work-unit.ts';

/** Of which campaign and point a unit is, and what its blocks fill. */
export interface Filling {
  readonly project: string;
  readonly campaign: string;
  readonly campaignTitle: string;
  readonly parameters: LiveHistograms['parameters'];
  readonly axes: readonly HistogramAxis[];
  /** Measurements that go with the point. */
  readonly references: LiveHistograms['references'];
}

interface Sums {
  events: number;
  counts: Map<string, number[]>;
}

interface Point {
  readonly key: string;
  readonly filling: Filling;
  readonly finished: Sums;
  readonly running: Map<string, Sums>;
}

/** Points of a scan that keep their sums; the least recently begun goes first. */
const POINTS_KEPT = 16;

/**
 * What this host's units fill while they run: sums of the blocks they have written. A run that is thrown away takes
 * its blocks with it. Lines that are no blocks, or do not fit the release's axes, count for nothing.
 */
export class HistogramBook {
  /** By campaign and parameters; the last is the one begun last. */
  #points = new Map<string, Point>();
  #pointOf = new Map<string, Point>();

  begin(leaseId: string, filling: Filling): void {
    const key = `${filling.project} ${filling.campaign} ${canonical(filling.parameters)}`;
    const point = this.#points.get(key) ?? { key, filling, finished: emptySums(), running: new Map() };
    point.running.set(leaseId, emptySums());
    this.#points.delete(key);
    this.#points.set(key, point);
    this.#pointOf.set(leaseId, point);
    for (const [oldest, { running }] of this.#points) {
      if (this.#points.size <= POINTS_KEPT) break;
      if (running.size === 0) this.#points.delete(oldest);
    }
  }

  /** @returns whether the line counted */
  addLine(leaseId: string, line: string): boolean {
    const point = this.#pointOf.get(leaseId);
    const sums = point?.running.get(leaseId);
    const block = point && parseBlock(line, point.filling.axes);
    if (!sums || !block) return false;
    sums.events += block.events;
    for (const [name, counts] of Object.entries(block.histograms)) addCounts(sums.counts, name, counts);
    return true;
  }

  /** The run is void: broken, or begun again later. */
  drop(leaseId: string): void {
    this.#pointOf.get(leaseId)?.running.delete(leaseId);
    this.#pointOf.delete(leaseId);
  }

  /** What a run has filled so far; null where it has told nothing. */
  fillsOf(leaseId: string): { parameters: string; events: number; counts: Record<string, number[]> } | null {
    const point = this.#pointOf.get(leaseId);
    const sums = point?.running.get(leaseId);
    if (!point || !sums || sums.events === 0) return null;
    const parameters = canonical(point.filling.parameters);
    return { parameters, events: sums.events, counts: Object.fromEntries(sums.counts) };
  }

  /** The run has ended well: what it filled stays. */
  finish(leaseId: string): void {
    const point = this.#pointOf.get(leaseId);
    const sums = point?.running.get(leaseId);
    if (point && sums) {
      point.finished.events += sums.events;
      for (const [name, counts] of sums.counts) addCounts(point.finished.counts, name, counts);
    }
    this.drop(leaseId);
  }

  /** The point begun last; null before the first. */
  view(): { readonly histograms: LiveHistograms; readonly filled: LiveCounts } | null {
    const point = [...this.#points.values()].at(-1);
    if (!point) return null;
    const { key, filling } = point;
    const { campaign, campaignTitle, parameters, axes, references } = filling;
    const total = emptySums();
    for (const sums of [point.finished, ...point.running.values()]) {
      total.events += sums.events;
      for (const [name, counts] of sums.counts) addCounts(total.counts, name, counts);
    }
    const counts = Object.fromEntries(
      axes.map(({ name, edges }) => [name, total.counts.get(name) ?? new Array(edges.length + 1).fill(0)]),
    );
    return {
      histograms: { point: key, campaign, campaignTitle, parameters, axes: [...axes], references },
      filled: { point: key, events: total.events, counts },
    };
  }
}

function emptySums(): Sums {
  return { events: 0, counts: new Map() };
}

/** The block, without histograms that the release does not describe; null when it is none. */
function parseBlock(line: string, axes: readonly HistogramAxis[]): AnyBlock | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null; // a garbled line of the program; the server judges the file, this is only the picture
  }
  const parsed = AnyBlock.safeParse(json);
  if (!parsed.success) return null;
  const fits = ([name, counts]: [string, number[]]) =>
    axes.some((axis) => axis.name === name && counts.length === axis.edges.length + 1);
  return {
    ...parsed.data,
    histograms: Object.fromEntries(Object.entries(parsed.data.histograms).filter(fits)),
  };
}

function addCounts(into: Map<string, number[]>, name: string, counts: readonly number[]): void {
  const sum = into.get(name);
  if (!sum) into.set(name, [...counts]);
  else for (const [bin, count] of counts.entries()) sum[bin] = (sum[bin] ?? 0) + count;
}

/** JSON with sorted keys: two cards with the same parameters are one point. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
