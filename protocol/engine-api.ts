import { z } from 'zod';
import { Preferences } from './preferences.ts';
import { Count, Json, Moment, Sha256 } from './primitives.ts';
import { HistogramAxis } from './release.ts';
import { LiveEvent } from './work-unit.ts';

/**
 * The engine's local API: HTTP and server-sent events on 127.0.0.1. All below /api/v1, JSON, token as
 * "Authorization: Bearer"; Host must be the loopback address served, Origin absent or the same.
 *
 *     GET  /state                 EngineState
 *     GET  /events                server-sent events: first `state` (EngineState), then one event per changed
 *                                 resource, named as its key in EngineState, data = the resource's new value
 *     POST /pause                 { forSeconds: number | null } null: until resumed
 *     POST /resume
 *     GET|PUT /preferences        Preferences
 *     POST /join                  { invitation: string } -> ProjectView
 *     GET  /doctor                { checks: DoctorCheck[] }
 *     GET  /history?days=N        { days: HistoryDay[] }
 *     GET  /console/:unitId       text of the unit's console (last runs)
 *     POST /stop                  { finish: boolean } ends the engine
 */
export const CoreView = z.strictObject({
  index: Count,
  /** Shares of this core's time in the last sample, 0..1. */
  others: z.number(),
  ours: z.number(),
});
export type CoreView = z.infer<typeof CoreView>;

/** The one sentence that says what is happening and why; `reason` is plain words for a person. */
export const StatusView = z.strictObject({
  state: z.enum(['starting', 'computing', 'waiting', 'paused', 'attention', 'offline', 'stopping']),
  reason: z.string(),
  /** How many capsules policy allows now. */
  slots: Count,
  cores: Count,
  pausedUntil: Moment.nullable(),
});
export type StatusView = z.infer<typeof StatusView>;

export const RunningUnit = z.strictObject({
  unitId: z.string(),
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
  leaseId: z.string(),
  unitId: z.string(),
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

/** What this host's running and recent units of one campaign point fill. */
export const LiveHistograms = z.strictObject({
  campaign: z.string(),
  campaignTitle: z.string(),
  parameters: z.record(z.string(), Json),
  events: Count,
  axes: z.array(HistogramAxis),
  counts: z.record(z.string(), z.array(Count)),
});
export type LiveHistograms = z.infer<typeof LiveHistograms>;

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
  url: z.string(),
  keyFingerprint: z.string(),
  connected: z.boolean(),
  /** Last thing that went wrong or why there is no work; null when all is well. */
  message: z.string().nullable(),
});
export type ProjectView = z.infer<typeof ProjectView>;

export const EngineState = z.strictObject({
  status: StatusView,
  cores: z.array(CoreView),
  running: z.array(RunningUnit),
  finished: z.array(FinishedUnit).max(FINISHED_KEPT),
  histograms: LiveHistograms.nullable(),
  lastEvent: LiveEvent.nullable(),
  contribution: Contribution,
  capsules: z.array(CapsuleView),
  calibrations: z.array(CalibrationView),
  project: ProjectView.nullable(),
  preferences: Preferences,
  engineVersion: z.string(),
});
export type EngineState = z.infer<typeof EngineState>;
export type EngineResource = keyof EngineState;

export const PauseRequest = z.strictObject({ forSeconds: z.number().positive().max(31_536_000).nullable() });
export const JoinRequest = z.strictObject({ invitation: z.string().min(1).max(500) });
export const StopRequest = z.strictObject({ finish: z.boolean().default(false) });

export const DoctorCheck = z.strictObject({
  name: z.string(),
  title: z.string(),
  state: z.enum(['ok', 'warning', 'problem']),
  detail: z.string(),
  /** What to do, where state is not ok. */
  remedy: z.string().nullable(),
});
export type DoctorCheck = z.infer<typeof DoctorCheck>;

export const HistoryDay = z.strictObject({
  day: z.iso.date(),
  project: z.string(),
  campaign: z.string(),
  unitsValid: Count,
  eventsValid: Count,
  creditMicroseconds: Count,
  cpuSeconds: z.number(),
});
export type HistoryDay = z.infer<typeof HistoryDay>;

/** What the engine writes to FILES.endpoint, readable by its user only, for its clients to find it. */
export const EngineEndpoint = z.strictObject({ url: z.url(), token: z.string(), pid: Count });
export type EngineEndpoint = z.infer<typeof EngineEndpoint>;
