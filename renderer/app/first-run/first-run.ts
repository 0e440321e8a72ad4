import { defineStore } from 'pinia';
import { ref } from 'vue';

const KEY = 'beamtime.first-run';

/** Whether the three steps of the first run are shown: until a project is joined or the person has gone past them. */
export const useFirstRun = defineStore('first-run', () => {
  const done = ref(recall());
  /** Once begun here, the last step is shown though a project is joined by then. */
  const begun = ref(false);

  function finish(): void {
    done.value = true;
    try {
      localStorage.setItem(KEY, 'done');
    } catch {
      // Storage is switched off: a joined project says the same next time.
    }
  }

  return { begun, finish, shown: (projects: number) => !done.value && (begun.value || projects === 0) };
});

function recall(): boolean {
  try {
    return localStorage.getItem(KEY) === 'done';
  } catch {
    return false;
  }
}
