import { type Ref, ref } from 'vue';

/** Something a person starts and that may be refused: at most one at a time, and its problem is kept to be shown. */
export function useAction(): {
  readonly asking: Readonly<Ref<boolean>>;
  readonly problem: Ref<string>;
  /** @returns whether it went well */
  run(action: () => Promise<unknown>): Promise<boolean>;
} {
  const asking = ref(false);
  const problem = ref('');
  async function run(action: () => Promise<unknown>): Promise<boolean> {
    if (asking.value) return false;
    asking.value = true;
    problem.value = '';
    try {
      await action();
      return true;
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
      return false;
    } finally {
      asking.value = false;
    }
  }
  return { asking, problem, run };
}
