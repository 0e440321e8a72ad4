import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeFolders, memoryTree, writeFile } from '../ninep/trees/index.ts';
import { CALLS, type CallName, WASI_ERRNO } from './abi.ts';
import { MAX_DESCRIPTORS } from './descriptors.ts';
import { runProgram } from './run.ts';
import { type HandmadeCall, handmade, RESULTS } from './testkit/handmade.ts';

const FAULT = WASI_ERRNO.FAULT;
const BEYOND = 0xffff_fff0;

/** Prints what the calls before it returned: an iovec at 0 (see DATA) covers the results. */
const PRINT: HandmadeCall = { name: 'fd_write', args: [1, 0, 1, 50_000] };

/** iovec of the results at 0, of all memory and more at 16; paths at 100; an iovec of 10 bytes at 200. */
function data(calls: number): Uint8Array {
  const bytes = Buffer.alloc(256);
  bytes.writeUInt32LE(RESULTS, 0);
  bytes.writeUInt32LE(4 * calls, 4);
  bytes.writeUInt32LE(1000, 16);
  bytes.writeUInt32LE(0xffff_ffff, 20);
  bytes.write('file\0dir/sub\0new\0../up\0/abs\0', 100);
  bytes.writeUInt32LE(40_000, 200);
  bytes.writeUInt32LE(10, 204);
  return bytes;
}

async function tree() {
  const made = memoryTree({ quotaBytes: 1_000_000, quotaFiles: 500 });
  await makeFolders(made, 'dir/sub');
  await writeFile(made, 'file', Buffer.from('some text in a file'));
  return made;
}

async function run(calls: readonly HandmadeCall[], contents = data(calls.length)) {
  const pieces: Buffer[] = [];
  const outcome = await runProgram({
    wasm: handmade([...calls, PRINT], contents),
    args: ['program', 'an argument'],
    tree: await tree(),
    memoryMb: 1,
    wallSeconds: 50,
    signal: new AbortController().signal,
    onConsole: (chunk) => pieces.push(Buffer.from(chunk)),
  });
  const printed = Buffer.concat(pieces);
  const errors = Array.from({ length: Math.floor(printed.length / 4) }, (_, i) =>
    printed.readUInt32LE(4 * i),
  );
  return { outcome, errors };
}

/** Arguments that make a call work, up to its pointers; those are named P (result), B (buffer) and so on. */
const P = 45_000;
const FILE = [100, 4] as const;
const NEW = [113, 3] as const;
const WELL_MADE: Readonly<
  Record<Exclude<CallName, 'proc_exit' | 'proc_raise' | `sock_${string}`>, (number | bigint)[]>
> = {
  args_get: [P, P + 100],
  args_sizes_get: [P, P + 8],
  environ_get: [P, P + 100],
  environ_sizes_get: [P, P + 8],
  clock_res_get: [0, P],
  clock_time_get: [1, 0n, P],
  random_get: [P, 100],
  sched_yield: [],
  poll_oneoff: [1000, 2000, 1, P],
  fd_advise: [4, 0n, 0n, 0],
  fd_allocate: [4, 0n, 1n],
  fd_close: [4],
  fd_datasync: [4],
  fd_fdstat_get: [4, P],
  fd_fdstat_set_flags: [4, 0],
  fd_fdstat_set_rights: [4, 0n, 0n],
  fd_filestat_get: [4, P],
  fd_filestat_set_size: [4, 5n],
  fd_filestat_set_times: [4, 1n, 1n, 5],
  fd_pread: [4, 200, 1, 0n, P],
  fd_prestat_get: [3, P],
  fd_prestat_dir_name: [3, P, 1],
  fd_pwrite: [4, 200, 1, 0n, P],
  fd_read: [4, 200, 1, P],
  fd_readdir: [3, P, 500, 0n, P + 600],
  fd_renumber: [4, 1],
  fd_seek: [4, 0n, 0, P],
  fd_sync: [4],
  fd_tell: [4, P],
  fd_write: [4, 200, 1, P],
  path_create_directory: [3, ...NEW],
  path_filestat_get: [3, 0, ...FILE, P],
  path_filestat_set_times: [3, 0, ...FILE, 1n, 1n, 5],
  path_link: [3, 0, ...FILE, 3, ...NEW],
  path_open: [3, 0, ...FILE, 0, 0xfffffffn, 0xfffffffn, 0, P],
  path_readlink: [3, ...FILE, P, 100, P + 200],
  path_remove_directory: [3, 105, 7],
  path_rename: [3, ...FILE, 3, ...NEW],
  path_symlink: [...FILE, 3, ...NEW],
  path_unlink_file: [3, ...FILE],
};
/** Which of a call's parameters are addresses. */
const POINTERS: Readonly<Partial<Record<CallName, number[]>>> = {
  args_get: [0, 1],
  args_sizes_get: [0, 1],
  environ_sizes_get: [0, 1],
  clock_res_get: [1],
  clock_time_get: [2],
  random_get: [0],
  poll_oneoff: [0, 1, 3],
  fd_fdstat_get: [1],
  fd_filestat_get: [1],
  fd_pread: [1, 4],
  fd_prestat_get: [1],
  fd_prestat_dir_name: [1],
  fd_pwrite: [1, 4],
  fd_read: [1, 3],
  fd_readdir: [1, 4],
  fd_seek: [3],
  fd_tell: [1],
  fd_write: [1, 3],
  path_create_directory: [1],
  path_filestat_get: [2, 4],
  path_filestat_set_times: [2],
  path_link: [2, 5],
  path_open: [2, 8],
  path_readlink: [1, 3, 5],
  path_remove_directory: [1],
  path_rename: [1, 4],
  path_symlink: [0, 3],
  path_unlink_file: [1],
};
const OPEN: HandmadeCall = { name: 'path_open', args: WELL_MADE.path_open };

test('every call answers when it is made well', async () => {
  // readlink finds a file, which is no link; the last ones take the file away.
  const expected: Partial<Record<CallName, number>> = { path_readlink: WASI_ERRNO.INVAL };
  for (const [name, args] of Object.entries(WELL_MADE) as [keyof typeof WELL_MADE, number[]][]) {
    const { outcome, errors } = await run([OPEN, { name, args }]);
    if (name === 'fd_renumber') continue; // took away the console that would tell
    expect(outcome, name).toEqual({ state: 'exited', exitStatus: 0 });
    expect(errors, name).toEqual([0, expected[name] ?? 0]);
  }
});

test('an address beyond the memory is a fault, in every parameter of every call', async () => {
  for (const [name, positions] of Object.entries(POINTERS) as [keyof typeof WELL_MADE, number[]][]) {
    const calls = positions.flatMap((position) =>
      [BEYOND, 65_536, 65_535].map((address) => ({
        name,
        args: WELL_MADE[name].map((arg, i) => (i === position ? address : arg)),
      })),
    );
    const { outcome, errors } = await run([OPEN, ...calls]);
    expect(outcome, name).toEqual({ state: 'exited', exitStatus: 0 });
    for (const [i, error] of errors.slice(1).entries()) {
      // The last byte of the memory is a fine place for a single byte.
      const single = calls[i]?.args.includes(65_535) && name === 'fd_prestat_dir_name';
      expect(error, `${name} ${calls[i]?.args}`).toBe(single ? 0 : FAULT);
    }
  }
});

test('a length beyond the memory is a fault', async () => {
  const calls: HandmadeCall[] = [
    { name: 'fd_write', args: [1, 16, 1, P] },
    { name: 'fd_read', args: [4, 16, 1, P] },
    { name: 'random_get', args: [1000, 0xffff_ffff] },
    { name: 'fd_readdir', args: [3, 1000, 0xffff_ffff, 0n, P] },
  ];
  expect((await run([OPEN, ...calls])).errors).toEqual([0, FAULT, FAULT, FAULT, FAULT]);
});

test('other numbers that make no sense are refused, each by its name', async () => {
  const refused: [HandmadeCall, keyof typeof WASI_ERRNO][] = [
    [{ name: 'fd_read', args: [99, 200, 1, P] }, 'BADF'],
    [{ name: 'fd_read', args: [0xffff_ffff, 200, 1, P] }, 'BADF'],
    [{ name: 'fd_read', args: [3, 200, 1, P] }, 'ISDIR'],
    [{ name: 'fd_read', args: [4, 200, 0xffff_ffff, P] }, 'INVAL'],
    [{ name: 'fd_seek', args: [4, -1n, 0, P] }, 'INVAL'],
    [{ name: 'fd_seek', args: [4, 0n, 9, P] }, 'INVAL'],
    [{ name: 'fd_seek', args: [1, 0n, 0, P] }, 'SPIPE'],
    [{ name: 'fd_seek', args: [4, 2n ** 63n - 1n, 0, P] }, 'FBIG'],
    [{ name: 'fd_pwrite', args: [4, 200, 1, 2n ** 64n - 1n, P] }, 'FBIG'],
    [{ name: 'fd_allocate', args: [4, 2n ** 63n, 2n ** 63n] }, 'FBIG'],
    [{ name: 'fd_filestat_set_size', args: [4, 2n ** 50n] }, 'DQUOT'],
    [{ name: 'clock_time_get', args: [4, 0n, P] }, 'INVAL'],
    [{ name: 'poll_oneoff', args: [0, 0, 0, P] }, 'INVAL'],
    [{ name: 'poll_oneoff', args: [0, 0, 0xffff_ffff, P] }, 'INVAL'],
    [{ name: 'path_open', args: [3, 0, 100, 0xffff_ffff, 0, 0n, 0n, 0, P] }, 'NAMETOOLONG'],
    [{ name: 'path_open', args: [3, 0, 117, 5, 0, 0n, 0n, 0, P] }, 'NOTCAPABLE'],
    [{ name: 'path_open', args: [3, 0, 123, 4, 0, 0n, 0n, 0, P] }, 'NOTCAPABLE'],
    [{ name: 'path_open', args: [3, 0, 100, 5, 1, 0n, 0n, 0, P] }, 'INVAL'],
    [{ name: 'path_open', args: [4, 0, 100, 4, 0, 0n, 0n, 0, P] }, 'NOTDIR'],
    [{ name: 'path_symlink', args: [123, 4, 3, ...NEW] }, 'NOTCAPABLE'],
    [{ name: 'fd_prestat_get', args: [4, P] }, 'BADF'],
    [{ name: 'sock_send', args: [4, 0, 0, 0, P] }, 'NOTSOCK'],
    [{ name: 'sock_accept', args: [3, 0, P] }, 'NOTSOCK'],
  ];
  const { errors, outcome } = await run([OPEN, ...refused.map(([call]) => call)]);
  expect(outcome).toEqual({ state: 'exited', exitStatus: 0 });
  const named = errors.slice(1).map((error, i) => [refused[i]?.[0], nameOf(error)]);
  expect(named).toEqual(refused);
});

test('rights once given up are gone', async () => {
  const { errors } = await run([
    OPEN,
    { name: 'fd_fdstat_set_rights', args: [4, 2n, 0n] },
    { name: 'fd_read', args: [4, 200, 1, P] },
    { name: 'fd_write', args: [4, 200, 1, P] },
    { name: 'fd_fdstat_set_rights', args: [4, 66n, 0n] },
    { name: 'fd_fdstat_set_rights', args: [3, 0n, 0n] },
    OPEN,
  ]);
  expect(errors.map(nameOf)).toEqual([
    'SUCCESS',
    'SUCCESS',
    'SUCCESS',
    ...Array(2).fill('NOTCAPABLE'),
    'SUCCESS',
    'NOTCAPABLE',
  ]);
});

test('descriptors are limited and the lowest free one is given', async () => {
  const opens = Array<HandmadeCall>(MAX_DESCRIPTORS + 2).fill(OPEN);
  const { errors } = await run([
    ...opens,
    { name: 'fd_close', args: [100] },
    OPEN,
    { name: 'fd_tell', args: [100, P] },
  ]);
  expect(errors.slice(0, MAX_DESCRIPTORS - 4).every((error) => error === 0)).toBe(true);
  expect(errors.slice(MAX_DESCRIPTORS - 4).map(nameOf)).toEqual([
    ...Array(6).fill('MFILE'),
    ...Array(3).fill('SUCCESS'),
  ]);
});

test('the ways to end', async () => {
  expect((await run([{ name: 'proc_exit', args: [42] }])).outcome).toEqual({
    state: 'exited',
    exitStatus: 42,
  });
  expect((await run([{ name: 'proc_raise', args: [6] }])).outcome).toEqual({
    state: 'exited',
    exitStatus: 134,
  });
});

test('no arguments whatever make the host fail', { timeout: 120_000 }, async () => {
  const interesting = fc.constantFrom(
    0,
    1,
    2,
    3,
    4,
    5,
    8,
    16,
    76,
    100,
    200,
    4096,
    45_000,
    59_990,
    65_530,
    65_536,
    2 ** 31,
    2 ** 32 - 1,
  );
  const number = fc.oneof({ weight: 4, arbitrary: interesting }, fc.nat(300), fc.nat(65_535), fc.nat());
  const long = fc.oneof(
    number.map(BigInt),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.constant(0xfffffffn),
  );
  const names = (Object.keys(CALLS) as CallName[]).filter((name) => !name.startsWith('proc_'));
  const call = fc.constantFrom(...names).chain((name) =>
    fc.oneof(
      fc
        .tuple(...[...CALLS[name]].map((letter) => (letter === 'I' ? long : number)))
        .map((args) => ({ name, args })),
      // Nearly well made: one argument is off.
      fc.tuple(fc.nat(8), number).map(([which, value]) => {
        const args =
          (WELL_MADE as Partial<Record<CallName, (number | bigint)[]>>)[name] ??
          [...CALLS[name]].map(() => 0);
        return {
          name,
          args: args.map((arg, i) => (i !== which ? arg : typeof arg === 'bigint' ? BigInt(value) : value)),
        };
      }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 100, maxLength: 300 }), async (calls) => {
      const { outcome } = await run([OPEN, ...calls]);
      expect(outcome).toEqual({ state: 'exited', exitStatus: 0 });
    }),
    { numRuns: 30, endOnFailure: true },
  );
});

function nameOf(error: number): string {
  return Object.entries(WASI_ERRNO).find(([, value]) => value === error)?.[0] ?? `${error}`;
}
