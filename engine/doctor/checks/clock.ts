import { type Check, ok, warning } from '../check.ts';

const TOLERATED_S = 300;

/** Deadlines are judged by the project's clock; a wrong one here only confuses the person. */
export const clock: Check = {
  name: 'clock',
  title: 'Clock',
  async run({ membership, clock: here }) {
    if (!membership) return ok('nothing to compare with before a project is joined');
    let date: string | null;
    try {
      const answer = await fetch(`${membership.url}/api/v1/health`, { signal: AbortSignal.timeout(10_000) });
      date = answer.headers.get('date');
    } catch {
      return ok('not compared: the project does not answer'); // told by the check of the project
    }
    if (date === null) return ok('not compared: the project does not tell its time');
    const offSeconds = Math.round((here.now() - Date.parse(date)) / 1000);
    if (Math.abs(offSeconds) > TOLERATED_S)
      return warning(
        `this computer's clock is ${Math.abs(offSeconds)} s ${offSeconds > 0 ? 'ahead of' : 'behind'} the project's`,
        'Switch on automatic time in the system settings.',
      );
    return ok(`within ${Math.abs(offSeconds)} s of the project's`);
  },
};
