import type { HostRegistration } from '../../protocol/project-api.ts';
import type { ProjectClient } from './client.ts';
import { KeyMismatch, ProjectRefused } from './errors.ts';
import type { Invitation } from './invitation.ts';
import type { Joined, Membership } from './membership.ts';
import { keyFingerprint } from './signatures.ts';

/**
 * Checks that the server shows the key the invitation promised, then registers this host. A membership of
 * the same project is kept where its token still holds, so that joining twice makes no second host.
 * @throws KeyMismatch, ProjectUnreachable, ProjectRefused, ProjectBadAnswer
 */
export async function joinProject(
  invitation: Invitation,
  registration: HostRegistration,
  known: Membership | undefined,
  connect: (url: string, token: string | null) => ProjectClient,
): Promise<Joined> {
  const client = connect(invitation.url, null);
  const info = await client.info();
  if (keyFingerprint(info.publicKey) !== invitation.keyFingerprint) {
    throw new KeyMismatch(
      `the server at ${invitation.url} does not have the key of the invitation (${invitation.keyFingerprint}); it may be an impostor, or the invitation is old. Ask the project for a new one`,
    );
  }
  const project = {
    url: invitation.url,
    name: info.name,
    description: info.description,
    publicKey: info.publicKey,
    keyFingerprint: invitation.keyFingerprint,
  };
  if (known && (await tokenHolds(connect(invitation.url, known.token)))) {
    return { ...project, hostId: known.hostId, token: known.token };
  }
  return { ...project, ...(await client.register(registration)) };
}

async function tokenHolds(client: ProjectClient): Promise<boolean> {
  try {
    await client.standing();
    return true;
  } catch (error) {
    if (error instanceof ProjectRefused && (error.status === 401 || error.status === 403)) return false;
    throw error;
  }
}
