import { z } from 'zod';
import { Blob, Count, Json, Moment, OutputFile, Sha256, Slug } from './primitives.ts';
import { Card } from './work-unit.ts';

/**
 * The project server's API for its staff (all below /api/v1/staff; staff token as "Authorization: Bearer").
 *
 *     PUT  /staff/objects/:sha256   raw bytes -> StoredObject           (idempotent; 422 when the hash differs)
 *     PUT  /staff/releases          Release -> Signed (body: Release)   (409: same name and version, other content)
 *     PUT  /staff/appliance         ApplianceUpload -> Signed (body: Appliance)
 *     POST /staff/campaigns         CampaignSpec, as YAML or JSON text -> CampaignSummary; error.place is
 *                                   "line L, column C (path)". 201 when new, 200 when the very same is there.
 *     POST /staff/campaigns/dry-run  the same text -> DryRun, or the same refusals; nothing is started
 *     POST /staff/campaigns/:id/pause    CampaignWhy    -> CampaignSummary   (by id or name, as all that follow;
 *     POST /staff/campaigns/:id/resume   {}             -> CampaignSummary    doing the same again changes nothing;
 *     POST /staff/campaigns/:id/cancel   CampaignWhy    -> CampaignSummary    409: not from the state it is in)
 *     POST /staff/campaigns/:id/extend   CampaignExtend -> CampaignSummary
 *     POST /staff/campaigns/:id/clone    CampaignClone  -> CampaignSummary   (201 and 200 as for /staff/campaigns;
 *                                   error.place is the path in the new campaign)
 *     GET  /staff/results           ResultQuery in the query string -> StaffResults, newest first
 *     GET  /staff/units             UnitQuery in the query string -> StaffUnits: what was set aside, and why
 *     POST /staff/snapshots         -> StoreSnapshot: the store as it is now, as a file in the data folder on the
 *                                   server's machine, where "beamtime server backup" reads and removes it
 *     POST /staff/hosts/:id/pardon  -> 204: ends the quarantine of a host (a release was at fault, say)
 *     GET  /staff/operations    -> Operations: how the project does (operations.ts)
 *     PUT  /staff/campaigns/:id/notes    NoteChange -> Notes (notes.ts)
 *     GET  /staff/audit             AuditQuery in the query string -> AuditPage: what was done here, hash-chained
 *
 * Objects go first: a release or appliance naming an object that the server does not hold is refused (422).
 */
export const STAFF_PREFIX = '/api/v1/staff';

export const StoredObject = z.strictObject({
  sha256: Sha256,
  bytes: Count,
  /** false: it was there already. */
  created: z.boolean(),
});
export type StoredObject = z.infer<typeof StoredObject>;

/** The image's name is computed by the server from the two hashes (see Appliance). */
export const ApplianceUpload = z.strictObject({
  kernel: Blob,
  initrd: Blob,
  kernelVersion: z.string().min(1).max(80),
});
export type ApplianceUpload = z.infer<typeof ApplianceUpload>;

/** What a campaign would be, from a document that the project would take. */
export const DryRun = z.strictObject({
  name: Slug,
  application: Slug,
  version: Slug,
  /** The very same campaign is there already. */
  exists: z.boolean(),
  points: Count,
  /** These and what follows from them: at most, where the campaign is adaptive. */
  units: Count,
  events: Count,
  adaptive: z.boolean(),
  /** On how many hosts each event is computed; what the server itself regenerates is not in it. */
  copies: Count.min(1),
  /** Points to look at, each with a card of its first events: the first, and the one that differs most from it. */
  trial: z.array(z.strictObject({ index: Count, card: Card })),
  /** From the last results of all campaigns, a week old at most; null: there are none. */
  lately: z
    .strictObject({
      since: Moment,
      until: Moment,
      results: Count,
      hosts: Count,
      /** Work units computed at a time, on average. */
      slots: z.number().min(0),
    })
    .nullable(),
  /** hosts: what hosts took for this release lately, as they say; reference: the release's cost on the reference core. */
  basis: z.enum(['hosts', 'reference']),
  secondsPerEvent: z.number().min(0),
  coreHours: z.number().min(0),
  /** With as many units at a time as lately; null: unknown. */
  hours: z.number().min(0).nullable(),
});
export type DryRun = z.infer<typeof DryRun>;
export const CampaignWhy = z.strictObject({
  /** For whoever looks at the campaign; public. */
  reason: z.string().min(1).max(500).nullable().default(null),
});

/** What is left out stays as it is. */
export const CampaignExtend = z.strictObject({
  /** Events for each point from now on, those there are included. */
  events: Count.min(1).optional(),
  /** null: none any more. */
  deadline: Moment.nullable().optional(),
});
export type CampaignExtend = z.infer<typeof CampaignExtend>;

export const CampaignClone = z.strictObject({
  name: Slug,
  /** "events", "parameters.energyGeV" -> its value in the new campaign; null: not in it. */
  changes: z.record(z.string(), Json).default({}),
});
export type CampaignClone = z.infer<typeof CampaignClone>;

export const ResultState = z.enum(['pending', 'valid', 'invalid', 'failed', 'late']);
export type ResultState = z.infer<typeof ResultState>;

/** Query strings carry text, hence the coercion. */
export const ResultQuery = z.strictObject({
  /** Campaign name. */
  campaign: Slug.optional(),
  state: ResultState.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** `next` of the page before. */
  before: z.string().max(60).optional(),
});
export type ResultQuery = z.infer<typeof ResultQuery>;

export const StaffResult = z.strictObject({
  lease: z.string(),
  unitId: z.string(),
  hostId: z.string(),
  campaign: z.string(),
  state: ResultState,
  reason: z.string().nullable(),
  card: Card,
  capsule: z.string(),
  seconds: z.number(),
  /** null where the program failed. */
  outputHash: Sha256.nullable(),
  files: z.array(OutputFile),
  creditMicroseconds: Count,
  reportedAt: Moment,
});
export type StaffResult = z.infer<typeof StaffResult>;

export const StaffResults = z.strictObject({
  results: z.array(StaffResult),
  /** For `before`; null: this was the last page. */
  next: z.string().nullable(),
});
export type StaffResults = z.infer<typeof StaffResults>;

/** open: to be computed; valid: merged; aside: too many attempts failed, staff should look at `reason`. */
export const UnitState = z.enum(['open', 'valid', 'aside']);

export const UnitQuery = z.strictObject({
  campaign: Slug.optional(),
  state: UnitState.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  before: z.string().max(60).optional(),
});
export type UnitQuery = z.infer<typeof UnitQuery>;

export const StaffUnit = z.strictObject({
  unitId: z.string(),
  campaign: z.string(),
  state: UnitState,
  card: Card,
  /** Failed and invalid results so far. */
  failures: Count,
  /** Of the last failed or invalid result. */
  reason: z.string().nullable(),
  /** Console of the last failed result. */
  consoleTail: z.string().nullable(),
});
export type StaffUnit = z.infer<typeof StaffUnit>;

export const StaffUnits = z.strictObject({ units: z.array(StaffUnit), next: z.string().nullable() });
export type StaffUnits = z.infer<typeof StaffUnits>;

export const StoreSnapshot = z.strictObject({
  /** Absolute path. */
  file: z.string().min(1),
  takenAt: Moment,
  serverVersion: z.string(),
});
export type StoreSnapshot = z.infer<typeof StoreSnapshot>;
/** Newest first; with `after`, oldest first beyond that row. */
export const AuditQuery = z.strictObject({
  after: z.coerce.number().int().min(0).optional(),
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

/** `hash`: SHA-256 of the canonical JSON of all the rest (server/audit/chain.ts); `previous`: of the row before. */
export const AuditEntry = z.strictObject({
  number: Count,
  at: Moment,
  event: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  previous: Sha256,
  hash: Sha256,
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditPage = z.strictObject({ entries: z.array(AuditEntry) });
export type AuditPage = z.infer<typeof AuditPage>;

/** DATA/endpoint.json of a running server, readable by its user only: how staff tools on that machine find it. */
export const ServerEndpoint = z.strictObject({
  url: z.url(),
  staffToken: z.string().min(20),
  pid: Count,
});
export type ServerEndpoint = z.infer<typeof ServerEndpoint>;
