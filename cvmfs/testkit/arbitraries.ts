import fc from 'fast-check';
import type { Entry } from '../format/entry.ts';
import { PLAIN } from '../format/flags.ts';
import { ALGORITHMS, type ContentHash, hashFromBytes } from '../format/hashes.ts';

const bytes20 = fc.uint8Array({ minLength: 20, maxLength: 20 });
export const anyAlgorithm = fc.constantFrom(...ALGORITHMS);
export const anyHash: fc.Arbitrary<ContentHash> = fc
  .tuple(anyAlgorithm, bytes20)
  .map(([algorithm, bytes]) => hashFromBytes(algorithm, bytes));

/** Names of any bytes that a Linux folder may hold. */
export const anyName = fc
  .uint8Array({ minLength: 1, maxLength: 255 })
  .map((bytes) => Buffer.from(bytes).toString('latin1').replaceAll(/[/\0]/g, '_'))
  .filter((name) => name !== '.' && name !== '..');

export const anyXattrs = fc
  .array(
    fc.tuple(
      fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme-ascii' }),
      fc.uint8Array({ maxLength: 255 }),
    ),
    { maxLength: 6 },
  )
  .map((pairs) => new Map(pairs));

const permissions = fc.integer({ min: 0, max: 0o7777 });
const common = fc.record({
  name: anyName,
  uid: fc.integer({ min: 0, max: 0xffffffff }),
  gid: fc.integer({ min: 0, max: 0xffffffff }),
  mtime: fc.integer({ min: -1e9, max: 1e11 }),
  mtimeNs: fc.option(fc.integer({ min: 0, max: 999_999_999 })),
  links: fc.integer({ min: 1, max: 0xffffffff }),
  hardlinkGroup: fc.integer({ min: 0, max: 0x7fffffff }),
  xattrs: anyXattrs,
  hidden: fc.boolean(),
});
const size = fc.maxSafeNat();

export const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.tuple(common, permissions, fc.constantFrom('', 'mountpoint', 'root', 'bind')).map(
    ([given, bits, what]): Entry => ({
      ...PLAIN,
      ...given,
      kind: 'directory',
      mode: 0o040000 | bits,
      size: 4096,
      nestedMountpoint: what === 'mountpoint',
      nestedRoot: what === 'root',
      bindMountpoint: what === 'bind',
      hash: null,
      target: '',
    }),
  ),
  fc
    .tuple(
      common,
      permissions,
      size,
      bytes20,
      anyAlgorithm,
      fc.constantFrom('zlib' as const, 'none' as const),
      fc.boolean(),
    )
    .map(
      ([given, bits, bytes, hash, algorithm, compression, chunked]): Entry => ({
        ...PLAIN,
        ...given,
        kind: 'file',
        mode: 0o100000 | bits,
        size: bytes,
        algorithm,
        compression,
        chunked,
        directIo: bits % 2 === 0,
        hash: chunked ? null : hashFromBytes(algorithm, hash),
        target: '',
      }),
    ),
  fc.tuple(common, anyName).map(
    ([given, target]): Entry => ({
      ...PLAIN,
      ...given,
      kind: 'symlink',
      mode: 0o120777,
      size: target.length,
      hash: null,
      target,
    }),
  ),
  fc.tuple(common, fc.constantFrom(0o010644, 0o020600, 0o060600, 0o140755), fc.nat()).map(
    ([given, mode, rdev]): Entry => ({
      ...PLAIN,
      ...given,
      kind: 'special',
      mode,
      size: rdev,
      hash: null,
      target: '',
    }),
  ),
);
