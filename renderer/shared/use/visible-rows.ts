import { computed, onBeforeUnmount, onMounted, type Ref, ref, type ShallowRef } from 'vue';

/** Rows kept beside those in view, so that a quick scroll shows no gap. */
const BESIDE = 6;

/** Which rows of a long list with rows of one height are in view of its scrolling element. */
export function useVisibleRows(
  element: Readonly<ShallowRef<HTMLElement | null>>,
  count: () => number,
  rowHeight: () => number,
): Readonly<Ref<{ readonly from: number; readonly to: number }>> {
  const top = ref(0);
  const height = ref(0);
  const measure = () => {
    top.value = element.value?.scrollTop ?? 0;
    height.value = element.value?.clientHeight ?? 0;
  };
  const observer = new ResizeObserver(measure);
  onMounted(() => {
    measure();
    element.value?.addEventListener('scroll', measure, { passive: true });
    if (element.value) observer.observe(element.value);
  });
  onBeforeUnmount(() => observer.disconnect());
  return computed(() => ({
    from: Math.max(0, Math.floor(top.value / rowHeight()) - BESIDE),
    to: Math.min(count(), Math.ceil((top.value + height.value) / rowHeight()) + BESIDE),
  }));
}
