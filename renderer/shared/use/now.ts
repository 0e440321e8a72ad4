import { onScopeDispose, type Ref, ref } from 'vue';

/** The time, ms since the epoch, once a second while the component lives. */
export function useNow(): Readonly<Ref<number>> {
  const now = ref(Date.now());
  const timer = setInterval(() => {
    now.value = Date.now();
  }, 1000);
  onScopeDispose(() => clearInterval(timer));
  return now;
}
