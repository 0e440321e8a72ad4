import type { JoinPreview } from '../../protocol/engine-api.ts';
import type { HostRegistration, ProjectInfo } from '../../protocol/project-api.ts';
import type { ProjectClient } from './client.ts';
import { KeyMismatch, ProjectRefused } from './errors.ts';
import type { Invitation } from './invitation.ts';
import type { Joined, Membership } from './membership.ts';
import { keyFingerprint, masterKeyFingerprint } from './signatures.ts';

type Connect = (url: string, token: string | null) => ProjectClient;

/**
 * Checks that the server shows the keys the invitation promised, then registers this host. A membership of
 * the same project is kept where its token still holds, so that joining twice makes no second host.
 * @throws KeyMismatch, ProjectUnreachable, ProjectRefused, ProjectBadAnswer
 */
export async function joinProject(
  invitation: Invitation,
  registration: HostRegistration,
  known: Membership | undefined,
  connect: Connect,
): Promise<Joined> {
  const client = connect(invitation.url, null);
  const info = await checkedInfo(invitation, client);
  const project = {
    url: invitation.url,
    name: info.name,
    description: info.description,
    publicKey: info.publicKey,
    keyFingerprint: invitation.keyFingerprint,
    software: softwareOf(invitation, info),
  };
  if (known && (await tokenHolds(connect(invitation.url, known.token)))) {
    return { ...project, hostId: known.hostId, token: known.token };
  }
  const code = invitation.code === null ? {} : { invitation: invitation.code };
  return { ...project, ...(await client.register({ ...registration, ...code })) };
}

/** A list that nobody reads to its end is no help to decide. */
const CAMPAIGNS_SHOWN = 50;

/**
 * What joining would mean; nothing is registered anywhere.
 * @throws as joinProject
 */
export async function previewProject(
  invitation: Invitation,
  isJoined: boolean,
  connect: Connect,
): Promise<JoinPreview> {
  const client = connect(invitation.url, null);
  const { name, description } = await checkedInfo(invitation, client);
  const { campaigns } = await client.campaigns();
  const invitedTo = invitation.code === null ? null : await client.invitedTo(invitation.code);
  const open = campaigns
    .filter(({ state, name: one }) => state === 'running' && (invitedTo?.campaigns?.includes(one) ?? true))
    .slice(0, CAMPAIGNS_SHOWN);
  return {
    ...{ name, description, url: invitation.url, keyFingerprint: invitation.keyFingerprint },
    joined: isJoined,
    ...(invitedTo ? { invitedTo } : {}),
    campaigns: open.map(({ title, application, version }) => ({ title, application, version })),
  };
}

async function checkedInfo(invitation: Invitation, client: ProjectClient): Promise<ProjectInfo> {
  const { url, keyFingerprint: promised } = invitation;
  const info = await client.info();
  if (keyFingerprint(info.publicKey) !== promised) throw notTheKey(url, 'the key', promised);
  const { softwareFingerprint: master } = invitation;
  if (master !== null && masterKeyFingerprint(info.software?.masterKey ?? '') !== master)
    throw notTheKey(url, 'the master key of its software', master);
  return info;
}

function notTheKey(url: string, key: string, promised: string): KeyMismatch {
  return new KeyMismatch(
    `the server at ${url} does not have ${key} of the invitation (${promised}); it may be an impostor, or the invitation is old. Ask the project for a new one`,
  );
}

/** What the server says of its repository, where the invitation vouches for it. */
function softwareOf({ softwareFingerprint }: Invitation, { software }: ProjectInfo): Membership['software'] {
  if (softwareFingerprint === null || !software) return null;
  const { repository, masterKey } = software;
  return { repository, masterKey };
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
