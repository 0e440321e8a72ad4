import { computed, type Ref, ref } from 'vue';

/**
 * Which bar of a chart is read out: that under the pointer, else, while the chart has the focus, the one chosen by keys.
 * @param last index of the last bar
 * @param page bars that PageUp and PageDown pass
 */
export function useMark(last: Ref<number>, page: number) {
  const hovered = ref<number | null>(null);
  const chosen = ref(0);
  const focused = ref(false);
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowDown: -1,
    ArrowRight: 1,
    ArrowUp: 1,
    PageDown: -page,
    PageUp: page,
    Home: Number.NEGATIVE_INFINITY,
    End: Number.POSITIVE_INFINITY,
  };
  /** There may be fewer bars than when it was chosen. */
  const keyed = computed(() => Math.min(chosen.value, last.value));
  const marked = computed(() =>
    hovered.value === null ? (focused.value ? keyed.value : null) : Math.min(hovered.value, last.value),
  );

  function step(event: KeyboardEvent): void {
    const by = steps[event.key];
    if (by === undefined) return;
    event.preventDefault();
    hovered.value = null;
    chosen.value = Math.min(last.value, Math.max(0, chosen.value + by));
  }

  return { hovered, focused, keyed, marked, step };
}
