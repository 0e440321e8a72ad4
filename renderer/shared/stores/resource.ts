import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { EngineResource, EngineState } from '../../../protocol/engine-api.ts';

/** A store that mirrors one resource of the engine; null until the first snapshot. Only connection.ts sets it. */
export function defineResource<K extends EngineResource>(key: K) {
  return defineStore(key, () => {
    const value = shallowRef<EngineState[K] | null>(null);
    /** When it last came from the engine, ms since the epoch; 0: never. */
    const at = shallowRef(0);
    function put(next: EngineState[K]): void {
      value.value = next;
      at.value = Date.now();
    }
    return { value, at, put };
  });
}
