import type { MergedPoint } from '../../protocol/catalogue.ts';
import type { HistogramAxis } from '../../protocol/release.ts';
import { Block } from '../../protocol/work-unit.ts';

/** One number that the project holds, and what it is when computed again. */
export interface Difference {
  /** "histogram thrust, bin 3 [0.04, 0.06)" */
  readonly what: string;
  /** null: it is no count of a histogram. */
  readonly histogram: string | null;
  /** As in the counts: 0 is the underflow. */
  readonly bin: number | null;
  readonly held: number | null;
  readonly computed: number | null;
}

/** What blocks and merged points have in common. */
export interface CountedSums {
  readonly crossSection: MergedPoint['point']['crossSection'];
  readonly histograms: Readonly<Record<string, readonly number[]>>;
}

/** @param only this histogram; null: all, and the cross-section */
export function sumDifferences(
  held: CountedSums,
  computed: CountedSums,
  axes: readonly HistogramAxis[],
  only: string | null = null,
): Difference[] {
  const found: Difference[] = [];
  const note = (
    place: Pick<Difference, 'what' | 'histogram' | 'bin'>,
    a: number | undefined,
    b: number | undefined,
  ) => {
    if (a !== b) found.push({ ...place, held: a ?? null, computed: b ?? null });
  };
  if (only === null) {
    for (const name of ['maximumPb', 'attempted', 'accepted'] as const) {
      const place = { what: `cross-section, ${name}`, histogram: null, bin: null };
      note(place, held.crossSection?.[name], computed.crossSection?.[name]);
    }
  }
  for (const axis of axes) {
    if (only !== null && axis.name !== only) continue;
    const [ours, theirs] = [computed.histograms[axis.name] ?? [], held.histograms[axis.name] ?? []];
    for (let bin = 0; bin < Math.max(ours.length, theirs.length); bin++) {
      const what = `histogram ${axis.name}, ${binName(axis, bin)}`;
      note({ what, histogram: axis.name, bin }, theirs[bin], ours[bin]);
    }
  }
  return found;
}

export function binName({ edges, binLabels }: HistogramAxis, bin: number): string {
  if (bin === 0) return 'underflow';
  const [low, high] = [edges[bin - 1], edges[bin]];
  if (low === undefined) return `count ${bin}`;
  if (high === undefined) return 'overflow';
  const label = binLabels?.[bin - 1];
  return `bin ${bin} [${low}, ${high})${label === undefined ? '' : ` "${label}"`}`;
}

export interface BlockDifference {
  /** Of the first block that differs, counted from 1. */
  readonly block: number;
  readonly blocksDiffering: number;
  /** In that block; empty where the numbers are the same and only the text is not. */
  readonly differences: readonly Difference[];
}

/** Where two files of blocks differ; null where they are the same. */
export function blockDifference(
  held: string,
  computed: string,
  axes: readonly HistogramAxis[],
): BlockDifference | null {
  const [theirs, ours] = [held.split('\n'), computed.split('\n')];
  const differing = Array.from({ length: Math.max(theirs.length, ours.length) }, (_, i) => i).filter(
    (i) => theirs[i] !== ours[i],
  );
  const [first] = differing;
  if (first === undefined) return null;
  const [a, b] = [readBlock(theirs[first]), readBlock(ours[first])];
  const differences = a && b ? sumDifferences(a, b, axes) : [];
  return { block: first + 1, blocksDiffering: differing.length, differences };
}

/** null: that line is missing, or no block. */
function readBlock(line: string | undefined): Block | null {
  try {
    return Block.parse(JSON.parse(line ?? ''));
  } catch {
    return null; // told as what it is: another text
  }
}
