import { z } from 'zod';
import { PersonName } from './account-api.ts';
import { Preferences } from './preferences.ts';
import { Count, Moment, Slug } from './primitives.ts';

/**
 * Invitations with limits, for a school, an institute, a release on trial (below /api/v1). A code stands in an invitation as
 * "&code="; joining without one needs none.
 *
 *     POST   /staff/invitations       NewInvitation -> StaffInvitation (201)
 *     GET    /staff/invitations       { invitations: [StaffInvitation] }
 *     DELETE /staff/invitations/:id   -> 204: nobody joins by it any more; who has joined stays
 *     GET    /invitations/:code       InvitedTo   (public: who has the code may see what it means)
 */
export const InvitationCode = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16,64}$/, 'is no code of an invitation; copy the invitation again, whole');

const { shape } = Preferences;
/** Preferences that a computer begins with where its person agrees; what is left out is as always. */
export const Preset = z.strictObject({
  maxCores: shape.maxCores.unwrap().optional(),
  reserveWhileActive: shape.reserveWhileActive.unwrap().optional(),
  onBattery: shape.onBattery.unwrap().optional(),
  schedule: shape.schedule.unwrap().optional(),
  diskLimitMb: shape.diskLimitMb.unwrap().optional(),
  networkLimitKbps: shape.networkLimitKbps.unwrap().optional(),
  /** Which flavour of the appliance: a virtual machine, or WebAssembly. */
  capsule: shape.capsule.unwrap().optional(),
});
export type Preset = z.infer<typeof Preset>;

export const NewInvitation = z.strictObject({
  label: PersonName,
  mostHosts: Count.min(1).max(1_000_000).nullable().default(null),
  days: z.number().int().min(1).max(3660).nullable().default(null),
  /** Names; hosts of it work for these alone. null: for all. */
  campaigns: z.array(Slug).min(1).max(100).nullable().default(null),
  preferences: Preset.default({}),
});
export type NewInvitation = z.infer<typeof NewInvitation>;

export const InvitedTo = z.strictObject({
  label: z.string(),
  campaigns: z.array(Slug).nullable(),
  preferences: Preset,
});
export type InvitedTo = z.infer<typeof InvitedTo>;

export const StaffInvitation = z.strictObject({
  ...InvitedTo.shape,
  id: z.string(),
  code: InvitationCode,
  /** To be sent to people. */
  link: z.string(),
  mostHosts: Count.nullable(),
  /** That have joined by it. */
  hosts: Count,
  expiresAt: Moment.nullable(),
  revoked: z.boolean(),
});
export type StaffInvitation = z.infer<typeof StaffInvitation>;
export const StaffInvitationList = z.strictObject({ invitations: z.array(StaffInvitation) });
