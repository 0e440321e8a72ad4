import type { EngineState } from '../../../protocol/engine-api.ts';

export interface CoreShares {
  readonly others: number;
  readonly ours: number;
  readonly free: number;
}

/** A core's shares, made to fit: samples of two clocks may add up to a little over one. */
export function shares(core: EngineState['cores'][number]): CoreShares {
  const others = Math.min(1, Math.max(0, core.others));
  const ours = Math.min(1 - others, Math.max(0, core.ours));
  return { others, ours, free: 1 - others - ours };
}

/** Sums over all cores, in cores. */
export function totals(cores: EngineState['cores']): CoreShares {
  return cores.map(shares).reduce(
    (sum, core) => ({
      others: sum.others + core.others,
      ours: sum.ours + core.ours,
      free: sum.free + core.free,
    }),
    { others: 0, ours: 0, free: 0 },
  );
}
