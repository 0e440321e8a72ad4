import { z } from 'zod';
import { Count } from './primitives.ts';

/** An object of a CernVM-FS repository: the hash of what is stored, and the letter of its kind. */
const ReadObject = z.strictObject({
  object: z.string().regex(/^[0-9a-f]{40}(-rmd160|-shake128)?[CP]?$/),
  /** Of its content. */
  bytes: Count,
  /** Absent: zlib. */
  compression: z.literal('none').optional(),
});

/** What a run read of a repository, in the order in which it was first read: for a later run to load ahead. */
export const ReadProfile = z.strictObject({
  kind: z.literal('read-profile'),
  repository: z.string().min(1).max(255),
  objects: z.array(ReadObject).max(200_000),
});
export type ReadProfile = z.infer<typeof ReadProfile>;
