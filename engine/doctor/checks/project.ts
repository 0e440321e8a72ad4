import { ProjectClient } from '../../project/index.ts';
import { type Check, ok, problem, warning } from '../check.ts';

export const project: Check = {
  name: 'project',
  title: 'Project',
  async run({ membership, clock }) {
    if (!membership)
      return warning(
        'no project is joined',
        'Join one: beamtime join INVITATION, or paste it into the page.',
      );
    const client = new ProjectClient({ url: membership.url, token: null, clock, timeoutMs: 10_000 });
    try {
      const info = await client.info();
      if (info.keyFingerprint !== membership.keyFingerprint)
        return problem(
          `${membership.url} shows the key ${info.keyFingerprint}, not ${membership.keyFingerprint} as when it was joined`,
          'Somebody else may answer at that address. Ask the project for a new invitation; nothing of theirs runs until then.',
        );
      return ok(`${info.name} answers at ${membership.url}`);
    } catch (error) {
      return warning(
        `${membership.name} at ${membership.url} does not answer: ${error instanceof Error ? error.message : error}`,
        'Work in hand goes on and is reported later. Check the network if this lasts.',
      );
    }
  },
};
