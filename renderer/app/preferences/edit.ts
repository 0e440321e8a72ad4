import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Preferences } from '../../../protocol/preferences.ts';
import { useConnection } from '../../shared/stores/connection.ts';
import { usePreferences } from '../../shared/stores/resources.ts';

/** As many steps back as anybody remembers having made. */
const UNDO_KEPT = 50;

/**
 * Changes of the preferences: shown at once, sent at once, one after another; what the engine refuses is taken back and
 * said. Each can be undone.
 */
export const usePreferenceEdit = defineStore('preference-edit', () => {
  const connection = useConnection();
  const stored = usePreferences();
  const wanted = shallowRef<Preferences | null>(null);
  const problem = ref('');
  const undone = ref(false);
  const steps = shallowRef<readonly Preferences[]>([]);
  const now = computed(() => wanted.value ?? stored.value);
  const saving = computed(() => wanted.value !== null);
  let queue: Promise<unknown> = Promise.resolve();

  function send(next: Preferences): Promise<void> {
    wanted.value = next;
    problem.value = '';
    const sent = queue.then(async () => {
      try {
        stored.put(await connection.ask((engine) => engine.setPreferences(next)));
      } catch (error) {
        problem.value = error instanceof Error ? error.message : String(error);
      }
      // A later change may be under way already; then that one is shown.
      if (wanted.value === next) wanted.value = null;
    });
    queue = sent;
    return sent;
  }

  async function change(part: Partial<Preferences>): Promise<void> {
    const before = now.value;
    if (!before || !connection.live) return;
    const next = { ...before, ...part };
    if (JSON.stringify(next) === JSON.stringify(before)) return;
    steps.value = [...steps.value.slice(1 - UNDO_KEPT), before];
    undone.value = false;
    await send(next);
  }

  async function undo(): Promise<void> {
    const before = steps.value.at(-1);
    if (!before || !connection.live) return;
    steps.value = steps.value.slice(0, -1);
    undone.value = true;
    await send(before);
  }

  return { now, saving, problem, undone, canUndo: computed(() => steps.value.length > 0), change, undo };
});
