import type { Clock } from '../../clock.ts';
import { type Membership, ProjectClient } from '../../project/index.ts';
import { advise, type Check, type Finding, found, ok, problem, reasonOf, warning } from '../check.ts';

const SEVERITY = { ok: 0, warning: 1, problem: 2 } as const;

export const project: Check = {
  name: 'project',
  title: 'Projects',
  async run({ memberships, clock }) {
    if (memberships.length === 0) return warning(found('project-none'), advise('join'));
    const findings = await Promise.all(memberships.map((membership) => look(membership, clock)));
    const [worst = ok([])] = findings.sort((a, b) => SEVERITY[b.state] - SEVERITY[a.state]);
    return { ...worst, findings: findings.flatMap((one) => one.findings) };
  },
};

async function look(membership: Membership, clock: Clock): Promise<Finding> {
  const client = new ProjectClient({ url: membership.url, token: null, clock, timeoutMs: 10_000 });
  try {
    const info = await client.info();
    if (info.keyFingerprint !== membership.keyFingerprint)
      return problem(
        found('project-other-key', {
          url: membership.url,
          shown: info.keyFingerprint,
          known: membership.keyFingerprint,
        }),
        advise('new-invitation'),
      );
    return ok(found('project-answers', { name: info.name, url: membership.url }));
  } catch (error) {
    return warning(
      found('project-silent', { name: membership.name, url: membership.url, error: reasonOf(error) }),
      advise('project-waits'),
      'retry',
    );
  }
}
