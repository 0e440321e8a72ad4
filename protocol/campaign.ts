import { z } from 'zod';
import { Count, Json, Moment, Slug, UnitPath } from './primitives.ts';
import { ReferenceTable } from './reference.ts';
import { HistogramAxis } from './release.ts';

/**
 * How results are believed.
 * quorum: n hosts must give the same output hash.
 * spot: the server regenerates this fraction of each result's blocks (at least one) and compares bits.
 * tolerance: n hosts must agree by the comparators the release declares for its output files.
 * adaptive: a block of every result is regenerated as with spot, and as many results are computed by a second host as
 *   keep the wrong ones that are expected among a million believed below n (docs/trust.md).
 */
export const Validation = z.union([
  z.strictObject({ quorum: z.number().int().min(1).max(10) }),
  z.strictObject({ spot: z.number().gt(0).max(1) }),
  z.strictObject({ tolerance: z.number().int().min(1).max(10) }),
  z.strictObject({ adaptive: z.number().min(1).max(100_000) }),
]);
export type Validation = z.infer<typeof Validation>;

/** From the lowest value to the highest, both within: [low, high], or with more said of it. */
export const SampledRange = z
  .union([
    z.tuple([z.number(), z.number()]),
    z.strictObject({
      low: z.number(),
      high: z.number(),
      /** log: each factor is as likely as any other, and not each difference. */
      scale: z.enum(['linear', 'log']).default('linear'),
      /** Whole numbers only. */
      integer: z.boolean().default(false),
    }),
  ])
  .superRefine((range, context) => {
    const { low, high, scale, integer } = Array.isArray(range)
      ? { low: range[0], high: range[1], scale: 'linear', integer: false }
      : range;
    const wrong = (message: string) => context.addIssue({ code: 'custom', message });
    if (!(low < high)) wrong('the lower value comes first');
    else if (!Number.isFinite(high - low)) wrong('the range is too wide');
    else if (integer && !(Number.isSafeInteger(low) && Number.isSafeInteger(high)))
      wrong('a range of whole numbers has whole ends');
    else if (scale === 'log' && !(low > 0 && Number.isFinite(high / low)))
      wrong('a logarithmic range lies above 0');
  });
export type SampledRange = z.infer<typeof SampledRange>;

/** Points chosen in a box of ranges; the same document gives the same points everywhere (docs/campaigns.md). */
export const Sample = z.strictObject({
  method: z.enum(['random', 'latin-hypercube', 'sobol']),
  points: z.number().int().min(1).max(10_000),
  /** Another seed, other points; Sobol's sequence is as published with 0. */
  seed: Count.default(0),
  ranges: z
    .record(z.string(), SampledRange)
    .refine((ranges) => Object.keys(ranges).length > 0, 'names no parameter'),
});
export type Sample = z.infer<typeof Sample>;

/** More events where the error is largest, until it is small enough everywhere. */
export const Adaptive = z.strictObject({
  /** Whose bins' mean relative error counts, each weighted by its content; absent: the cross-section's error. */
  histogram: z.string().optional(),
  /** The relative error to be reached at every point. */
  precision: z.number().gt(0).lt(1),
});
export type Adaptive = z.infer<typeof Adaptive>;

/** What staff push: application release, card template, a sweep over parameters, a number of events. */
export const CampaignSpec = z.strictObject({
  kind: z.literal('campaign'),
  name: Slug,
  title: z.string().min(1).max(120),
  description: z.string().max(2000).default(''),
  application: Slug,
  version: Slug,
  parameters: z.record(z.string(), Json).default({}),
  /** Each unit analyses a file that a unit of another campaign has kept; the points are that campaign's. */
  inputs: z.strictObject({ from: Slug, output: UnitPath }).optional(),
  /** Parameter -> values; points are the product of all. */
  sweep: z.record(z.string(), z.array(Json).min(1).max(1000)).default({}),
  /** Points told one by one, each by the same parameters, as a tune samples them; every one goes with the whole of `sweep`. */
  points: z.array(z.record(z.string(), Json)).min(1).max(10_000).optional(),
  /** Points chosen in continuous ranges; every one goes with each of `points` and the whole of `sweep`. */
  sample: Sample.optional(),
  /** Events for each point; with `adaptive`, at most. */
  events: Count.min(1),
  /** Absent: every point gets all its events. */
  adaptive: Adaptive.optional(),
  /** With `unitMinutes` the smallest unit, and what units are counted in. */
  eventsPerUnit: Count.min(1),
  /** About how long a unit is to take: as many times eventsPerUnit as the host was measured to do in it, once at first. */
  unitMinutes: z.number().min(0.01).max(1440).optional(),
  blockEvents: Count.min(1),
  seed: Count.default(1),
  validation: Validation.default({ spot: 0.05 }),
  /** A unit with this many failed or invalid results is set aside for staff to look at. */
  attempts: z.number().int().min(1).max(100).default(8),
  leaseMinutes: z.number().min(0.05).max(20160).default(120),
  /** Whose campaign this is: owners share the hosts evenly. DEFAULT_OWNER where nothing is said. */
  owner: Slug.optional(),
  /** Among the campaigns of one owner the higher is served first; 0 where nothing is said. */
  priority: z.number().int().min(-1000).max(1000).optional(),
  /** No leases are given after it. */
  deadline: Moment.optional(),
  /** Where this is the first campaign of its release: only so many hosts get units until so many units are valid. */
  canary: z.strictObject({ hosts: z.number().int().min(1).max(1000), units: Count.min(1) }).optional(),
});
export type CampaignSpec = z.infer<typeof CampaignSpec>;

/** Of a campaign that does not say whose it is. Not a default of the schema: what was pushed stays the very same. */
export const DEFAULT_OWNER = 'staff';

/**
 * running: hosts get work units. paused: no new leases; results in hand are taken. cancelled: the same, for good.
 * complete: every unit is valid or set aside.
 */
export const CampaignState = z.enum(['running', 'paused', 'cancelled', 'complete']);
export type CampaignState = z.infer<typeof CampaignState>;

/** One parameter point of a campaign and what is merged into it so far. */
export const CampaignPoint = z.strictObject({
  index: Count,
  parameters: z.record(z.string(), Json),
  units: Count,
  unitsValid: Count,
  eventsValid: Count,
  /** Of an adaptive campaign, as far as it is known: what its `precision` is compared with. */
  relativeError: z.number().nullable().default(null),
  crossSection: z.strictObject({ maximumPb: z.number(), attempted: Count, accepted: Count }).nullable(),
  histograms: z.record(z.string(), z.array(Count)),
});
export type CampaignPoint = z.infer<typeof CampaignPoint>;

/** A point without its histograms: those of ten thousand points are 100 MB. */
export const PointOutline = CampaignPoint.omit({ histograms: true });
export type PointOutline = z.infer<typeof PointOutline>;

export const CampaignSummary = z.strictObject({
  id: z.string(),
  name: z.string(),
  title: z.string(),
  application: z.string(),
  version: z.string(),
  state: CampaignState,
  /** Why it is paused or cancelled, or runs on few computers only, in words. */
  reason: z.string().nullable().default(null),
  owner: z.string().default(DEFAULT_OWNER),
  priority: z.number().default(0),
  deadline: Moment.nullable().default(null),
  createdAt: Moment,
  units: Count,
  unitsValid: Count,
  unitsSetAside: Count,
  eventsWanted: Count,
  eventsValid: Count,
});
export type CampaignSummary = z.infer<typeof CampaignSummary>;

/** Everything the public page shows of a campaign: its summary, the axes, and what is merged at each point. */
export const CampaignDetail = z.strictObject({
  ...CampaignSummary.shape,
  description: z.string(),
  validation: Validation,
  /** null: every point gets all its events. */
  adaptive: Adaptive.nullable().default(null),
  axes: z.array(HistogramAxis),
  /** Measurements of the release, of every energy. */
  references: z.array(ReferenceTable).default([]),
  points: z.array(CampaignPoint),
});
export type CampaignDetail = z.infer<typeof CampaignDetail>;

/** The same, but for the histograms of its points. */
export const CampaignOutline = z.strictObject({ ...CampaignDetail.shape, points: z.array(PointOutline) });
export type CampaignOutline = z.infer<typeof CampaignOutline>;
