import { onMounted, onScopeDispose, type Ref, ref, type ShallowRef, shallowRef } from 'vue';

export interface Polled<T> {
  readonly value: Readonly<ShallowRef<T | null>>;
  /** What is shown is what was said last. */
  readonly lost: Readonly<Ref<boolean>>;
  /** Looks at once. */
  look(): Promise<void>;
}

/** Something that is asked for again and again while the component lives and somebody looks. */
export function usePolled<T>(read: () => Promise<T>, everyMs: number): Polled<T> {
  const value = shallowRef<T | null>(null);
  const lost = ref(false);
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function look(): Promise<void> {
    clearTimeout(timer);
    if (!document.hidden) {
      const now = await read().catch(() => null);
      lost.value = now === null;
      value.value = now ?? value.value;
    }
    clearTimeout(timer);
    if (!isOver) timer = setTimeout(() => void look(), everyMs);
  }
  onMounted(() => void look());
  onScopeDispose(() => {
    isOver = true;
    clearTimeout(timer);
  });
  return { value, lost, look };
}
