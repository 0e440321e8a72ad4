import { z } from 'zod';

/** As the command line's option: compute on at least one core, whatever others do with the machine. */
export const INSIST = '--insist';

/** What the engine's process says to the shell that started it. */
export const FromEngine = z.union([
  z.strictObject({ ready: z.strictObject({ url: z.url(), token: z.string() }) }),
  /** Could not start; words for a person. The process then ends. */
  z.strictObject({ failed: z.string() }),
]);
export type FromEngine = z.infer<typeof FromEngine>;
