import { type ComputedRef, computed } from 'vue';

/** Computed, and the same object for as long as it holds the same: what is drawn from it is not drawn anew. */
export function useStable<T>(read: () => T): ComputedRef<T> {
  return computed((before?: T) => {
    const now = read();
    return before !== undefined && JSON.stringify(before) === JSON.stringify(now) ? before : now;
  });
}
