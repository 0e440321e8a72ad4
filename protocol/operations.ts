import { z } from 'zod';
import { Count, Moment } from './primitives.ts';

/** Hosts that say the same of themselves. */
const HostGroup = z.strictObject({ name: z.string(), hosts: Count, working: Count });

/**
 * How a project does, for its staff: GET /staff/operations. What is said of "lately" is of the last results, of an hour and
 * 5,000 at most.
 */
export const Operations = z.strictObject({
  at: Moment,
  hosts: z.strictObject({
    joined: Count,
    /** Have a lease in hand. */
    working: Count,
    quarantined: Count,
    byVersion: z.array(HostGroup),
    bySystem: z.array(HostGroup),
    /** By ISO 3166 code, as the person said whose account has them; '' where nobody did. */
    byCountry: z.array(HostGroup),
    /** Of lately. */
    byCapsule: z.array(
      z.strictObject({ name: z.string(), hosts: Count, results: Count, eventsPerSecond: z.number().min(0) }),
    ),
  }),
  lately: z.strictObject({
    seconds: z.number().min(0),
    results: Count,
    /** Of work units that became valid, each once. */
    events: Count,
  }),
  queues: z.array(
    z.strictObject({
      name: z.enum(['units-wanted', 'leases-overdue', 'results-pending', 'spot-checks']),
      length: Count,
      /** How long the first of it waits; null: unknown, or it is empty. */
      oldestSeconds: z.number().min(0).nullable(),
    }),
  ),
  campaigns: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      unitsSetAside: Count,
      eventsValid: Count,
      eventsWanted: Count,
      /** Of lately. */
      eventsPerSecond: z.number().min(0),
      /** At this pace; null: unknown. */
      secondsLeft: z.number().min(0).nullable(),
    }),
  ),
  /** Of the last 1,000 that failed or were wrong, those that say the same but for their numbers, most first. */
  failures: z.array(
    z.strictObject({
      state: z.enum(['failed', 'invalid']),
      /** In the words of the last of them. */
      cause: z.string(),
      exitStatus: z.number().int().nullable(),
      results: Count,
      hosts: Count,
      campaigns: z.array(z.string()),
      last: Moment,
      /** Of the last of them. */
      sample: z.strictObject({
        unitId: z.string(),
        hostId: z.string(),
        capsule: z.string(),
        console: z.string().nullable(),
      }),
    }),
  ),
  /** Hosts that get no work, those that will again first; 100 at most. */
  quarantined: z.array(
    z.strictObject({
      hostId: z.string(),
      cores: Count,
      system: z.string(),
      version: z.string(),
      until: Moment,
      /** How often it was caught. */
      caught: Count,
      results: z.strictObject({ valid: Count, invalid: Count, failed: Count }),
    }),
  ),
  bytes: z.strictObject({
    database: Count,
    /** Beside it: objects, packs of small ones, uploads under way, the published software. Ten minutes old at most. */
    objects: Count,
    packs: Count,
    uploads: Count,
    repositories: Count,
    diskFree: Count,
  }),
});
export type Operations = z.infer<typeof Operations>;
