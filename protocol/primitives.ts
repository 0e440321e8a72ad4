import { z } from 'zod';

/** Lower-case hexadecimal SHA-256: the name of every immutable object. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits');
export type Sha256 = z.infer<typeof Sha256>;

/** Any JSON. One schema for all, so that descriptions of the API can refer to it by name. */
export const Json = z.json();

/** A whole number that survives JSON and double precision unchanged. */
export const Count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** RFC 3339 moment in UTC. */
export const Moment = z.iso.datetime();

/** Names that end up in paths, URLs and reports: short, lower case, no surprises. */
export const Slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'use lower-case letters, digits, ".", "_" or "-" (at most 63)')
  .refine((name) => !name.includes('..'), 'must not contain ".."');
export type Slug = z.infer<typeof Slug>;

/** An immutable object: fetched by hash, with its length known beforehand. */
export const Blob = z.strictObject({ sha256: Sha256, bytes: Count });
export type Blob = z.infer<typeof Blob>;

/** What every store can keep: no NUL, no half of a surrogate pair. Same length. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** What a program or a host says, for people to read: characters that no store can keep are replaced. */
export const said = (maximum: number) => z.string().max(maximum).overwrite(storable);

/**
 * Path inside a work unit: relative, forward slashes, no empty, "." or ".." component. No control characters: a line of
 * the manifest that is hashed (platform/output-hash.ts) is one file's.
 */
export const UnitPath = z
  .string()
  .min(1)
  .max(255)
  .refine(
    (path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
    'must be a relative path without empty, "." or ".." parts',
  )
  .refine((path) => !/\p{Cc}/u.test(path), 'must not contain control characters')
  .refine((path) => path.isWellFormed(), 'must not contain half a surrogate pair');

export const OutputFile = z.strictObject({ path: UnitPath, sha256: Sha256, bytes: Count });
export type OutputFile = z.infer<typeof OutputFile>;
