import { z } from 'zod';
import { Count, Json, OutputFile } from './primitives.ts';

/**
 * The contract between a program and whatever runs it: a work unit is a directory.
 *
 *     card.json   in:  what to compute (see Card)
 *     in/         in:  files of other work units, where the card names some
 *     out/        out: result files; their names and bytes decide the output hash
 *     progress    the program appends lines "DONE TOTAL\n" (events)
 *     live        optional: the program appends JSON lines (see LiveEvent), shown to people, never hashed
 *
 * The program starts with the directory as its working directory and exits 0 when out/ is complete. It sees
 * no clock and no entropy it may depend on: the same card gives the same bytes in every capsule. A program
 * calls sched_yield() every few milliseconds: there a WebAssembly capsule can hold it (a VM stops anywhere).
 */
export const CARD = 'card.json';
export const IN = 'in';
export const OUT = 'out';
export const PROGRESS = 'progress';
export const LIVE = 'live';

/** One line per block of events; the program, run on that block alone, writes the same line. */
export const BLOCKS = 'blocks.jsonl';

/** What to compute. Event numbers are unique within (seed): blocks can be regenerated alone. */
export const Card = z.strictObject({
  seed: Count,
  firstEvent: Count,
  events: Count.min(1),
  /** Events per line of out/blocks.jsonl; firstEvent is a multiple of it. */
  blockEvents: Count.min(1),
  /** What the application's own schema describes (Release.parameters). */
  parameters: z.record(z.string(), Json),
  /** Files of other work units that this one needs, by their paths in the directory. */
  inputs: z.array(OutputFile).min(1).max(16).optional(),
});
export type Card = z.infer<typeof Card>;

/** Counts of one histogram. Checked at one go: a result has thousands, and a schema for each costs most of its reading. */
const Counts = z.custom<number[]>().superRefine((counts: unknown, context) => {
  if (!Array.isArray(counts)) {
    context.addIssue({ code: 'custom', message: 'expected an array of counts' });
    return;
  }
  const wrong = counts.findIndex((count) => !Number.isSafeInteger(count) || count < 0);
  if (wrong >= 0)
    context.addIssue({ code: 'custom', path: [wrong], message: 'expected a whole number, 0 or more' });
});

/**
 * One line of out/blocks.jsonl, written without spaces and with keys in this order. All numbers that are
 * summed are integers, so that merging is exact and independent of order.
 */
export const Block = z.strictObject({
  firstEvent: Count,
  events: Count,
  /** Hit-or-miss cross-section: sigma = maximumPb * accepted / attempted. maximumPb depends on the card's parameters only. */
  crossSection: z.strictObject({ maximumPb: z.number().positive(), attempted: Count, accepted: Count }),
  /** Histogram name -> counts [underflow, bin 1 ... bin n, overflow]; axes are in Release.histograms. */
  histograms: z.record(z.string(), Counts),
});
export type Block = z.infer<typeof Block>;

/** The same of a program that may have generated nothing: events of others, which it analyses, have no cross-section here. */
export const AnyBlock = z.strictObject({ ...Block.shape, crossSection: Block.shape.crossSection.nullable() });
export type AnyBlock = z.infer<typeof AnyBlock>;

/** One line of `live`: an event to draw. Momenta in GeV. */
export const LiveEvent = z.strictObject({
  event: Count,
  energyGeV: z.number().positive(),
  /** Outgoing particles: PDG code and momentum. */
  particles: z.array(
    z.strictObject({ pdg: z.number().int(), px: z.number(), py: z.number(), pz: z.number(), e: z.number() }),
  ),
});
export type LiveEvent = z.infer<typeof LiveEvent>;

export const Progress = z.strictObject({ done: Count, total: Count });
export type Progress = z.infer<typeof Progress>;

/**
 * Reads the last complete line of a progress file's text.
 * @returns null where there is no complete line, or it is not "DONE TOTAL" with DONE <= TOTAL
 */
export function parseProgress(text: string): Progress | null {
  const end = text.lastIndexOf('\n');
  if (end < 0) return null;
  const line = text.slice(text.lastIndexOf('\n', end - 1) + 1, end);
  const match = /^(\d{1,15}) (\d{1,15})$/.exec(line);
  if (!match) return null;
  const progress = { done: Number(match[1]), total: Number(match[2]) };
  return progress.done <= progress.total ? progress : null;
}
