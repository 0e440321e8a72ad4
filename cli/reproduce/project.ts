import { ProjectError } from '../../engine/project/errors.ts';
import { type Invitation, parseInvitation } from '../../engine/project/invitation.ts';
import { keyFingerprint, masterKeyFingerprint } from '../../engine/project/signatures.ts';
import type { Member } from '../../engine/software/software.ts';
import { ProjectInfo } from '../../protocol/project-api.ts';
import type { ProjectSoftware } from '../../protocol/software.ts';
import { type Api, ask } from '../api.ts';
import type { Input } from '../command.ts';
import { findProject } from '../endpoints.ts';
import { RefusedError, UsageError } from '../errors.ts';

/** A project, and by which keys it is believed. */
export interface BelievedProject {
  readonly api: Api;
  readonly name: string;
  /** Base64 of the raw 32 bytes; documents must be signed by it. */
  readonly publicKey: string;
  readonly keyFingerprint: string;
  readonly software: ProjectSoftware;
  /** Whether an invitation names these keys; else only the project itself says that they are its own. */
  readonly isInvited: boolean;
}

/** The project that the command line means, its keys compared with those of the invitation where one is given. */
export async function believedProject(input: Input): Promise<BelievedProject> {
  const text = input.text('invitation');
  const invitation = text === undefined ? null : invited(text);
  const api = await apiOf(input, invitation);
  const { name, publicKey, software } = await ask(api, { path: '/project', schema: ProjectInfo });
  if (!software)
    throw new RefusedError(
      `the server at ${api.url} is of a time before there was a repository of software; update it`,
    );
  const fingerprint = fingerprints(publicKey, software);
  if (invitation) {
    const wrong = (what: string) =>
      new RefusedError(
        `the server at ${api.url} does not have ${what} that the invitation names; it may be an impostor`,
      );
    if (fingerprint.key !== invitation.keyFingerprint) throw wrong('the key');
    if (fingerprint.master !== invitation.softwareFingerprint) throw wrong('the master key of the software');
  }
  return { api, name, publicKey, keyFingerprint: fingerprint.key, software, isInvited: invitation !== null };
}

/** @throws UsageError */
function invited(text: string): Invitation {
  try {
    const invitation = parseInvitation(text);
    if (invitation.softwareFingerprint !== null) return invitation;
  } catch (cause) {
    if (cause instanceof ProjectError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
  throw new UsageError(
    'this invitation does not name the key of the project’s software ("software="); ask for a new one',
  );
}

async function apiOf(input: Input, invitation: Invitation | null): Promise<Api> {
  if (!invitation || input.text('url') !== undefined) return findProject(input);
  return { who: 'the project server', url: invitation.url, remedy: 'check the invitation' };
}

function fingerprints(publicKey: string, software: ProjectSoftware): { key: string; master: string } {
  try {
    return { key: keyFingerprint(publicKey), master: masterKeyFingerprint(software.masterKey) };
  } catch (cause) {
    if (cause instanceof ProjectError) throw new RefusedError(cause.message, { cause });
    throw cause;
  }
}

export function memberOf({ api, name, keyFingerprint: key, software }: BelievedProject): Member {
  const { repository, masterKey } = software;
  return { url: api.url, name, keyFingerprint: key, software: { repository, masterKey } };
}
