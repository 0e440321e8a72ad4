import { z } from 'zod';
import { InvitedTo } from './invitation.ts';
import { Preferences } from './preferences.ts';
import { Count, Json, Moment, Sha256 } from './primitives.ts';
import { ReferenceTable } from './reference.ts';
import { HistogramAxis } from './release.ts';
import { LiveEvent } from './work-unit.ts';

/**
 * The engine's local API: HTTP and server-sent events on 127.0.0.1. All below /api/v1, JSON, token as
 * "Authorization: Bearer"; Host must be the loopback address served, Origin absent or the same.
 *
 *     GET  /state                 EngineState
 *     GET  /events?only=A,B       server-sent events: first `state` (EngineState), then one event per changed
 *                                 resource, named as its key in EngineState, data = the resource's new value;
 *                                 with `only`, of these resources alone, in `state` too
 *     POST /pause                 { forSeconds: number | null } null: until resumed
 *     POST /resume
 *     GET|PUT /preferences        Preferences
 *     POST /join/preview          JoinRequest -> JoinPreview: what joining would mean; joins nothing
 *     POST /join                  JoinRequest -> ProjectView
 *     POST /leave                 LeaveRequest -> 204
 *     POST /attach                HostAttach -> HostOwner: this computer is a person's, by the code on their account's page
 *     GET  /owner?project         OwnerQuery -> HostBelongs: whose this computer is there
 *     POST /detach                HostDetach -> 204: nobody's again
 *     PUT  /shares                SharesRequest -> 204
 *     POST /power                 PowerReport -> 204: what only a desktop shell knows; holds until the next one
 *     POST /work/retry            -> 204: whatever waits for a project asks again now ("Try now")
 *     GET  /doctor                { checks: DoctorCheck[] }
 *     POST /doctor/:name/remedy   -> { check: DoctorCheck } does the check's action, then checks again
 *     GET  /report                text for a person to send: versions, checks, last log lines; no secrets
 *     GET  /history?days=N        { days: HistoryDay[] }
 *     GET  /units?...             UnitsQuery -> UnitsPage
 *     GET  /share?...             ShareQuery -> { points: CampaignShare[] }
 *     GET  /log?...               LogQuery -> { lines: LogLine[] }
 *     GET  /console/:unitId       text of the unit's console (last runs); UNITID@PROJECT where two projects have one
 *                                 of that name
 *     POST /stop                  { finish: boolean } ends the engine
 */
export const CoreView = z.strictObject({
  index: Count,
  /** Shares of this core's time in the last sample, 0..1. */
  others: z.number(),
  ours: z.number(),
});
export type CoreView = z.infer<typeof CoreView>;

/**
 * Why, for programs that say it in another language: a code and what goes into its sentence. `values` by code:
 * load: { cores, busyWith: string | null }; person: { sure: 0 | 1 }; battery: { percent: number | null };
 * heat: { celsius: number | null }; schedule: { opens: string | null }; paused: { minutesLeft: number | null };
 * program: { name }; disk: { message, why: DiskReason }; no-capsule, offline, no-work: { message } in the words of whoever refused; no-project: { message }
 * where the list of projects was damaged; others: none.
 */
export const StatusCause = z.strictObject({
  code: z.enum([
    // Policy: why these slots and no more.
    'free',
    'limit',
    'full-screen',
    'memory',
    'paused',
    'schedule',
    'load',
    'person',
    'battery',
    'heat',
    'program',
    'suspended',
    'insist',
    // Circumstances.
    'stopping',
    'finishing',
    'no-project',
    'disk',
    'no-capsule',
    'measuring',
    'preparing',
    'offline',
    'allowance-used',
    'no-work',
    'metered',
    'asking',
  ]),
  values: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
});
export type StatusCause = z.infer<typeof StatusCause>;

/** Why the disk cannot be written. */
export const DiskReason = z.enum(['full', 'quota', 'read-only', 'denied', 'errors', 'open-files']);
export type DiskReason = z.infer<typeof DiskReason>;

/** The one sentence that says what is happening and why; `reason` is plain words for a person. */
export const StatusView = z.strictObject({
  state: z.enum(['starting', 'computing', 'waiting', 'paused', 'attention', 'offline', 'stopping']),
  reason: z.string(),
  cause: StatusCause,
  /** How many capsules policy allows now. */
  slots: Count,
  cores: Count,
  pausedUntil: Moment.nullable(),
});
export type StatusView = z.infer<typeof StatusView>;

export const RunningUnit = z.strictObject({
  unitId: z.string(),
  /** ProjectView.keyFingerprint */
  project: z.string(),
  campaign: z.string(),
  campaignTitle: z.string(),
  application: z.string(),
  /** What tells this unit's point from others: the card's parameters. */
  parameters: z.record(z.string(), Json),
  capsule: z.string(),
  state: z.enum(['fetching', 'starting', 'running', 'paused', 'uploading', 'waiting']),
  done: Count,
  total: Count,
  eventsPerSecond: z.number(),
  /** From the measured rate; null while unknown. */
  secondsLeft: z.number().nullable(),
  startedAt: Moment.nullable(),
});
export type RunningUnit = z.infer<typeof RunningUnit>;

/** How many finished units EngineState keeps, the newest last. */
export const FINISHED_KEPT = 50;

/** A unit whose run has ended here, with what was measured of it and what the project said. */
export const FinishedUnit = z.strictObject({
  /** Of all units here; unitId and project together name the unit. */
  leaseId: z.string(),
  unitId: z.string(),
  /** ProjectView.keyFingerprint */
  project: z.string(),
  campaign: z.string(),
  campaignTitle: z.string(),
  application: z.string(),
  events: Count,
  /** Of its last run, wall time with pauses taken out. */
  seconds: z.number(),
  eventsPerSecond: z.number(),
  /** unreported: still to be uploaded or told; else ResultVerdict.state; lost: the project no longer knows it. */
  verdict: z.enum(['unreported', 'pending', 'valid', 'invalid', 'failed', 'late', 'lost']),
  creditMicroseconds: Count,
  /** Why it failed or was not valid. */
  reason: z.string().nullable(),
  /** null where the program failed. */
  outputHash: Sha256.nullable(),
  capsule: z.string(),
  accelerator: z.string().nullable(),
  bootMs: z.number().nullable(),
  restoreMs: z.number().nullable(),
  /** From asking for the capsule to the program's first progress; null when it told none. */
  firstEventMs: z.number().nullable(),
  finishedAt: Moment,
});
export type FinishedUnit = z.infer<typeof FinishedUnit>;

/** What this host's running and recent units of one campaign point fill: all that stays while they do. */
export const LiveHistograms = z.strictObject({
  /** Names the point. */
  point: z.string(),
  campaign: z.string(),
  campaignTitle: z.string(),
  parameters: z.record(z.string(), Json),
  axes: z.array(HistogramAxis),
  /** Measured at this point's energy. */
  references: z.array(ReferenceTable),
});
export type LiveHistograms = z.infer<typeof LiveHistograms>;

/** What they have filled so far. Apart from the above, which is many times as long and would be told each time. */
export const LiveCounts = z.strictObject({
  /** LiveHistograms.point; of the point before for the moment in which the two are told. */
  point: z.string(),
  events: Count,
  counts: z.record(z.string(), z.array(Count)),
});
export type LiveCounts = z.infer<typeof LiveCounts>;

export const Contribution = z.strictObject({
  eventsComputed: Count,
  eventsValid: Count,
  unitsValid: Count,
  unitsPending: Count,
  unitsInvalid: Count,
  creditMicroseconds: Count,
  /** Of the last minute, all slots. */
  eventsPerSecond: z.number(),
  since: Moment.nullable(),
});
export type Contribution = z.infer<typeof Contribution>;

export const CapsuleView = z.strictObject({
  kind: z.string(),
  /** null: can run here; else why not. */
  unavailable: z.string().nullable(),
  accelerator: z.string().nullable(),
  bootMs: z.number().nullable(),
  restoreMs: z.number().nullable(),
});

export type CapsuleView = z.infer<typeof CapsuleView>;

/** Measured once per application and machine: which capsule is faster. */
export const CalibrationView = z.strictObject({
  application: z.string(),
  version: z.string(),
  eventsPerSecond: z.record(z.string(), z.number()),
  chosen: z.string(),
});
export type CalibrationView = z.infer<typeof CalibrationView>;

export const ProjectView = z.strictObject({
  name: z.string(),
  description: z.string(),
  url: z.string(),
  /** Of the key that signs all its documents; names the project everywhere here. */
  keyFingerprint: z.string(),
  connected: z.boolean(),
  /** Last thing that went wrong or why there is no work; null when all is well. */
  message: z.string().nullable(),
  /** Weight among the joined projects, 0 (takes no new work) to 100. */
  share: z.number().int().min(0).max(100),
  /** Left, but what was in hand is still being finished or delivered. */
  leaving: z.boolean(),
  joinedAt: Moment,
  /** Units leased and not computed; computed and not yet told. */
  inHand: z.strictObject({ unfinished: Count, undelivered: Count }),
});
export type ProjectView = z.infer<typeof ProjectView>;

export const EngineState = z.strictObject({
  status: StatusView,
  cores: z.array(CoreView),
  running: z.array(RunningUnit),
  finished: z.array(FinishedUnit).max(FINISHED_KEPT),
  histograms: LiveHistograms.nullable(),
  filled: LiveCounts.nullable(),
  lastEvent: LiveEvent.nullable(),
  contribution: Contribution,
  capsules: z.array(CapsuleView),
  calibrations: z.array(CalibrationView),
  projects: z.array(ProjectView),
  preferences: Preferences,
  engineVersion: z.string(),
});
export type EngineState = z.infer<typeof EngineState>;
export type EngineResource = keyof EngineState;

/** Names this engine does not know are from a newer client, and say nothing. */
export const EventsQuery = z.strictObject({
  only: z
    .string()
    .max(500)
    .transform((names) => names.split(',').filter((name) => name in EngineState.shape) as EngineResource[])
    .optional(),
});

export const PauseRequest = z.strictObject({ forSeconds: z.number().positive().max(31_536_000).nullable() });
export const JoinRequest = z.strictObject({
  invitation: z.string().min(1).max(500),
  /** The person agrees to the preferences that the invitation proposes (JoinPreview.invitedTo). */
  preset: z.boolean().optional(),
});

/** A project as it presents itself, before anything is joined. Its key was compared with the invitation's. */
export const JoinPreview = z.strictObject({
  name: z.string(),
  description: z.string(),
  url: z.string(),
  keyFingerprint: z.string(),
  joined: z.boolean(),
  /** Of an invitation with limits; absent: it has none. */
  invitedTo: InvitedTo.optional(),
  /** What it would run: its open campaigns. */
  campaigns: z.array(z.strictObject({ title: z.string(), application: z.string(), version: z.string() })),
});
export type JoinPreview = z.infer<typeof JoinPreview>;

export const LeaveRequest = z.strictObject({
  /** ProjectView.keyFingerprint */
  project: z.string(),
  /** Units in hand: computed and delivered first, or given back at once. Finished results are delivered either way. */
  work: z.enum(['finish', 'give-back']),
});
export type LeaveRequest = z.infer<typeof LeaveRequest>;

export const HostAttach = z.strictObject({
  /** ProjectView.keyFingerprint */
  project: z.string(),
  code: z.string().min(1).max(40),
});
export type HostAttach = z.infer<typeof HostAttach>;

export const HostDetach = HostAttach.pick({ project: true });
export type HostDetach = z.infer<typeof HostDetach>;
export const OwnerQuery = HostDetach;

/** New weights by ProjectView.keyFingerprint; projects that are not named keep theirs. */
export const SharesRequest = z.strictObject({ shares: z.record(z.string(), ProjectView.shape.share) });
export type SharesRequest = z.infer<typeof SharesRequest>;

/** null: not known; the engine then goes by what it finds out itself. */
export const PowerReport = z.strictObject({
  onBattery: z.boolean().nullable(),
  /** Since a person last touched the machine. */
  idleSeconds: z.number().min(0).nullable(),
  screenLocked: z.boolean().nullable(),
  /** The machine is about to sleep: capsules are paused until told otherwise. */
  suspending: z.boolean(),
  /** The machine says it is too hot (macOS, Linux where told). */
  thermal: z.enum(['nominal', 'fair', 'serious', 'critical']).nullable(),
});
export type PowerReport = z.infer<typeof PowerReport>;

export const StopRequest = z.strictObject({ finish: z.boolean().default(false) });

/** What a check can do about its finding by itself; the text is remedy's. */
export const DoctorAction = z.enum([
  'probe-accelerator',
  'measure-again',
  'clear-cache',
  'fetch-appliance',
  'retry',
]);
export type DoctorAction = z.infer<typeof DoctorAction>;

/** What a check may find. Values ending in Mb are megabytes; `seconds` is a time, `error` the words of whatever failed. */
export const DoctorFinding = z.enum([
  'folder-writable',
  'folder-not-writable',
  'kept-none',
  'kept-preferences',
  'kept-projects',
  'kept-facts',
  'kept-history',
  'disk-enough',
  'disk-under-limit',
  'disk-short',
  'memory',
  'project-none',
  'project-answers',
  'project-silent',
  'project-other-key',
  'clock-alone',
  'clock-unanswered',
  'clock-right',
  'clock-ahead',
  'clock-behind',
  'wasm-runs',
  'wasm-wrong',
  'qemu-found',
  'qemu-missing',
  'appliance-none',
  'appliance-verified',
  'appliance-damaged',
  'accelerator-unknown',
  'accelerator-boots',
  'accelerator-none',
  'accelerator-refused',
  'accelerator-denied',
  'calibration-none',
  'calibration-known',
  'calibration-failed',
  'priority-system',
  'priority-idle',
  'priority-nice',
  'check-failed',
]);
export type DoctorFinding = z.infer<typeof DoctorFinding>;

/** What a check may advise. */
export const DoctorAdvice = z.enum([
  'make-writable',
  'kept-preferences',
  'kept-projects',
  'kept-facts',
  'kept-history',
  'lower-disk-limit',
  'free-space',
  'free-memory',
  'join',
  'project-waits',
  'new-invitation',
  'set-clock',
  'newer-version',
  'install-qemu',
  'install-qemu-mac',
  'fetched-again',
  'virtualisation',
  'kvm-group',
  'measured-again',
  'install-chrt',
  'report',
]);
export type DoctorAdvice = z.infer<typeof DoctorAdvice>;

/** For programs that say it in another language. A newer engine may have codes that they do not know. */
const Said = z.strictObject({
  code: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});

export const DoctorCheck = z.strictObject({
  name: z.string(),
  title: z.string(),
  state: z.enum(['ok', 'warning', 'problem']),
  detail: z.string(),
  /** What to do, where state is not ok. */
  remedy: z.string().nullable(),
  /** The detail in DoctorFinding codes, the remedy in DoctorAdvice codes. */
  findings: z.array(Said).default([]),
  advice: z.array(Said).default([]),
  /** What POST /doctor/:name/remedy would do about it; null: only the person can. */
  action: DoctorAction.nullable(),
});
export type DoctorCheck = z.infer<typeof DoctorCheck>;

export const HistoryDay = z.strictObject({
  day: z.iso.date(),
  /** ProjectView.keyFingerprint; its name where that was all an older version wrote down. */
  project: z.string(),
  /** As it was called last, also after it was left. */
  projectName: z.string(),
  campaign: z.string(),
  unitsValid: Count,
  eventsValid: Count,
  creditMicroseconds: Count,
  cpuSeconds: z.number(),
});
export type HistoryDay = z.infer<typeof HistoryDay>;

/** Finished units, the newest first. */
export const UnitsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** Only those that finished before this cursor: UnitsPage.next. */
  before: z.string().max(200).optional(),
  project: z.string().max(200).optional(),
  campaign: z.string().max(200).optional(),
  verdict: FinishedUnit.shape.verdict.optional(),
});
export type UnitsQuery = z.infer<typeof UnitsQuery>;

export const UnitsPage = z.strictObject({
  units: z.array(FinishedUnit),
  /** Cursor of the next page; null: this was the last. */
  next: z.string().nullable(),
  /** Of the whole list, without paging. */
  total: Count,
});
export type UnitsPage = z.infer<typeof UnitsPage>;

export const ShareQuery = z.strictObject({ project: z.string().max(200), campaign: z.string().max(200) });
export type ShareQuery = z.infer<typeof ShareQuery>;

/** One point of a campaign as the project has merged it, and what of it came from here (validated only). */
export const CampaignShare = z.strictObject({
  campaign: z.string(),
  campaignTitle: z.string(),
  parameters: z.record(z.string(), Json),
  events: Count,
  eventsMine: Count,
  axes: z.array(HistogramAxis),
  /** Measured at this point's energy. */
  references: z.array(ReferenceTable),
  counts: z.record(z.string(), z.array(Count)),
  countsMine: z.record(z.string(), z.array(Count)),
});
export type CampaignShare = z.infer<typeof CampaignShare>;

export const LogQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(2000).default(500),
  unit: z.string().max(60).optional(),
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});
export type LogQuery = z.infer<typeof LogQuery>;

/** One event of the engine's log, oldest first; without tokens. */
export const LogLine = z.strictObject({
  at: Moment,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
  unit: z.string().nullable(),
  /** The other fields of the line, for those who ask for details. */
  details: z.record(z.string(), Json),
});
export type LogLine = z.infer<typeof LogLine>;

/** What the engine writes to FILES.endpoint, readable by its user only, for its clients to find it. */
export const EngineEndpoint = z.strictObject({ url: z.url(), token: z.string(), pid: Count });
export type EngineEndpoint = z.infer<typeof EngineEndpoint>;
