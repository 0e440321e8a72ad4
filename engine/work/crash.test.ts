import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { appendFile, writeFile } from '../../ninep/trees/index.ts';
import type { FinishedUnit } from '../../protocol/engine-api.ts';
import { type CapsuleDriver, CapsuleError, type RunOutcome } from '../capsules/capsule.ts';
import { ObjectCache } from '../objects/index.ts';
import { MembershipStore, ProjectClient } from '../project/index.ts';
import { Consoles } from '../slots/consoles.ts';
import { DriverPool } from '../slots/drivers.ts';
import { HistogramBook } from '../slots/live-histograms.ts';
import { Supervisor } from '../slots/supervisor.ts';
import { Software } from '../software/index.ts';
import { ManualClock } from '../testkit/clock.ts';
import { type Mishap, ModelProject } from '../testkit/model-project.ts';
import { Desk, neededObjects, Spool, Turns, Work } from './index.ts';

const log = pino({ level: 'silent' });
const UNITS = 4;
const BUFFER = 3;

/** Where this life of the engine ends: at its n-th look at network or disk, before or after that took effect. */
interface Life {
  readonly diesAt: number;
  readonly afterEffect: boolean;
}

/** Everything of one life that reaches outside passes here; after death nothing answers any more. */
class Gate {
  #left: number;
  #life: Life;
  isDead = false;
  #inAir = new Set<Promise<unknown>>();

  constructor(life: Life) {
    this.#life = life;
    this.#left = life.diesAt;
  }

  async pass<T>(effect: () => Promise<T>): Promise<T> {
    if (this.isDead) return new Promise(() => {});
    if (--this.#left === 0) {
      this.isDead = true;
      if (this.#life.afterEffect) await this.#watch(effect()).catch(() => {});
      return new Promise(() => {});
    }
    const result = await this.#watch(effect());
    return this.isDead ? new Promise(() => {}) : result;
  }

  /** A dead process does nothing any more; here its last calls must end before the next life begins. */
  async die(): Promise<void> {
    this.isDead = true;
    await Promise.allSettled(this.#inAir);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }

  #watch<T>(effect: Promise<T>): Promise<T> {
    this.#inAir.add(effect);
    const done = () => this.#inAir.delete(effect);
    effect.then(done, done);
    return effect;
  }
}

class GatedSpool extends Spool {
  #gate: Gate;
  constructor(folder: string, gate: Gate) {
    super(folder, log);
    this.#gate = gate;
  }
  override load = () => this.#gate.pass(() => super.load());
  override add = (...args: Parameters<Spool['add']>) => this.#gate.pass(() => super.add(...args));
  override saveState = (...args: Parameters<Spool['saveState']>) =>
    this.#gate.pass(() => super.saveState(...args));
  override saveRelease = (...args: Parameters<Spool['saveRelease']>) =>
    this.#gate.pass(() => super.saveRelease(...args));
  override removeJob = (...args: Parameters<Spool['removeJob']>) =>
    this.#gate.pass(() => super.removeJob(...args));
  override remove = (...args: Parameters<Spool['remove']>) => this.#gate.pass(() => super.remove(...args));
}

/** A capsule of this process: writes what the card says, or breaks, as the fates say. */
function driver(fate: () => RunOutcome | 'no start' | 'fine', gate: Gate): CapsuleDriver {
  return {
    kind: 'wasm',
    capabilities: {
      platform: 'wasm32-wasi',
      unmodifiedPrograms: false,
      pausesAnywhere: true,
      checkpoints: false,
    },
    unavailable: async () => null,
    close: async () => {},
    start: async () => {
      const outcome = fate();
      if (outcome === 'no start') throw new CapsuleError('no capsule today');
      return {
        startup: { bootMs: null, restoreMs: null },
        run: (unit) =>
          gate.pass(async () => {
            await writeFile(unit.job, 'out/result', `of ${unit.unitId}`.repeat(100));
            // Too large to go with the report.
            await writeFile(unit.job, 'out/sample', unit.unitId.repeat(90_000));
            await appendFile(unit.job, 'progress', '5 10\n');
            unit.onProgress({ done: 5, total: 10 });
            return outcome === 'fine' ? { state: 'exited', exitStatus: 0 } : outcome;
          }),
        pause: async () => {},
        resume: async () => {},
        stop: async () => {},
        metrics: () => ({ pid: null, cpuSeconds: 0, residentBytes: 0, paused: false }),
      };
    },
  };
}

function isSettled(unit: FinishedUnit | undefined): boolean {
  return unit !== undefined && unit.verdict !== 'unreported' && unit.verdict !== 'pending';
}

interface World {
  readonly folder: string;
  readonly project: ModelProject;
  readonly clock: ManualClock;
  readonly random: () => number;
  readonly history: Map<string, FinishedUnit>;
  fate: () => RunOutcome | 'no start' | 'fine';
}

async function begin(world: World, life: Life) {
  const { folder, clock, project, random } = world;
  const gate = new Gate(life);
  const memberships = new MembershipStore(join(folder, 'membership.json'));
  await memberships.load();
  const objects = new ObjectCache({
    folder: join(folder, 'objects'),
    limitBytes: () => 1e9,
    needed: () => neededObjects(desk.units.values()),
    clock,
    log,
  });
  const desk: Desk = new Desk({
    spool: new GatedSpool(join(folder, 'spool'), gate),
    memberships,
    connect: ({ url, token }) =>
      new ProjectClient({
        url,
        token,
        clock,
        transport: (...args) => gate.pass(() => project.fetch(...args)),
      }),
    clock,
    random,
    log,
    onChange: () => {
      expect(
        desk.list(({ state }) => ['leased', 'fetching', 'ready', 'running'].includes(state.state)).length,
      ).toBeLessThanOrEqual(BUFFER);
      work.poke();
      supervisor.poke();
    },
  });
  const drivers = new DriverPool({
    sources: [
      {
        kind: 'wasm',
        platform: 'wasm32-wasi',
        perProject: false,
        load: async () => driver(() => world.fate(), gate),
        facts: () => '',
      },
    ],
    preference: () => 'auto',
    clock,
    random,
    log,
    onViews: () => {},
    onUsable: () => {},
  });
  const supervisor: Supervisor = new Supervisor({
    desk,
    drivers,
    consoles: new Consoles(join(folder, 'consoles'), log),
    histograms: new HistogramBook(),
    clock,
    log,
    openTree: async () => null,
    preferred: () => ['wasm'],
    onEvents: () => {},
    onComputed: (project, cpuSeconds) => turns.computed(project, cpuSeconds),
    onLive: () => {},
    onHistograms: () => {},
    onChange: () => {},
  });
  const turns = new Turns({
    desk,
    memberships,
    demand: () => ({ slots: 1, coresAllowed: 1, bufferPerCore: BUFFER, allowance: null }),
    file: join(folder, 'machine.json'),
    log,
  });
  const work: Work = new Work({
    clock,
    random,
    log,
    onChange: () => {},
    context: {
      desk,
      memberships,
      objects,
      software: new Software({
        folder: join(folder, 'software'),
        quotaBytes: () => 1e6,
        pace: async () => {},
      }),
      clock,
      random,
      log,
      usableKinds: (project) => drivers.usable(project),
      mayTransfer: () => true,
      turns,
      taken: () => {},
      rejoin: async () => {},
      record: (unit) =>
        gate.pass(async () => {
          const lease = unit.leaseId.split('@')[0] ?? '';
          const known = world.history.get(lease);
          if (known && !['unreported', 'pending'].includes(known.verdict))
            expect(unit.verdict).toBe(known.verdict);
          world.history.set(lease, unit);
        }),
    },
  });
  let isLoaded = false;
  void desk.load().then(() => {
    isLoaded = true;
    work.open();
    supervisor.allow(1, true);
  });
  return {
    gate,
    isDone: () =>
      isLoaded &&
      project.leased.size === project.units &&
      [...project.leased.keys()].every((lease) => isSettled(world.history.get(lease))) &&
      desk.units.size === 0,
    end: async () => {
      await gate.die();
      desk.close();
    },
  };
}

async function runToTheEnd(world: World, lives: readonly Life[]): Promise<void> {
  const store = new MembershipStore(join(world.folder, 'membership.json'));
  const { url, publicKey, fingerprint } = world.project;
  await store.join(
    {
      ...{ url, name: 'Model', description: '', publicKey, keyFingerprint: fingerprint },
      ...{ hostId: 'h', token: 't'.repeat(20), software: null },
    },
    0,
  );
  for (const life of [...lives, { diesAt: Number.POSITIVE_INFINITY, afterEffect: false }]) {
    const engine = await begin(world, life);
    for (let turn = 0; !engine.gate.isDead && !engine.isDone(); turn++) {
      if (turn > 3_000) throw new Error(`not done; ${JSON.stringify([...world.project.reports.keys()])}`);
      // Disk work is real and takes real time; only then time is turned on.
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (turn % 3 === 0) world.clock.advance(2_000);
    }
    await engine.end();
  }
}

/** A stream of choices from one seed: the same run again when it fails. */
function chooser(seed: number) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function withWorld(
  seed: number,
  use: (world: World, choose: () => number) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-crash-'));
  const choose = chooser(seed);
  const world: World = {
    folder,
    project: new ModelProject(UNITS),
    clock: new ManualClock(),
    random: chooser(seed + 1),
    history: new Map(),
    fate: () => 'fine',
  };
  try {
    await use(world, choose);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function expectAllDecided(world: World, verdicts: readonly string[] = ['valid']): Promise<void> {
  const { project, history } = world;
  expect(project.reports.size).toBe(UNITS);
  for (const [lease, reports] of project.reports) {
    expect(new Set(reports).size, `${lease} reported as different`).toBe(1);
  }
  expect([...history.keys()].sort()).toEqual([...project.leased.keys()].sort());
  for (const unit of history.values()) expect(verdicts).toContain(unit.verdict);
  // A life that was killed here may still have made its last folder (no gate is in front of that): a start sweeps it.
  expect(await new Spool(join(world.folder, 'spool'), log).load()).toEqual([]);
  expect(await readdir(join(world.folder, 'spool'))).toEqual([]);
}

test('undisturbed: every unit is computed, reported once, decided, and leaves nothing in the spool', async () => {
  await withWorld(1, async (world) => {
    await runToTheEnd(world, []);
    await expectAllDecided(world);
    for (const reports of world.project.reports.values()) expect(reports).toHaveLength(1);
  });
});

test('killed at each of the first awaits in turn, before and after it took effect', async () => {
  // Most of the time of each goes into waiting for the disk: several at once.
  for (let first = 1; first <= 60; first += 10) {
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        withWorld(first + i, async (world) => {
          const diesAt = first + i;
          await runToTheEnd(world, [{ diesAt, afterEffect: diesAt % 2 === 0 }]);
          await expectAllDecided(world);
        }),
      ),
    );
  }
});

test('many kills, a bad network and damaged transfers: nothing is lost, nothing is told twice as different', async () => {
  const life = fc.record({ diesAt: fc.integer({ min: 1, max: 80 }), afterEffect: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(life, { maxLength: 6 }),
      fc.double({ min: 0, max: 0.4, noNaN: true }),
      async (seed, lives, badness) =>
        withWorld(seed, async (world, choose) => {
          const mishaps: Mishap[] = ['unreachable', 'answer lost', 'busy', 'damaged', 'cut'];
          world.project.mishap = () =>
            choose() < badness ? (mishaps[Math.floor(choose() * mishaps.length)] ?? 'none') : 'none';
          world.fate = () => {
            if (choose() > badness) return 'fine';
            return choose() < 0.5 ? 'no start' : { state: 'broken', reason: 'killed', lost: true };
          };
          await runToTheEnd(world, lives);
          await expectAllDecided(world);
        }),
    ),
    { numRuns: 15, endOnFailure: true },
  );
}, 120_000);

test('a program that fails is tried twice and then reported as failed, with its console', async () => {
  await withWorld(5, async (world) => {
    world.fate = () => ({ state: 'exited', exitStatus: 3 });
    await runToTheEnd(world, [{ diesAt: 25, afterEffect: true }]);
    await expectAllDecided(world, ['failed']);
    const [first] = [...world.project.reports.values()][0] ?? [];
    expect(JSON.parse(first ?? '')).toMatchObject({ state: 'failed', exitStatus: 3 });
  });
});
