import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { Tree } from '../ninep/tree.ts';
import { memoryTree } from '../ninep/trees/index.ts';
import { type ProgramRun, runProgram } from './run.ts';
import { compileForTest } from './testkit/compile.ts';
import { handmade } from './testkit/handmade.ts';

let surroundings: string;
let probe: string;
beforeAll(async () => {
  const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  surroundings = await compileForTest(source('./testkit/surroundings.c'), 'wasm32-wasi');
  probe = await compileForTest(source('../engine/capsules/testkit/probe.c'), 'wasm32-wasi');
});

function run(change: Partial<ProgramRun>) {
  return runProgram({
    wasm: surroundings,
    args: ['program'],
    tree: memoryTree(),
    memoryMb: 64,
    wallSeconds: 50,
    signal: new AbortController().signal,
    onConsole: () => {},
    ...change,
  });
}

test('takes the program as bytes too', async () => {
  expect(await run({ wasm: handmade([]) })).toEqual({ state: 'exited', exitStatus: 0 });
});

test('ends a program that runs too long', async () => {
  expect(await run({ args: ['program', 'spin'], wallSeconds: 0.3 })).toEqual({
    state: 'broken',
    reason: 'the program ran longer than its limit of 0.3 s',
  });
});

test('is stopped by its signal, before and while it runs', async () => {
  expect(await run({ signal: AbortSignal.abort() })).toEqual({ state: 'stopped' });
  expect(await run({ args: ['program', 'spin'], signal: AbortSignal.timeout(200) })).toEqual({
    state: 'stopped',
  });
});

test('tells how a program crashed', async () => {
  expect(await run({ args: ['program', 'trap'] })).toEqual({
    state: 'broken',
    reason: 'the program crashed: unreachable',
  });
  expect(await run({ args: ['program', 'dig'] })).toMatchObject({
    state: 'broken',
    reason: expect.stringMatching(/crashed/),
  });
  expect(await run({ wasm: probe, args: ['program', 'hog'], memoryMb: 30 })).toEqual({
    state: 'broken',
    reason: 'the program crashed: unreachable; it had used up its 30 MB of memory',
  });
});

test('tells why a file is no program for it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-run-'));
  try {
    const file = join(folder, 'file');
    await writeFile(file, '\x7fELF and so on');
    expect(await run({ wasm: file })).toEqual({
      state: 'broken',
      reason: 'the program is not a WebAssembly module',
    });
    await expect(run({ wasm: join(folder, 'none') })).rejects.toThrow('ENOENT');
  } finally {
    await rm(folder, { recursive: true });
  }
  const bytes = Buffer.from(handmade([]));
  expect(await run({ wasm: bytes.subarray(0, bytes.length - 30) })).toMatchObject({
    state: 'broken',
    reason: expect.stringMatching(/damaged/),
  });
  const other = Buffer.from(bytes.toString('latin1').replaceAll('sock_send', 'sock_sent'), 'latin1');
  expect(await run({ wasm: other })).toEqual({
    state: 'broken',
    reason:
      'the program needs wasi_snapshot_preview1.sock_sent, which is not offered: build it for wasi_snapshot_preview1',
  });
  const noStart = Buffer.from(bytes.toString('latin1').replaceAll('_start', '_begin'), 'latin1');
  expect(await run({ wasm: noStart })).toMatchObject({
    state: 'broken',
    reason: expect.stringMatching(/_start/),
  });
  expect(await run({ wasm: handmade([]), memoryMb: 0 })).toMatchObject({
    state: 'broken',
    reason: expect.stringMatching(/needs 1 MB/),
  });
});

test('prints no more of a flood than people want to read', async () => {
  let printed = 0;
  const outcome = await run({
    wasm: probe,
    args: ['program', 'flood', '3000000'],
    onConsole: (chunk) => {
      printed += chunk.length;
    },
  });
  expect(outcome).toEqual({ state: 'exited', exitStatus: 0 });
  expect(printed).toBe(1_000_000);
});

test('a tree that fails in its own way is a defect, not an answer to the program', async () => {
  const tree: Tree = {
    root: () => Promise.reject(new Error('the disk is on fire')),
    statfs: () => Promise.reject(new Error('the disk is on fire')),
  };
  await expect(run({ tree })).rejects.toThrow('the disk is on fire');
});
