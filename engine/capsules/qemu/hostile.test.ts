import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { hostFolder, memoryTree, nodeAt } from '../../../ninep/index.ts';
import { makeLogger } from '../../../platform/log.ts';
import { compileForTest } from '../../../wasi/testkit/compile.ts';
import type { CapsuleDriver } from '../capsule.ts';
import { probe } from '../testkit/probe.ts';
import { whyNoMachines } from './testkit/appliance.ts';
import { makeDriver } from './testkit/driver.ts';
import { type ProgramEnd, type ProgramRun, runProgram } from './testkit/run.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const why = await whyNoMachines();
const WALL_SECONDS = 2;
const OVERDUE = { state: 'broken', reason: `The program ran longer than its limit of ${WALL_SECONDS} s.` };
const OUT_OF_MEMORY = { state: 'broken', reason: 'The program ran out of memory: it may use 64 MB.' };

describe.skipIf(why !== null)(
  `a hostile program in the virtual machine (${why ?? 'testkit/hostile.c'})`,
  () => {
    let folder = '';
    let driver: CapsuleDriver;
    let program = '';
    let harmless = '';

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'beamtime-hostile-'));
      driver = await makeDriver({ folder, log: makeLogger('hostile') });
      program = await compileForTest(
        fileURLToPath(new URL('./testkit/hostile.c', import.meta.url)),
        'x86_64-linux',
      );
      harmless = await probe('x86_64-linux');
    });
    afterEach(async () => {
      expect(await readdir(join(folder, 'run'))).toEqual([]);
    });
    afterAll(async () => {
      await driver.close();
      await rm(folder, { recursive: true, force: true });
    });

    /** Ends by itself, or is ended for what it does; on a busy machine that takes its time. */
    const hostile = (args: string[], change: Partial<ProgramRun> = {}): Promise<ProgramEnd> =>
      runProgram(driver, { program, args, wallSeconds: 200, ...change });
    /** Ends by nothing but the limit. */
    const endless = (args: string[], change: Partial<ProgramRun> = {}): Promise<ProgramEnd> =>
      hostile(args, { wallSeconds: WALL_SECONDS, ...change });

    /** What it tried, by whether it was refused. */
    function attempts({ console, outcome }: ProgramEnd): { refused: number; wentThrough: string[] } {
      expect(outcome).toEqual({ state: 'exited', exitStatus: 0 });
      const lines = console.trimEnd().split(/\r?\n/);
      return {
        refused: lines.filter((line) => line.endsWith(' refused')).length,
        wentThrough: lines.filter((line) => !line.endsWith(' refused')),
      };
    }

    test('that hangs is ended', async () => {
      expect((await endless(['hang'])).outcome).toEqual(OVERDUE);
    });

    test('that floods its console is held back, and ended', async () => {
      const { outcome, console } = await endless(['flood']);
      expect(outcome).toEqual(OVERDUE);
      expect(console.length).toBeGreaterThan(10_000);
      expect(console.length).toBeLessThan(1_100_000);
    });

    test('that fills its work unit with bytes and files gets its quota, and is ended', async () => {
      const job = join(folder, 'filled');
      await mkdir(job);
      const { outcome } = await endless(['fill'], {
        job: hostFolder(job, { quotaBytes: 2_000_000, quotaFiles: 50 }),
        wallSeconds: 6,
      });
      expect(outcome).toMatchObject({ state: 'broken', reason: expect.stringContaining('limit of 6 s') });
      const names = await readdir(join(job, 'out'));
      expect(names.length).toBeGreaterThan(10);
      expect(names.length).toBeLessThanOrEqual(50);
      const sizes = await Promise.all(names.map(async (name) => (await stat(join(job, 'out', name))).size));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(total).toBeGreaterThan(1_000_000);
      expect(total).toBeLessThanOrEqual(2_000_000);
    });

    test('that forks without end costs its own slot only: a neighbour computes on', async () => {
      const neighbour = runProgram(driver, { program: harmless, args: ['work', '20'], slotId: 'neighbour' });
      // Two machines at once, of the lowest priority: on a busy machine the bomb takes its time to begin, on another its processes
      // need more memory than there is before the time is over.
      const bomb = await endless(['fork'], { slotId: 'bomb', wallSeconds: 8 });
      expect(bomb.outcome).toMatchObject({
        state: 'broken',
        reason: expect.stringMatching(/longer than its limit of 8 s|ran out of memory/),
      });
      expect(bomb.console).toContain('forking');
      expect((await neighbour).outcome).toEqual({ state: 'exited', exitStatus: 0 });
    });

    test.each([
      ['hog', 'in several processes'],
      ['fill-tmp', 'as files in memory'],
    ])('that eats memory is ended: %s, %s', async (verb) => {
      expect((await hostile([verb])).outcome).toEqual(OUT_OF_MEMORY);
    });

    test('that makes a huge sparse file is ended, and takes no room', async () => {
      const job = memoryTree({ quotaBytes: 1_000_000 });
      expect((await hostile(['sparse'], { job })).outcome).toEqual({
        state: 'broken',
        reason: 'The program wrote a file larger than it may (4 GB).',
      });
      expect((await (await nodeAt(job, 'out/sparse')).attributes()).size).toBe(0n);
    });

    test('that goes on making one is refused', async () => {
      expect(attempts(await hostile(['sparse', 'far']))).toEqual({ refused: 3, wentThrough: [] });
    });

    test('does not get out of its work unit', async () => {
      const secret = join(folder, 'secret');
      await writeFile(secret, 'the host has a secret');
      const job = join(folder, 'escaped');
      await mkdir(job);
      const end = await hostile(['escape', secret, 'secret'], { job: hostFolder(job) });
      expect(attempts(end)).toEqual({ refused: 15, wentThrough: [] });
    });

    test('gains no rights', async () => {
      expect(attempts(await hostile(['rise']))).toEqual({ refused: 26, wentThrough: [] });
    });

    test('leaves nobody behind when it ends', async () => {
      const job = memoryTree({ quotaBytes: 16_000_000 });
      const { outcome } = await hostile(['leave-behind'], { job });
      expect(outcome).toEqual({ state: 'exited', exitStatus: 5 });
    });

    test('ends nobody but itself', async () => {
      expect((await hostile(['end-all'])).outcome).toEqual({ state: 'exited', exitStatus: 93 });
    });

    test('cost its own slot only, whatever it did: the next finds all as ever', async () => {
      const next = await runProgram(driver, { program: harmless, args: ['exit', '7'] });
      expect(next.outcome).toEqual({ state: 'exited', exitStatus: 7 });
    });
  },
);
