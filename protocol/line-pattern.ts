import { z } from 'zod';

/**
 * How a release names lines of a program's text: "step # of *". `*` stands for anything, `#` for a number (whatever it
 * is), a blank for one or more blanks or tabs; blanks at both ends of a line do not count. No regular expression: these
 * come from outside and are matched against what a program writes, and must not be able to take for ever.
 */
export const LinePattern = z
  .string()
  .min(1)
  .max(200)
  .refine((pattern) => pattern === pattern.trim(), 'must not begin or end with a blank')
  .refine((pattern) => (pattern.match(/\*/g) ?? []).length <= 8, 'has more than eight "*"');
export type LinePattern = z.infer<typeof LinePattern>;
