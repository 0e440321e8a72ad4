import { z } from 'zod';
import { CampaignSummary } from './campaign.ts';
import { Count, Moment, OutputFile, Sha256, Slug, said } from './primitives.ts';
import { Platform } from './release.ts';
import { ProjectSoftware, SoftwarePlace } from './software.ts';
import { Card } from './work-unit.ts';

/**
 * The project server's API as hosts see it (all below /api/v1; JSON; host token as "Authorization: Bearer").
 *
 *     GET   /project                       ProjectInfo
 *     POST  /hosts            HostRegistration -> HostIdentity   (no account needed)
 *     GET   /hosts/me                      HostStanding
 *     GET   /releases/:application/:version    Signed (body: Release)
 *     GET   /appliance                     Signed (body: Appliance), 404 where the project has none
 *     GET   /software                      SoftwareListing    (public)
 *     GET   /objects/:sha256               bytes, with ranges; immutable
 *     POST  /leases           LeaseRequest -> LeaseReply
 *     POST  /leases/release   { leases: [id] } -> 204   (given back: finish early, leave project)
 *     GET   /uploads/:sha256               UploadState        (only files that do not go with the report)
 *     PATCH /uploads/:sha256  bytes; headers upload-offset, upload-length -> UploadState (409 with UploadState
 *                             when the offset is not the server's; 422 when the whole does not have that hash)
 *     POST  /results          ResultReport -> ResultVerdict      (idempotent by lease)
 *     POST  /verdicts         VerdictQuery -> { verdicts: ResultVerdict[] }
 *     GET   /campaigns                     CampaignList       (public, as /project, /releases, /objects)
 *     GET   /campaigns/:id                 CampaignDetail     (by id or name; public)
 *     GET   /health                        Health             (public)
 *     GET   /health/live                   Health: the process answers, whatever its store does   (public)
 *     GET   /health/ready                  Readiness; 503 where not   (public)
 */
export const API_PREFIX = '/api/v1';

export const ProjectInfo = z.strictObject({
  name: z.string().min(1).max(80),
  description: z.string().max(2000),
  /** Ed25519 public key, base64 of the raw 32 bytes. */
  publicKey: z.base64(),
  /** First 32 hexadecimal digits of the SHA-256 of those 32 bytes: what an invitation carries. */
  keyFingerprint: z.string().regex(/^[0-9a-f]{32}$/),
  serverVersion: z.string(),
  /** Absent: the server is of a time when programs came from its objects alone. */
  software: ProjectSoftware.optional(),
});
export type ProjectInfo = z.infer<typeof ProjectInfo>;

/** The invitation to a project: its address, and by which keys it is known. */
export function invitationTo(
  url: string,
  { keyFingerprint, software }: Pick<ProjectInfo, 'keyFingerprint' | 'software'>,
): string {
  const key = `beamtime://join?url=${encodeURIComponent(url)}&key=${keyFingerprint}`;
  return software ? `${key}&software=${software.masterKeyFingerprint}` : key;
}

/** What is published in the project's repository, newest first. */
export const SoftwareListing = z.strictObject({
  ...ProjectSoftware.shape,
  /** null: nothing was published yet. */
  state: z
    .strictObject({
      revision: Count,
      publishedAt: Moment,
      /** Until the master key must sign anew; below 0 hosts take nothing new. */
      daysLeft: z.number(),
    })
    .nullable(),
  published: z.array(
    z.strictObject({
      kind: z.enum(['release', 'appliance']),
      /** "evgen 0.3.0", or the appliance's image. */
      name: z.string(),
      title: z.string(),
      /** Of all files together, uncompressed. */
      bytes: Count,
      files: Count,
      addedAt: Moment,
      /** null: published before there was a repository; pushing it again puts it there. */
      place: SoftwarePlace.nullable(),
    }),
  ),
});
export type SoftwareListing = z.infer<typeof SoftwareListing>;

export const HostRegistration = z.strictObject({
  cores: z.number().int().min(1).max(4096),
  os: said(60),
  engineVersion: said(40),
  /** Of an invitation with limits (protocol/invitation.ts). */
  invitation: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,64}$/)
    .optional(),
});
export type HostRegistration = z.infer<typeof HostRegistration>;

export const HostIdentity = z.strictObject({
  hostId: z.string().min(1).max(60),
  token: z.string().min(20).max(200),
});
export type HostIdentity = z.infer<typeof HostIdentity>;

export const HostStanding = z.strictObject({
  hostId: z.string(),
  creditMicroseconds: Count,
  eventsValid: Count,
  results: z.strictObject({ pending: Count, valid: Count, invalid: Count, failed: Count }),
});
export type HostStanding = z.infer<typeof HostStanding>;

export const LeaseRequest = z.strictObject({
  /** How many more work units are wanted. */
  want: z.number().int().min(0).max(256),
  /** Best first. */
  platforms: z.array(Platform).min(1),
  /** Leases still in hand; those the server does not know are told in `unknown`. */
  held: z.array(z.string().max(60)).max(1024).default([]),
});
export type LeaseRequest = z.infer<typeof LeaseRequest>;

export const Lease = z.strictObject({
  id: z.string().min(1).max(60),
  unitId: z.string().min(1).max(60),
  campaign: Slug,
  campaignTitle: z.string(),
  application: Slug,
  version: Slug,
  card: Card,
  deadline: Moment,
});
export type Lease = z.infer<typeof Lease>;

export const LeaseReply = z.strictObject({
  leases: z.array(Lease),
  unknown: z.array(z.string()),
  /** Not to ask again sooner. */
  retryAfterSeconds: z.number().min(0).max(86400),
  /** Why there is no work, in plain words, where leases is empty. */
  reason: z.string().max(200).nullable(),
});
export type LeaseReply = z.infer<typeof LeaseReply>;

export const UploadState = z.strictObject({ offset: Count, complete: z.boolean() });
export type UploadState = z.infer<typeof UploadState>;

/**
 * Files of a result may go with its report, smallest first, as long as all that go are within this: one request
 * and one fsync in place of three for each file. What is larger is uploaded before.
 */
export const MAX_INLINE_BYTES = 512 * 1024;

/** `data`: the file's bytes in base64, where they go with the report; `deflated`: compressed before (RFC 1951). */
export const ReportedFile = z.strictObject({
  ...OutputFile.shape,
  data: z
    .string()
    .max(Math.ceil(MAX_INLINE_BYTES / 3) * 4)
    .optional(),
  deflated: z.boolean().optional(),
});
export type ReportedFile = z.infer<typeof ReportedFile>;

export const ResultReport = z.strictObject({
  lease: z.string().min(1).max(60),
  outcome: z.discriminatedUnion('state', [
    z.strictObject({
      state: z.literal('finished'),
      /** See outputHash() in platform/output-hash.ts: SHA-256 over the sorted manifest. */
      outputHash: Sha256,
      files: z.array(ReportedFile).min(1).max(1000),
    }),
    z.strictObject({
      state: z.literal('failed'),
      reason: said(500),
      /** Windows counts to 2^32 - 1. */
      exitStatus: z
        .number()
        .int()
        .min(-(2 ** 31))
        .max(2 ** 32 - 1)
        .nullable(),
      consoleTail: said(4000),
    }),
  ]),
  capsule: said(40),
  /** What the host measured; shown, never the base of credit. */
  seconds: z.number().min(0),
});
export type ResultReport = z.infer<typeof ResultReport>;

export const ResultVerdict = z.strictObject({
  lease: z.string(),
  /** pending: not yet decided; valid: counted and credited; invalid: differs; failed: the program failed; late: no longer needed. */
  state: z.enum(['pending', 'valid', 'invalid', 'failed', 'late']),
  creditMicroseconds: Count,
  reason: z.string().max(300).nullable(),
});
export type ResultVerdict = z.infer<typeof ResultVerdict>;

export const VerdictQuery = z.strictObject({ leases: z.array(z.string().max(60)).min(1).max(256) });
export type VerdictQuery = z.infer<typeof VerdictQuery>;

export const CampaignList = z.strictObject({ campaigns: z.array(CampaignSummary) });
export type CampaignList = z.infer<typeof CampaignList>;

export const Health = z.strictObject({ state: z.literal('ok'), serverVersion: z.string() });
export type Health = z.infer<typeof Health>;

/** Whether hosts can be served; `checks` says which of its parts can not. */
export const Readiness = z.strictObject({
  ready: z.boolean(),
  checks: z.strictObject({
    /** The store answers. */
    store: z.boolean(),
    /** It has the schema of this server. */
    migrations: z.boolean(),
    /** The programs that spot checks of running campaigns need are there. */
    spotChecks: z.boolean(),
  }),
});
export type Readiness = z.infer<typeof Readiness>;

/** Every error answer, on both APIs. `message` is for a person and says what to do. */
export const ApiError = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    /** Where in the input, for example "sweep.energyGeV[2]" or "line 4". */
    place: z.string().nullable().default(null),
  }),
});
export type ApiError = z.infer<typeof ApiError>;
