import { z } from 'zod';

const U32 = z.number().int().min(0).max(0xffffffff);
/** JSON has no 64-bit integers. */
const U64 = z.string().regex(/^[0-9]{1,20}$/);

/**
 * A connection between two lives: all a server must know to go on in the middle of a guest's byte stream. Plain
 * data; names are byte strings, bytes are base64.
 */
export const SavedSession = z.strictObject({
  version: z.literal(1),
  /** 0 before Tversion. */
  msize: U32,
  fids: z.array(
    z.strictObject({
      fid: U32,
      /** null: the file had no name any more. */
      path: z.array(z.string()).nullable(),
      kind: z.enum(['directory', 'file', 'symlink']),
      open: z.strictObject({ read: z.boolean(), write: z.boolean(), append: z.boolean() }).nullable(),
    }),
  ),
  locks: z.array(
    z.strictObject({
      fid: U32,
      start: U64,
      end: U64,
      exclusive: z.boolean(),
      procId: U32,
      clientId: z.string(),
    }),
  ),
  /** Whole requests without a reply: reads that wait. They are put to the new tree. */
  pending: z.array(z.base64()),
  /** Beginning of a request whose rest is still to come. */
  partial: z.base64(),
});
export type SavedSession = z.infer<typeof SavedSession>;
