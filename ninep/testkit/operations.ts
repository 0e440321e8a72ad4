import fc from 'fast-check';
import { O } from './client.ts';

/** File operations as a program makes them; what they do is compared between a 9P tree and a real folder. */
export type Operation =
  | {
      readonly do: 'create';
      readonly path: string;
      readonly flags: number;
      readonly data: string;
      readonly keep: boolean;
    }
  | { readonly do: 'open'; readonly path: string; readonly flags: number }
  | { readonly do: 'read'; readonly handle: number; readonly offset: number; readonly count: number }
  | { readonly do: 'write'; readonly handle: number; readonly offset: number; readonly data: string }
  | { readonly do: 'resize'; readonly handle: number; readonly size: number }
  | { readonly do: 'stat'; readonly handle: number }
  | { readonly do: 'close'; readonly handle: number }
  | { readonly do: 'truncate'; readonly path: string; readonly size: number }
  | { readonly do: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly do: 'symlink'; readonly path: string; readonly target: string }
  | { readonly do: 'mkdir' | 'rmdir' | 'unlink' | 'list' | 'lstat' | 'readlink'; readonly path: string }
  | { readonly do: 'link' | 'rename'; readonly from: string; readonly to: string };

/** What a program learns: a value, or an error number. */
export type Outcome = { readonly value: unknown } | { readonly errno: string };

/** The same operations on something. */
export interface Machine {
  carryOut(operation: Operation): Promise<unknown>;
}

export async function outcome(machine: Machine, operation: Operation): Promise<Outcome> {
  try {
    return { value: await machine.carryOut(operation) };
  } catch (error) {
    const { errno, code } = error as { errno?: unknown; code?: unknown };
    if (typeof errno === 'string') return { errno };
    if (typeof code === 'string') return { errno: code };
    throw error;
  }
}

// Few names, so that operations meet; one with bytes that are no text.
const name = fc.constantFrom('a', 'b', 'c', '\xe9\xff \x01');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const size = fc.oneof(fc.nat(20), fc.integer({ min: 65530, max: 65545 }), fc.constant(200_000));
const data = fc.oneof(
  fc.string({ maxLength: 8, unit: 'grapheme-ascii' }),
  size.map((length) => 'x'.repeat(length)),
);
/** Of those that are open then; the number is taken modulo how many there are. */
const handle = fc.nat(7);
const flags = fc
  .record({
    access: fc.constantFrom(O.RDONLY, O.WRONLY, O.RDWR),
    append: fc.boolean(),
    truncate: fc.boolean(),
  })
  // What O_TRUNC does to a file opened for reading is unspecified, says open(2).
  .map(
    (how) =>
      how.access | (how.append ? O.APPEND : 0) | (how.truncate && how.access !== O.RDONLY ? O.TRUNC : 0),
  );
/** The owner's rights always stay (see hostFolder). */
const mode = fc.integer({ min: 0, max: 0o77 }).map((bits) => 0o700 | bits);

const kinds: readonly { weight: number; arbitrary: fc.Arbitrary<Operation> }[] = [
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      path,
      flags: fc.tuple(flags, fc.boolean()).map(([how, exclusive]) => how | (exclusive ? O.EXCL : 0)),
      data,
      keep: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const), path, flags }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      handle,
      offset: size,
      count: size.map((count) => count + 1),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), handle, offset: size, data }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resize' as const), handle, size }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stat' as const), handle }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), handle }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('truncate' as const), path, size }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('chmod' as const), path, mode }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('symlink' as const), path, target: path }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('mkdir', 'mkdir', 'rmdir', 'unlink', 'list', 'lstat', 'readlink'),
      path,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('link', 'rename', 'rename'), from: path, to: path }),
  },
];

export const operations: fc.Arbitrary<Operation[]> = fc.array(fc.oneof(...kinds), {
  maxLength: 60,
  size: 'max',
});
