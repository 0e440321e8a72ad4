/** One figure. Where there is a goal, `goal` says it as people write it: "<= 1500" or ">= 1". */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string | null;
  /** What the value is a ratio to, or was measured beside. */
  readonly comparedWith: string | null;
}

export type Say = (line: string) => void;

/** A bench prints what it is doing through `say` and returns its figures; it cleans up after itself. */
export interface Bench {
  readonly name: string;
  run(say: Say): Promise<Measure[]>;
  /** What takes minutes, only on request: `--NAME` in place of the usual figures. */
  readonly long?: Readonly<Record<string, (say: Say) => Promise<Measure[]>>>;
}

/** The value below which the share q (0..1) of the sorted samples lies (nearest rank). */
export function quantile(samples: readonly number[], q: number): number {
  if (samples.length === 0) throw new Error('quantile of no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}
