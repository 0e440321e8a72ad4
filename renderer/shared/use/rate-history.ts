import { onScopeDispose, type Ref, shallowRef } from 'vue';

export interface RateSample {
  readonly at: number;
  readonly perSecond: number;
}

const EVERY_MS = 2000;
const KEPT = 90;

/** The last three minutes of a rate, sampled evenly whether or not it changes; missing while there is none. */
export function useRateHistory(read: () => number | null): Readonly<Ref<readonly RateSample[]>> {
  const samples = shallowRef<readonly RateSample[]>([]);
  const sample = () => {
    const perSecond = read();
    if (perSecond !== null) samples.value = [...samples.value.slice(1 - KEPT), { at: Date.now(), perSecond }];
  };
  sample();
  const timer = setInterval(sample, EVERY_MS);
  onScopeDispose(() => clearInterval(timer));
  return samples;
}
