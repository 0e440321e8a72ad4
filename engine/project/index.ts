/** @module The engine's client of one project: invitation, membership, signatures, requests. */
export { ProjectClient, type ProjectClientOptions, type UploadAnswer } from './client.ts';
export {
  InvitationError,
  KeyMismatch,
  ProjectBadAnswer,
  ProjectError,
  ProjectRefused,
  ProjectUnreachable,
  SoftwareRefused,
} from './errors.ts';
export { type Invitation, parseInvitation } from './invitation.ts';
export { joinProject, previewProject } from './join.ts';
export { FULL_SHARE, type Joined, Membership, MembershipStore } from './membership.ts';
export { keyFingerprint, masterKeyFingerprint, openSigned } from './signatures.ts';
