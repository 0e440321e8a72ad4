import type { Clock } from '../../clock.ts';
import { type Membership, ProjectClient } from '../../project/index.ts';
import { type Check, type Finding, ok, problem, warning } from '../check.ts';

const SEVERITY = { ok: 0, warning: 1, problem: 2 } as const;

export const project: Check = {
  name: 'project',
  title: 'Projects',
  async run({ memberships, clock }) {
    if (memberships.length === 0)
      return warning(
        'no project is joined',
        'Join one: beamtime join INVITATION, or paste it into the page.',
      );
    const findings = await Promise.all(memberships.map((membership) => look(membership, clock)));
    const [worst = ok('')] = findings.sort((a, b) => SEVERITY[b.state] - SEVERITY[a.state]);
    return { ...worst, detail: findings.map(({ detail }) => detail).join('; ') };
  },
};

async function look(membership: Membership, clock: Clock): Promise<Finding> {
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
      'retry',
    );
  }
}
