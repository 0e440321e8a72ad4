import { onScopeDispose, type Ref, shallowRef } from 'vue';
import { CALM_MS, everyCalmBeat } from './pace.ts';

export interface RateSample {
  readonly at: number;
  readonly perSecond: number;
}

const KEPT = 180_000 / CALM_MS;

/** The last three minutes of a rate, sampled evenly whether or not it changes; missing while there is none. */
export function useRateHistory(read: () => number | null): Readonly<Ref<readonly RateSample[]>> {
  const samples = shallowRef<readonly RateSample[]>([]);
  const sample = () => {
    const perSecond = read();
    if (perSecond !== null) samples.value = [...samples.value.slice(1 - KEPT), { at: Date.now(), perSecond }];
  };
  sample();
  onScopeDispose(everyCalmBeat(sample));
  return samples;
}
