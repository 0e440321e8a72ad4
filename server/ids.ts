/**
 * What kind of thing an identity names, by its letter: h17 a host, c3 a campaign, u523 a work unit, l991 a lease; a an account, s its
 * session, t its token for programs, k its passkey, g a team, i an invitation.
 */
export type IdKind = 'h' | 'c' | 'u' | 'l' | 'a' | 's' | 't' | 'k' | 'g' | 'i';

export function showId(kind: IdKind, id: number): string {
  return `${kind}${id}`;
}

/** @returns null where the text is not an identity of that kind */
export function readId(kind: IdKind, text: string): number | null {
  if (!/^[a-z][1-9]\d{0,14}$/.test(text) || text[0] !== kind) return null;
  return Number(text.slice(1));
}
