import { onScopeDispose, type Ref, ref } from 'vue';

/** The time, ms since the epoch, as it was at most so long ago, while the component lives. */
export function useNow(everyMs = 1000): Readonly<Ref<number>> {
  const now = ref(Date.now());
  const timer = setInterval(() => {
    now.value = Date.now();
  }, everyMs);
  onScopeDispose(() => clearInterval(timer));
  return now;
}
