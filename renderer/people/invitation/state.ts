import type { StaffInvitation } from '../../../protocol/invitation.ts';

export type InvitationState = 'open' | 'revoked' | 'ended' | 'full';

/** Whether anybody can still join by it. */
export function stateOf(
  { revoked, expiresAt, mostHosts, hosts }: StaffInvitation,
  now: Date,
): InvitationState {
  if (revoked) return 'revoked';
  if (expiresAt !== null && Date.parse(expiresAt) <= now.getTime()) return 'ended';
  return mostHosts !== null && hosts >= mostHosts ? 'full' : 'open';
}
