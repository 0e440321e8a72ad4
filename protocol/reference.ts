import { z } from 'zod';

/**
 * Measured data to compare histograms with (physics/reference/data, one file a table). The numbers are published measurements;
 * each file names the paper.
 */

/** How the measured quantity follows from histograms of a release. */
export const Derivation = z.discriminatedUnion('from', [
  /** The histogram over its number of events, per unit of x. */
  z.strictObject({ from: z.literal('density'), histogram: z.string() }),
  /** The histogram over its number of events: how often x lies in the bin. */
  z.strictObject({ from: z.literal('probability'), histogram: z.string() }),
  /** Density at -|x| less that at |x|, for the lower half of x; bins are symmetric. */
  z.strictObject({ from: z.literal('asymmetry'), histogram: z.string() }),
  /**
   * Rate of n jets at a resolution x: the share of events where n + 1 jets become n at a smaller one (`upper`), less that
   * where n become n - 1 at a smaller one (`lower`). A bin's low edge is the resolution.
   */
  z.strictObject({ from: z.literal('rate'), upper: z.string(), lower: z.string() }),
]);
export type Derivation = z.infer<typeof Derivation>;

const Bin = z.tuple([
  z.number().describe('low'),
  z.number().describe('high'),
  z.number().describe('value'),
  z.number().min(0).describe('error downwards'),
  z.number().min(0).describe('error upwards'),
]);

const Source = {
  experiment: z.string(),
  /** Journal, volume, year, page. */
  paper: z.string(),
  /** Where the numbers are published: the record at hepdata.net, and its table. */
  hepdata: z.string(),
};

export const ReferenceTable = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string(),
  ...Source,
  energyGeV: z.number().positive(),
  particles: z.enum(['all', 'charged']),
  derivation: Derivation,
  xLabel: z.string(),
  yLabel: z.string(),
  logX: z.boolean().default(false),
  logY: z.boolean().default(false),
  bins: z.array(Bin).min(1),
});
export type ReferenceTable = z.infer<typeof ReferenceTable>;

/** A single figure: a mean, or how many hadrons of a kind an event has. */
export const ReferenceFigure = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string(),
  ...Source,
  energyGeV: z.number().positive(),
  value: z.number(),
  error: z.number().min(0),
  figure: z.discriminatedUnion('of', [
    /** Mean of x over a histogram's entries. */
    z.strictObject({ of: z.literal('mean'), histogram: z.string() }),
    /** Mean of one histogram less that of another. */
    z.strictObject({ of: z.literal('difference'), histogram: z.string(), less: z.string() }),
    /** Entries of a labelled bin for each event. */
    z.strictObject({ of: z.literal('number'), histogram: z.string(), label: z.string() }),
  ]),
});
export type ReferenceFigure = z.infer<typeof ReferenceFigure>;
