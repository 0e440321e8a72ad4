import { reactive } from 'vue';
import { Refused } from './api.ts';

/** Something the person has asked for: whether it is being done, and what came of it. */
export interface Task {
  busy: boolean;
  said: string;
  problem: string;
  /** The project wants to see first that it is still the same person. */
  signInAgain: boolean;
  /** Does it unless it is being done already. @returns whether it was done */
  run(work: () => Promise<string | undefined>): Promise<boolean>;
}

export function useTask(): Task {
  const task: Task = reactive({
    busy: false,
    said: '',
    problem: '',
    signInAgain: false,
    async run(work: () => Promise<string | undefined>): Promise<boolean> {
      if (task.busy) return false;
      Object.assign(task, { busy: true, said: '', problem: '', signInAgain: false });
      try {
        task.said = (await work()) ?? '';
        return true;
      } catch (error) {
        // What a browser says when a person thinks better of a passkey is an Error as well.
        if (!(error instanceof Error)) throw error;
        task.problem = error.message;
        task.signInAgain = error instanceof Refused && error.code === 'sign-in-again';
        return false;
      } finally {
        task.busy = false;
      }
    },
  });
  return task;
}
