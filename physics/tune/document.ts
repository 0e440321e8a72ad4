import { z } from 'zod';
import { MAX_DIMENSIONS } from '../../platform/sampling/sobol.ts';
import { Validation } from '../../protocol/campaign.ts';
import { Count, Json, Sha256, Slug } from '../../protocol/primitives.ts';

/** What is to be tuned to what (`kind: tune`, YAML or JSON). Paths are relative to the document. */
export const TuneRequest = z.strictObject({
  kind: z.literal('tune'),
  name: Slug.max(50),
  title: z.string().min(1).max(100),
  /** The release document: the program, its histograms, the measured distributions. */
  release: z.string().min(1),
  /** A file of single measured figures. */
  figures: z.string().min(1).optional(),
  /** Fixed for all samples. */
  parameters: z.record(z.string(), Json).default({}),
  /** What is tuned, from the lowest value to the highest. */
  ranges: z
    .record(
      z.string(),
      z.tuple([z.number(), z.number()]).refine(([low, high]) => low < high, 'the lower value comes first'),
    )
    .refine((ranges) => Object.keys(ranges).length >= 1, 'names no parameter')
    .refine(
      (ranges) => Object.keys(ranges).length <= MAX_DIMENSIONS,
      `has more than ${MAX_DIMENSIONS} parameters`,
    ),
  /** Of the polynomials. */
  order: z.union([z.literal(2), z.literal(3)]).default(3),
  samples: z.number().int().min(3).max(5000),
  /** Of each sample. */
  events: Count.min(100),
  /** At the result and at the defaults, to compare them. */
  checkEvents: Count.min(100),
  seed: Count.default(1),
  eventsPerUnit: Count.min(1),
  blockEvents: Count.min(1),
  validation: Validation.optional(),
  /** Identity of a distribution or figure -> how much each of its bins counts in the sum. */
  fit: z.record(z.string(), z.number().positive().max(1000)),
  /** Distributions and figures that the fit does not see: what it says of them is compared. */
  heldOut: z.array(z.string()).default([]),
});
export type TuneRequest = z.infer<typeof TuneRequest>;

/** Chi square over some bins; not weighted. */
const Sum = z.strictObject({ chi2: z.number(), bins: Count });
export type Sum = z.infer<typeof Sum>;

const Values = z.record(z.string(), z.number());
const Table = z.array(z.array(z.number()));

/** How each set of parameters describes one distribution or figure, from events really generated. */
const Check = z.strictObject({
  id: z.string(),
  title: z.string(),
  /** 0: held out. */
  weight: z.number().min(0),
  bins: Count,
  chi2Default: z.number(),
  chi2Tuned: z.number(),
  /** What the polynomials say of the tuned parameters, against the data. */
  chi2Predicted: z.number(),
  /** The polynomials against the events generated there: about `bins` where they are right. */
  chi2Surrogate: z.number(),
  /** Mean over its bins of what every sample is from the polynomial through all others, squared, in its errors: about 1. */
  leftOut: z.number(),
});
export type Check = z.infer<typeof Check>;

export const Tune = z.strictObject({
  kind: z.literal('tuned'),
  name: Slug,
  title: z.string(),
  /** The result; rounded to a tenth of its error. What is checked is these. */
  parameters: Values,
  /** One standard deviation. Of bins as if independent, times `scale`: systematic errors that bins share are not in it. */
  errors: Values,
  defaults: Values,
  /** Parameters that ended at an edge of their range. */
  atEdge: z.array(z.string()),
  /** Order of rows and columns below. */
  names: z.array(z.string()),
  covariance: Table,
  correlations: Table,
  /** How far a parameter moves its bins over its whole range, the others at the result: root mean square, in errors of the data. */
  sensitivities: Values,
  fit: z.strictObject({
    order: z.number(),
    coefficients: Count,
    samples: Count,
    /** Weighted sum at the minimum, and the same at the defaults as the polynomials see them; null: they lie outside the ranges. */
    chi2: z.number(),
    chi2AtDefaults: z.number().nullable(),
    bins: Count,
    converged: z.boolean(),
    /** Errors are multiplied by this: the root of chi2 for each degree of freedom, where above 1. */
    scale: z.number().min(1),
  }),
  /** One standard deviation both ways along the axes of the covariance in units of the ranges, widest first. */
  eigentunes: z.array(
    z.strictObject({
      sigma: z.number(),
      direction: Values,
      minus: Values,
      plus: Values,
      inside: z.boolean(),
    }),
  ),
  observables: z.array(Check),
  /** Of all observables in the fit, and of those held out. */
  fitted: z.strictObject({ default: Sum, tuned: Sum, predicted: Sum, surrogate: Sum }),
  heldOut: z.strictObject({ default: Sum, tuned: Sum, predicted: Sum, surrogate: Sum }),
  /** Whether the tuned parameters describe both what was fitted and what was held out at least as well as the defaults. */
  atLeastAsGood: z.boolean(),
  provenance: z.strictObject({
    request: TuneRequest,
    application: z.string(),
    version: z.string(),
    /** Platform -> SHA-256 of the program; all give the same bits. */
    programs: z.record(z.string(), Sha256),
    /** Of each observable's data, as JSON. */
    data: z.record(z.string(), Sha256),
    /** Each point with its seed and the SHA-256 of its merged histograms as JSON with sorted keys: any of them can be checked alone. */
    samples: z.array(z.strictObject({ parameters: Values, seed: Count, events: Count, histograms: Sha256 })),
    check: z.array(z.strictObject({ parameters: Values, seed: Count, events: Count, histograms: Sha256 })),
  }),
});
export type Tune = z.infer<typeof Tune>;
