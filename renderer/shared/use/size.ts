import { onBeforeUnmount, onMounted, type Ref, ref, type ShallowRef } from 'vue';

/** An element's inner width and the size of 1 rem, both in pixels, kept true as either changes. */
export function useSize(element: Readonly<ShallowRef<HTMLElement | null>>): {
  width: Readonly<Ref<number>>;
  rem: Readonly<Ref<number>>;
} {
  const width = ref(0);
  const rem = ref(16);
  const measure = () => {
    rem.value = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    width.value = element.value?.clientWidth ?? 0;
  };
  const observer = new ResizeObserver(measure);
  onMounted(() => {
    measure();
    if (element.value) observer.observe(element.value);
  });
  onBeforeUnmount(() => observer.disconnect());
  return { width, rem };
}
