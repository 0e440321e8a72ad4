import { ProjectClient } from '../../project/index.ts';
import { type Check, ok, warning } from '../check.ts';

const TOLERATED_S = 300;

/** Deadlines are judged by the project's clock; a wrong one here only confuses the person. */
export const clock: Check = {
  name: 'clock',
  title: 'Clock',
  async run({ membership, clock: here }) {
    if (!membership) return ok('nothing to compare with before a project is joined');
    const client = new ProjectClient({ url: membership.url, token: null, clock: here, timeoutMs: 10_000 });
    try {
      await client.info();
    } catch {
      return ok('not compared: the project does not answer'); // told by the check of the project
    }
    const offSeconds = Math.round((here.now() - client.serverNow()) / 1000);
    if (Math.abs(offSeconds) > TOLERATED_S)
      return warning(
        `this computer's clock is ${Math.abs(offSeconds)} s ${offSeconds > 0 ? 'ahead of' : 'behind'} the project's`,
        'Switch on automatic time in the system settings.',
      );
    return ok(`within ${Math.abs(offSeconds)} s of the project's`);
  },
};
