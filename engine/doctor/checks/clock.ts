import { ProjectClient } from '../../project/index.ts';
import { type Check, ok, warning } from '../check.ts';

const TOLERATED_S = 300;

/** Deadlines are judged by the project's clock; a wrong one here only confuses the person. */
export const clock: Check = {
  name: 'clock',
  title: 'Clock',
  async run({ memberships, clock: here }) {
    if (memberships.length === 0) return ok('nothing to compare with before a project is joined');
    // Any of them will do; those that do not answer are told by the check of the projects.
    const offsets = await Promise.all(
      memberships.map(async ({ url }) => {
        const client = new ProjectClient({ url, token: null, clock: here, timeoutMs: 10_000 });
        const answers = await client.info().then(
          () => true,
          () => false,
        );
        return answers ? Math.round((here.now() - client.serverNow()) / 1000) : null;
      }),
    );
    const known = offsets.filter((seconds) => seconds !== null);
    const [offSeconds] = known.sort((a, b) => Math.abs(a) - Math.abs(b));
    if (offSeconds === undefined) return ok('not compared: no project answers');
    if (Math.abs(offSeconds) > TOLERATED_S)
      return warning(
        `this computer's clock is ${Math.abs(offSeconds)} s ${offSeconds > 0 ? 'ahead of' : 'behind'} the project's`,
        'Switch on automatic time in the system settings.',
      );
    return ok(`within ${Math.abs(offSeconds)} s of the project's`);
  },
};
