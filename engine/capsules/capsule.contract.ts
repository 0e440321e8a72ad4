import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import * as trees from '../../ninep/trees/index.ts';
import { type Logger, makeLogger } from '../../platform/log.ts';
import type { Capsule, CapsuleDriver, RunOutcome, UnitRun } from './capsule.ts';
import { probe } from './testkit/probe.ts';

/** What a driver's test hands over: a module of this form, so that a process of its own can load it too. */
export interface DriverModule {
  /** @param options folder: an empty one for whatever the driver keeps; removed afterwards */
  makeDriver(options: { folder: string; log: Logger }): CapsuleDriver | Promise<CapsuleDriver>;
}

const SLOT_MEMORY_MB = 128;
const UNIT_MEMORY_MB = 64;
const NEVER = new AbortController().signal;
const CARD = '{"seed":1,"firstEvent":0,"events":1,"blockEvents":1,"parameters":{"text":"ünïcode"}}';
/** Some 0.03 s of a fast core, ten times that in an emulated one. */
const SHORT_WORK = 60;

/**
 * One suite for all drivers: what a capsule promises (capsule.ts), tried with real programs in the real thing.
 * @param part pausing: for a driver that differs from one that is wholly tried in that alone
 */
export function capsuleContract(kind: string, module: URL, part: 'all' | 'pausing' = 'all'): void {
  describe(`${kind} capsule`, () => {
    let folder: string;
    let driver: CapsuleDriver;
    let program: string;
    const capsules: Capsule[] = [];
    const pidsSeen = new Set<number>();
    let others: readonly number[];

    beforeAll(async () => {
      others = childrenOf(process.pid);
      folder = await mkdtemp(join(tmpdir(), 'beamtime-capsule-'));
      const { makeDriver }: DriverModule = await import(module.href);
      driver = await makeDriver({ folder, log: makeLogger(kind) });
      program = await probe(driver.capabilities.platform);
      expect(await driver.unavailable()).toBeNull();
    });
    afterEach(async () => {
      await Promise.all(capsules.splice(0).map((capsule) => capsule.stop()));
    });
    afterAll(async () => {
      await driver.close();
      for (const pid of pidsSeen) expect(isAlive(pid), `process ${pid} is left`).toBe(false);
      const left = childrenOf(process.pid).filter((pid) => !others.includes(pid));
      expect(left, 'child processes left').toEqual([]);
      await rm(folder, { recursive: true, force: true });
    });

    async function start(slotId = 'slot'): Promise<Capsule> {
      const capsule = await driver.start({ slotId, memoryMb: SLOT_MEMORY_MB, signal: NEVER });
      capsules.push(capsule);
      const { pid } = capsule.metrics();
      if (pid !== null) pidsSeen.add(pid);
      return capsule;
    }

    /** A unit, and what it told. */
    function unit(args: string[], change: Partial<UnitRun> = {}) {
      const told = { console: '', progress: [] as string[], live: [] as string[] };
      const run: UnitRun = {
        unitId: 'unit',
        programPath: program,
        args,
        job: trees.memoryTree({ quotaBytes: 64_000_000 }),
        memoryMb: UNIT_MEMORY_MB,
        wallSeconds: 100,
        onConsole: (chunk) => {
          told.console += Buffer.from(chunk).toString('latin1');
        },
        onProgress: ({ done, total }) => told.progress.push(`${done}/${total}`),
        onLive: (line) => told.live.push(line),
        ...change,
      };
      return { run, told };
    }

    async function output(run: UnitRun, path: string): Promise<string> {
      return Buffer.from(await trees.readFile(run.job, path)).toString();
    }

    async function runOnce(args: string[], change: Partial<UnitRun> = {}) {
      const { run, told } = unit(args, change);
      const outcome = await (await start()).run(run);
      return { outcome, run, told };
    }

    test('paused it uses no processor time and makes no progress; resumed it goes on to the same bits', async () => {
      // Long enough for three pauses; an emulated core takes ten times as long for a step.
      const steps = driver.capabilities.platform === 'wasm32-wasi' ? 600 : 150;
      const { run, told } = unit(['work', `${steps}`]);
      const capsule = await start();
      const outcome = capsule.run(run);
      await until(() => told.progress.length >= 3);
      for (let i = 0; i < 3; i++) {
        await Promise.all([capsule.pause(), capsule.pause()]);
        expect(capsule.metrics().paused).toBe(true);
        await settled(capsule);
        const before = { use: usedBy(capsule), progress: told.progress.length };
        await delay(400);
        expect(usedBy(capsule) - before.use).toBeLessThanOrEqual(0.02);
        expect(told.progress.length).toBe(before.progress);
        await Promise.all([capsule.resume(), capsule.resume()]);
        expect(capsule.metrics().paused).toBe(false);
        await until(() => told.progress.length > before.progress);
      }
      expect(await outcome).toEqual({ state: 'exited', exitStatus: 0 });
      expect(await output(run, 'out/numbers.txt')).toBe(await computedHere(steps));
      expect(capsule.metrics().cpuSeconds).toBeGreaterThan(0);
    });

    test('can be paused before its run and after it', async () => {
      const capsule = await start();
      await capsule.pause();
      const { run } = unit(['exit', '5']);
      const outcome = capsule.run(run);
      expect(await Promise.race([outcome, delay(300, 'waiting')])).toBe('waiting');
      await capsule.resume();
      expect(await outcome).toEqual({ state: 'exited', exitStatus: 5 });
      await capsule.pause();
      await capsule.resume();
    });

    test('pauses a program that makes no host call, or says that it cannot', async () => {
      const { run, told } = unit(['spin']);
      const capsule = await start();
      const outcome = capsule.run(run);
      await until(() => told.console.includes('spinning'));
      // Past the host call that told so.
      const usedWhenTold = usedBy(capsule);
      await until(() => usedBy(capsule) - usedWhenTold > 0.05);
      if (driver.capabilities.pausesAnywhere) {
        await capsule.pause();
        await settled(capsule);
        const before = usedBy(capsule);
        await delay(300);
        expect(usedBy(capsule) - before).toBeLessThanOrEqual(0.02);
      } else {
        await expect(capsule.pause()).rejects.toThrow('cannot be paused');
      }
      await capsule.stop();
      expect(await outcome).toEqual({ state: 'stopped' });
    });

    test('ends a program at its wall limit, not counting pauses', async () => {
      const { run, told } = unit(['work', '1000000'], { wallSeconds: 3 });
      const capsule = await start();
      let ended = false;
      const outcome = capsule.run(run).finally(() => {
        ended = true;
      });
      await until(() => told.progress.length > 0 || ended);
      await capsule.pause();
      await delay(3500);
      expect(ended).toBe(false);
      await capsule.resume();
      expect(await outcome).toMatchObject({ state: 'broken', reason: expect.stringMatching(/limit of 3 s/) });
    });

    if (part === 'pausing') return;

    test('gives the program its arguments, directory and card, and takes its files, console and exit status', async () => {
      const { run, told } = unit(['args', 'one', 'two words', '$HOME "quoted" \'too\'', '-in', '--']);
      await trees.writeFile(run.job, 'card.json', Buffer.from(CARD));
      const capsule = await start();
      expect(await capsule.run(run)).toEqual({ state: 'exited', exitStatus: 7 });
      expect(await output(run, 'out/deep/args.txt')).toBe(
        `[one]\n[two words]\n[$HOME "quoted" 'too']\n[-in]\n[--]\n${CARD}`,
      );
      expect(told.console.replaceAll('\r', '').split('\n').sort()).toEqual(['', 'to stderr', 'to stdout']);
    });

    test('tells exit statuses as they are', async () => {
      expect((await runOnce(['exit', '0'])).outcome).toEqual({ state: 'exited', exitStatus: 0 });
      expect((await runOnce(['exit', '93'])).outcome).toEqual({ state: 'exited', exitStatus: 93 });
    });

    test('tells progress and live as they grow, and computes the same bits as this machine', async () => {
      const { outcome, run, told } = await runOnce(['work', `${SHORT_WORK}`]);
      expect(outcome).toEqual({ state: 'exited', exitStatus: 0 });
      expect(told.progress.at(-1)).toBe(`${SHORT_WORK}/${SHORT_WORK}`);
      expect(told.progress.length).toBeGreaterThan(1);
      expect(told.live[0]).toBe('{"step":1}');
      expect(await output(run, 'out/numbers.txt')).toBe(await computedHere(SHORT_WORK));
    });

    test('keeps the console bounded', async () => {
      const { outcome, told } = await runOnce(['flood', '2000000']);
      expect(outcome).toEqual({ state: 'exited', exitStatus: 0 });
      expect(told.console.length).toBeGreaterThan(100);
      expect(told.console.length).toBeLessThan(1_100_000);
    });

    test.each(['idle', 'running', 'paused', 'ended'] as const)(
      'stopped while %s it frees everything',
      async (state) => {
        const socketsBefore = openSockets();
        const { run, told } = unit(state === 'ended' ? ['exit', '3'] : ['work', '1000000']);
        const capsule = await start(`stop-${state}`);
        const { pid } = capsule.metrics();
        let outcome: Promise<RunOutcome> | null = null;
        if (state !== 'idle') outcome = capsule.run(run);
        if (state === 'ended') await outcome;
        if (state === 'running' || state === 'paused') await until(() => told.progress.length > 0);
        if (state === 'paused') await capsule.pause();
        await Promise.all([capsule.stop(), capsule.stop()]);
        await capsule.stop();
        if (outcome) {
          expect(await outcome).toEqual(
            state === 'ended' ? { state: 'exited', exitStatus: 3 } : { state: 'stopped' },
          );
        }
        if (pid !== null) expect(isAlive(pid)).toBe(false);
        expect(capsule.metrics().pid).toBeNull();
        await capsule.pause();
        await capsule.resume();
        await until(() => openSockets() <= socketsBefore + sharedSockets);
      },
    );

    test('ends a program that computes for ever without a host call', async () => {
      const { outcome, told } = await runOnce(['spin'], { wallSeconds: 3 });
      expect(told.console).toContain('spinning');
      expect(outcome).toMatchObject({ state: 'broken', reason: expect.stringMatching(/limit of 3 s/) });
    });

    test('ends a program that takes more memory than its limit', async () => {
      const { outcome } = await runOnce(['hog'], { memoryMb: 40 });
      expect(outcome).toMatchObject({ state: 'broken', reason: expect.stringMatching(/memory/) });
      expect(outcome).not.toHaveProperty('lost', true);
    });

    test("tells a program that its directory's quota is used up", async () => {
      const { outcome, run } = await runOnce(['fill'], { job: trees.memoryTree({ quotaBytes: 2_000_000 }) });
      expect(outcome).toEqual({ state: 'exited', exitStatus: 40 });
      const { size } = await (await trees.nodeAt(run.job, 'out/big')).attributes();
      expect(Number(size)).toBeGreaterThan(1_000_000);
      expect(Number(size)).toBeLessThanOrEqual(2_000_000);
    });

    test('tells of a program that crashes', async () => {
      const { outcome } = await runOnce(['crash']);
      expect(outcome).toMatchObject({ state: 'broken' });
      expect(outcome).not.toHaveProperty('lost', true);
    });

    test('tells of a program that is damaged, and of one that is missing', async () => {
      const damaged = join(folder, 'damaged');
      const bytes = await readFile(program);
      await writeFile(damaged, bytes.subarray(0, 100), { mode: 0o755 });
      expect((await runOnce(['exit', '0'], { programPath: damaged })).outcome.state).not.toBe('stopped');
      expect((await runOnce(['exit', '0'], { programPath: damaged })).outcome).not.toEqual({
        state: 'exited',
        exitStatus: 0,
      });
      await expect(runOnce(['exit', '0'], { programPath: join(folder, 'missing') })).rejects.toThrow(
        'missing',
      );
    });

    test('runs many in sequence, each from a clean beginning', async () => {
      for (let i = 0; i < 5; i++) {
        const { run } = unit(['args', `run ${i}`]);
        await trees.writeFile(run.job, 'card.json', Buffer.from(`${i}`));
        const capsule = await start();
        expect(await capsule.run(run)).toEqual({ state: 'exited', exitStatus: 7 });
        await capsule.stop();
        expect(await output(run, 'out/deep/args.txt')).toBe(`[run ${i}]\n${i}`);
      }
    });

    test('runs two at once, neither touching the other', async () => {
      const first = unit(['work', `${SHORT_WORK}`]);
      const second = unit(['work', `${SHORT_WORK / 2}`]);
      const [one, two] = await Promise.all([start('one'), start('two')]);
      const outcomes = await Promise.all([one.run(first.run), two.run(second.run)]);
      expect(outcomes).toEqual(Array(2).fill({ state: 'exited', exitStatus: 0 }));
      expect(await output(first.run, 'out/numbers.txt')).toBe(await computedHere(SHORT_WORK));
      expect(await output(second.run, 'out/numbers.txt')).toBe(await computedHere(SHORT_WORK / 2));
    });

    test('runs one work unit only', async () => {
      const capsule = await start();
      await capsule.run(unit(['exit', '0']).run);
      await expect(async () => capsule.run(unit(['exit', '0']).run)).rejects.toThrow('one work unit');
    });

    test('is not started for somebody who has given up', async () => {
      const controller = new AbortController();
      const starting = driver.start({
        slotId: 'given-up',
        memoryMb: SLOT_MEMORY_MB,
        signal: controller.signal,
      });
      controller.abort(new Error('given up'));
      await expect(starting).rejects.toThrow('given up');
    });

    test('tells when its process is killed from outside', async () => {
      const { run, told } = unit(['work', '1000000']);
      const capsule = await start();
      const outcome = capsule.run(run);
      await until(() => told.progress.length > 0);
      const { pid } = capsule.metrics();
      if (pid === null) throw new Error('no process to kill');
      process.kill(pid, 'SIGKILL');
      expect(await outcome).toMatchObject({ state: 'broken', lost: true });
    });

    test('does not outlive an engine that is killed, be it idle, running or paused', async () => {
      const victimFolder = await mkdtemp(join(tmpdir(), 'beamtime-victim-'));
      const script = fileURLToPath(new URL('./testkit/victim.ts', import.meta.url));
      const victim = spawn(process.execPath, [script, module.href, victimFolder, program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const pids = (await firstLine(victim)).split(' ').map(Number);
        expect(pids).toHaveLength(3);
        for (const pid of pids) expect(isAlive(pid)).toBe(true);
        const descendants = [...pids, ...childrenOf(victim.pid ?? 0)];
        victim.kill('SIGKILL');
        await until(() => !descendants.some(isAlive));
        // The next engine in that folder starts, and sweeps what is left.
        const { makeDriver }: DriverModule = await import(module.href);
        const next = await makeDriver({ folder: victimFolder, log: makeLogger(kind) });
        expect(await next.unavailable()).toBeNull();
        await next.close();
      } finally {
        victim.kill('SIGKILL');
        await rm(victimFolder, { recursive: true, force: true });
      }
    });

    /** What a driver may keep open between slots, until close(): its guardian, its snapshot's server. */
    const sharedSockets = 2;
  });
}

/** out/numbers.txt of the same program, built for this machine, run on it. */
async function computedHere(steps: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-native-'));
  try {
    await promisify(execFile)(await probe('x86_64-linux'), ['work', `${steps}`], { cwd: folder });
    return await readFile(join(folder, 'out', 'numbers.txt'), 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

/**
 * What was under way when the pause came may still be told: at the lowest priority on a busy machine that takes its time.
 * @throws when it goes on for seconds
 */
async function settled(capsule: Capsule): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end; ) {
    const before = usedBy(capsule);
    await delay(50);
    if (usedBy(capsule) === before) return;
  }
  throw new Error('the capsule computes though it is paused');
}

/** Processor seconds of the capsule's process, by the kernel's account where there is one. */
function usedBy(capsule: Capsule): number {
  const { pid, cpuSeconds } = capsule.metrics();
  const stat = pid === null ? null : read(`/proc/${pid}/stat`);
  if (stat === null) return cpuSeconds;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return false;
  return !'ZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
}

function childrenOf(pid: number): number[] {
  const tasks = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
  return tasks
    .flatMap((task) => (read(`/proc/${pid}/task/${task}/children`) ?? '').split(' '))
    .filter(Boolean)
    .map(Number);
}

function openSockets(): number {
  if (!existsSync('/proc/self/fd')) return 0;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /^(socket|pipe):/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false; // the folder's own descriptor, closed by now
    }
  }).length;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null; // gone
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('exit', () => reject(new Error(`the victim ended before it was killed: ${text}`)));
  });
}
