import { z } from 'zod';
import { InvitationCode } from '../../protocol/invitation.ts';
import { InvitationError } from './errors.ts';

/** Where a project is and which key it must show. */
export interface Invitation {
  /** http or https, without a trailing slash, query or fragment. */
  readonly url: string;
  /** 32 lower-case hexadecimal digits: ProjectInfo.keyFingerprint. */
  readonly keyFingerprint: string;
  /** ProjectSoftware.masterKeyFingerprint; null: an invitation of a time without, or the project has no repository. */
  readonly softwareFingerprint: string | null;
  /** Of an invitation with limits (protocol/invitation.ts); null: without. */
  readonly code: string | null;
}

/** More may stand there in times to come. */
const InvitationFile = z.looseObject({ invitation: z.string() });

const HOW =
  'an invitation looks like beamtime://join?url=https%3A%2F%2Fproject.example&key=0123... or https://project.example/#key=0123...';

/**
 * Reads an invitation as a person pastes it, or as a .beamtime file holds it: one line, or JSON {"invitation": "..."}.
 * @throws InvitationError naming the part that is wrong
 */
export function parseInvitation(text: string): Invitation {
  const trimmed = fromFile(text.replace(/^\uFEFF/, '').trim());
  if (trimmed === '') throw new InvitationError('invitation', `the invitation is empty; ${HOW}`);
  const outer = parseUrl(trimmed, 'invitation', HOW);
  if (outer.protocol === 'beamtime:') {
    // "beamtime://join" has join as its host; some desktops hand over "beamtime:join" or "beamtime://join/".
    const action = outer.host || outer.pathname.replaceAll('/', '');
    if (action !== 'join') {
      throw new InvitationError('invitation', `"${clip(action)}" is not something to do here; ${HOW}`);
    }
    const url = outer.searchParams.get('url');
    if (!url) throw new InvitationError('url', `the invitation names no project address ("url="); ${HOW}`);
    return {
      url: checkedAddress(parseUrl(url, 'url', 'write it as https://project.example')),
      ...fingerprints(outer.searchParams),
    };
  }
  if (outer.protocol !== 'http:' && outer.protocol !== 'https:') {
    throw new InvitationError('invitation', `"${clip(outer.protocol)}" is not an invitation; ${HOW}`);
  }
  return { url: checkedAddress(outer), ...fingerprints(new URLSearchParams(outer.hash.slice(1))) };
}

function fromFile(text: string): string {
  if (!text.startsWith('{')) return text;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InvitationError('invitation', `the file of the invitation is damaged; ${HOW}`, { cause });
  }
  const file = InvitationFile.safeParse(json);
  if (!file.success) throw new InvitationError('invitation', `this file holds no invitation; ${HOW}`);
  return file.data.invitation.trim();
}

function parseUrl(text: string, place: 'invitation' | 'url', hint: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw new InvitationError(place, `"${clip(text)}" is not an address; ${hint}`, { cause });
  }
}

function checkedAddress(url: URL): string {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new InvitationError('url', `a project is reached by http or https, not "${clip(url.protocol)}"`);
  }
  if (url.username || url.password) {
    throw new InvitationError('url', 'the address must not hold a user name or password; remove it');
  }
  if (url.search) throw new InvitationError('url', 'the address must not hold a query ("?..."); remove it');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function fingerprints(parameters: URLSearchParams): Omit<Invitation, 'url'> {
  const key = parameters.get('key');
  if (!key) {
    throw new InvitationError(
      'key',
      `the invitation carries no key fingerprint ("key="), so the project cannot be told from an impostor; ask the project for its whole invitation`,
    );
  }
  const software = parameters.get('software');
  return {
    keyFingerprint: checkedFingerprint('key', key),
    softwareFingerprint: software === null ? null : checkedFingerprint('software', software),
    code: checkedCode(parameters.get('code')),
  };
}

function checkedCode(given: string | null): string | null {
  if (given === null || InvitationCode.safeParse(given).success) return given;
  throw new InvitationError(
    'code',
    `"${clip(given)}" is no code of an invitation; copy the invitation again, whole`,
  );
}

function checkedFingerprint(place: 'key' | 'software', given: string): string {
  const plain = given.toLowerCase().replaceAll(/[\s:]/g, '');
  if (!/^[0-9a-f]{32}$/.test(plain)) {
    throw new InvitationError(
      place,
      `a key fingerprint has 32 hexadecimal digits; this has ${plain.length} characters: "${clip(given)}". Copy the invitation again, whole`,
    );
  }
  return plain;
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
