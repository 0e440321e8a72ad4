import { onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import { CALM_MS, everyCalmBeat } from './pace.ts';

export interface RateSample {
  readonly at: number;
  readonly perSecond: number;
}

const SAMPLE_MS = 6000;
const KEPT_MS = 180_000;
/** What is told a little early is of the beat all the same. */
const EARLY_MS = 1000;

/**
 * The last three minutes of a rate, about evenly. A sample is taken when the engine tells something, so that it is drawn
 * with what was told and not in a frame of its own; and on the calm beat where the engine is silent, as nothing changes.
 * @param read the rate, null while there is none
 * @param at when it was told last
 */
export function useRateHistory(
  read: () => number | null,
  at: () => number,
): Readonly<Ref<readonly RateSample[]>> {
  const samples = shallowRef<readonly RateSample[]>([]);
  const sample = (after: number) => {
    const now = Date.now();
    const perSecond = read();
    if (perSecond === null || now - (samples.value.at(-1)?.at ?? 0) < after) return;
    samples.value = [...samples.value.filter((one) => one.at > now - KEPT_MS), { at: now, perSecond }];
  };
  watch(at, () => sample(SAMPLE_MS - EARLY_MS), { immediate: true });
  onScopeDispose(everyCalmBeat(() => sample(CALM_MS + EARLY_MS)));
  return samples;
}
