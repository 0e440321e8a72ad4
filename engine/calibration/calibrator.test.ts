import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../../platform/processes.ts';
import type { Release } from '../../protocol/release.ts';
import { type CapsuleDriver, CapsuleError, type CapsuleKind } from '../capsules/capsule.ts';
import { makeDriver as makeQemu } from '../capsules/qemu/testkit/driver.ts';
import { probe } from '../capsules/testkit/probe.ts';
import { wasmDriver } from '../capsules/wasm/index.ts';
import { systemClock } from '../clock.ts';
import { type CalibrationCandidate, Calibrator } from './index.ts';
import { measureRate, NotMeasured } from './measure.ts';

const log = pino({ level: 'silent' });
/** A busy machine may need long for a first word. */
const times = { enoughMs: 200, atMostMs: 2_000, firstWithinMs: 30_000 };
const WITHIN = { timeout: 60_000 };
const NEVER = new AbortController().signal;
const canBoot = spawnSync('qemu-system-x86_64', ['--version']).status === 0;

let folder: string;
let wasmProgram: string;
let wasm: CapsuleDriver;
/** Added to the wall clock. */
let later = 0;
const calibrators: Calibrator[] = [];
const clock = { ...systemClock, now: () => Date.now() + later };

beforeAll(async () => {
  wasmProgram = await probe('wasm32-wasi');
  wasm = wasmDriver({ log });
});
afterAll(() => wasm.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-calibration-'));
  later = 0;
});
afterEach(async () => {
  await Promise.all(calibrators.splice(0).map((one) => one.close()));
  await rm(folder, { recursive: true });
});

function release(args: string[]): Release {
  return {
    application: 'probe',
    version: '1',
    title: 'Probe',
    description: '',
    licence: 'none',
    programs: {
      'wasm32-wasi': { sha256: 'a'.repeat(64), bytes: 1 },
      'x86_64-linux': { sha256: 'b'.repeat(64), bytes: 1 },
    },
    args,
    parameters: {},
    histograms: [],
    samples: [],
    limits: { memoryMb: 64, wallSeconds: 100, outputBytes: 1e6 },
    referenceMicrosecondsPerEvent: 1000,
  };
}

const card = { seed: 1, firstEvent: 0, events: 1_000_000, blockEvents: 10, parameters: {} };
const BUSY = ['work', '1000000'];

function candidate(args: string[] = BUSY, programs?: ReadonlyMap<CapsuleKind, string>): CalibrationCandidate {
  const both = new Map<CapsuleKind, string>([
    ['wasm', wasmProgram],
    ['qemu', wasmProgram],
  ]);
  return { project: 'p', release: release(args), card, programs: programs ?? both };
}

/** Counts what is started. */
function watched(driver: CapsuleDriver) {
  const pids: number[] = [];
  const counting: CapsuleDriver = {
    kind: driver.kind,
    capabilities: driver.capabilities,
    unavailable: () => driver.unavailable(),
    close: () => driver.close(),
    async start(slot) {
      const capsule = await driver.start(slot);
      pids.push(capsule.metrics().pid ?? 0);
      return capsule;
    },
  };
  return { driver: counting, pids };
}

const broken: CapsuleDriver = {
  ...{ kind: 'qemu', unavailable: async () => null, close: async () => {} },
  capabilities: {
    platform: 'x86_64-linux',
    unmodifiedPrograms: true,
    pausesAnywhere: true,
    checkpoints: false,
  },
  start: async () => {
    throw new CapsuleError('this machine does not start');
  },
};

function calibrator(drivers: Partial<Record<CapsuleKind, CapsuleDriver>>, facts = 'the same') {
  const one = new Calibrator({
    driver: async (kind) => drivers[kind] ?? broken,
    facts: (kind) => `${kind} ${facts}`,
    file: join(folder, 'machine.json'),
    clock,
    log,
    times,
    onChange: () => {},
  });
  calibrators.push(one);
  return one;
}

/** Offers the candidate, and waits until nothing is measured. @returns whether anything was */
async function settle(one: Calibrator, offered = candidate()): Promise<boolean> {
  one.allow(true);
  one.consider([offered]);
  if (!one.measuring) return false;
  await expect.poll(() => one.measuring, WITHIN).toBeNull();
  return true;
}

describe('measureRate', () => {
  const measure = (args: string[], firstWithinMs = times.firstWithinMs) =>
    measureRate({
      ...{
        driver: wasm,
        programPath: wasmProgram,
        release: release(args),
        card,
        clock: systemClock,
        signal: NEVER,
      },
      times: { ...times, firstWithinMs },
      onCapsule: () => {},
    });

  test('counts what a program tells, for a second or two', async () => {
    const rate = await measure(BUSY);
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThan(1e6);
  });

  test('a program that ends early is measured by what it did', async () => {
    expect(await measure(['work', '3'])).toBeGreaterThan(0);
  });

  test('a program that fails, crashes or tells nothing gives no figure but a reason', async () => {
    await expect(measure(['exit', '3'])).rejects.toThrow(new NotMeasured('the program ended with status 3'));
    await expect(measure(['crash'])).rejects.toBeInstanceOf(NotMeasured);
    await expect(measure(['exit', '0'])).rejects.toThrow(new NotMeasured('it made no event'));
  });

  test('a program that makes no event does not hold up the rest', async () => {
    await expect(measure(['spin'], 1_000)).rejects.toThrow('no event within 1 s');
  });
});

describe('Calibrator', { timeout: 180_000 }, () => {
  test('a capsule that does not start is last, is told why, and is tried again after a day', async () => {
    const one = calibrator({ wasm });
    expect(one.order(release(BUSY), ['qemu', 'wasm'])).toEqual(['qemu', 'wasm']);
    expect(await settle(one)).toBe(true);
    expect(one.order(release(BUSY), ['qemu', 'wasm'])).toEqual(['wasm', 'qemu']);
    expect(one.views('auto')).toEqual([
      { application: 'probe', version: '1', eventsPerSecond: { wasm: expect.any(Number) }, chosen: 'wasm' },
    ]);
    expect(JSON.parse(await readFile(join(folder, 'machine.json'), 'utf8')).calibrations).toMatchObject([
      { failed: { qemu: 'this machine does not start' } },
    ]);
    expect(await settle(one)).toBe(false);
    later = 25 * 3600_000;
    expect(await settle(one)).toBe(true);
  });

  test('is remembered for this application, its programs and these capsules; another life measures nothing', async () => {
    // Two drivers of the one kind that runs everywhere stand for two kinds.
    const first = watched(wasm);
    expect(await settle(calibrator({ wasm: first.driver, qemu: first.driver }))).toBe(true);
    expect(first.pids).toHaveLength(2);
    expect(first.pids.filter(isAlive)).toEqual([]);

    const second = watched(wasm);
    const again = calibrator({ wasm: second.driver, qemu: second.driver });
    await again.load();
    expect(again.views('qemu')).toMatchObject([
      { chosen: 'qemu', eventsPerSecond: { wasm: expect.any(Number) } },
    ]);
    expect(await settle(again)).toBe(false);
    const changed = {
      ...candidate(),
      release: { ...release(BUSY), programs: { 'wasm32-wasi': { sha256: 'c'.repeat(64), bytes: 1 } } },
    };
    expect(await settle(again, changed)).toBe(true);
    const otherFacts = calibrator({ wasm: second.driver, qemu: second.driver }, 'another accelerator');
    await otherFacts.load();
    expect(await settle(otherFacts)).toBe(true);
  });

  test('where only one capsule can run it there is nothing to measure', async () => {
    const one = calibrator({ wasm });
    expect(await settle(one, candidate(BUSY, new Map([['wasm', wasmProgram]])))).toBe(false);
    expect(one.views('auto')).toEqual([]);
  });

  test('gives way at once; what it had is kept, and the rest follows', async () => {
    const { driver, pids } = watched(wasm);
    const one = calibrator({ wasm: driver, qemu: driver });
    one.allow(true);
    one.consider([candidate()]);
    await expect.poll(() => pids.length, WITHIN).toBe(2);
    await expect.poll(() => one.measuring?.metrics?.pid, WITHIN).toBe(pids[1]);
    one.allow(false);
    await expect.poll(() => one.measuring, WITHIN).toBeNull();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(one.views('auto')).toEqual([]);
    one.consider([candidate()]);
    expect(one.measuring).toBeNull();
    expect(await settle(one)).toBe(true);
    expect(pids).toHaveLength(3);
    expect(Object.keys(one.views('auto')[0]?.eventsPerSecond ?? {})).toEqual(['wasm', 'qemu']);
  });

  test('that has to give way again and again is left for another day', async () => {
    const { driver, pids } = watched(wasm);
    const one = calibrator({ wasm: driver, qemu: driver });
    for (let i = 0; i < 3; i++) {
      one.allow(true);
      one.consider([candidate()]);
      expect(one.measuring).not.toBeNull();
      one.allow(false);
      await expect.poll(() => one.measuring, WITHIN).toBeNull();
    }
    expect(await settle(one)).toBe(false);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('facts that are damaged or cannot be written: it is measured, and the work goes on', async () => {
    await writeFile(join(folder, 'machine.json'), '{"calibrations": "nonsense"');
    const one = calibrator({ wasm });
    await one.load();
    expect(await settle(one)).toBe(true);
    expect(one.order(release(BUSY), ['qemu', 'wasm'])[0]).toBe('wasm');
  });

  test('close() ends a measurement', async () => {
    const { driver, pids } = watched(wasm);
    const one = calibrator({ wasm: driver, qemu: driver });
    one.allow(true);
    one.consider([candidate()]);
    await expect.poll(() => pids.length, WITHIN).toBe(1);
    await one.close();
    expect(pids.filter(isAlive)).toEqual([]);
    one.allow(true);
    one.consider([candidate()]);
    expect(one.measuring).toBeNull();
  });

  test.skipIf(!canBoot)(
    'WebAssembly against a real virtual machine (needs QEMU)',
    { timeout: 180_000 },
    async () => {
      const qemu = await makeQemu({ folder, log });
      try {
        const one = calibrator({ wasm, qemu });
        const programs = new Map<CapsuleKind, string>([
          ['wasm', wasmProgram],
          ['qemu', await probe('x86_64-linux')],
        ]);
        expect(await settle(one, candidate(BUSY, programs))).toBe(true);
        const [view] = one.views('auto');
        const { wasm: a = 0, qemu: b = 0 } = view?.eventsPerSecond ?? {};
        expect(Math.min(a, b)).toBeGreaterThan(0);
        expect(view?.chosen).toBe(a > b ? 'wasm' : 'qemu');
      } finally {
        await qemu.close();
      }
      expect(existsSync(join(folder, 'run/calibration'))).toBe(false);
    },
  );
});
