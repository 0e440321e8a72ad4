import { ProjectClient } from '../../project/index.ts';
import { advise, type Check, found, ok, warning } from '../check.ts';

const TOLERATED_S = 300;

/** Deadlines are judged by the project's clock; a wrong one here only confuses the person. */
export const clock: Check = {
  name: 'clock',
  title: 'Clock',
  async run({ memberships, clock: here }) {
    if (memberships.length === 0) return ok(found('clock-alone'));
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
    if (offSeconds === undefined) return ok(found('clock-unanswered'));
    const seconds = Math.abs(offSeconds);
    if (seconds > TOLERATED_S)
      return warning(
        found(offSeconds > 0 ? 'clock-ahead' : 'clock-behind', { seconds }),
        advise('set-clock'),
      );
    return ok(found('clock-right', { seconds }));
  },
};
