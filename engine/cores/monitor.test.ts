import { describe, expect, it } from 'vitest';
import { Preferences } from '../../protocol/preferences.ts';
import { ManualClock } from '../testkit/clock.ts';
import type { FactProbes } from './facts/keeper.ts';
import { CoresMonitor, NO_CAPSULES } from './monitor.ts';
import type { Decision } from './policy.ts';
import type { Facts } from './situation.ts';

/** A machine of `cores` cores whose counters a test moves by saying how busy others and we are. */
type OwnFacts = Omit<Facts, 'thermal' | 'suspending' | 'program'>;

function machine(cores: number, facts: Partial<OwnFacts> = {}) {
  const clock = new ManualClock();
  const load = { others: 0, ours: 0 };
  const used = { others: 0, ours: 0, reads: 0 };
  const current: OwnFacts = {
    memoryAvailableMb: 16_000,
    battery: null,
    temperatureC: null,
    personIdleSeconds: 9999,
    fullScreen: null,
    metered: null,
    ...facts,
  };
  const told = { ...current };
  const probe =
    <K extends keyof OwnFacts>(name: K) =>
    async () => ({ everyMs: 5000, read: async () => told[name] as NonNullable<OwnFacts[K]> | null });
  const probes: FactProbes = {
    memoryAvailableMb: probe('memoryAvailableMb'),
    battery: probe('battery'),
    temperatureC: probe('temperatureC'),
    personIdleSeconds: probe('personIdleSeconds'),
    fullScreen: probe('fullScreen'),
    metered: probe('metered'),
  };
  const running = new Set<string>();
  const decisions: Decision[] = [];
  let samples = 0;
  const monitor = new CoresMonitor({
    preferences: Preferences.parse({}),
    pause: null,
    capsuleUse: () => NO_CAPSULES,
    onDecision: (decision) => decisions.push(decision),
    onCores: () => samples++,
    clock,
    sources: {
      probes,
      explain: async () => 'you are compiling',
      runningProgram: async (names) => names.find((name) => running.has(name)) ?? null,
      own: { pids: new Set(), read: () => used.ours },
      times: {
        read() {
          used.reads++;
          const total = clock.monotonic() / 1000;
          return Array.from({ length: cores }, (_, index) => ({
            index,
            busy: Math.min(total, (used.others + used.ours) / cores),
            niced: used.ours / cores,
            total,
          }));
        },
        close: () => {},
      },
    },
  });
  /** Lets time pass in steps of 10 ms, with the load as it stands, and settles promises in between. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      used.others += load.others * 0.01;
      used.ours += load.ours * 0.01;
      clock.advance(10);
      if (left % 250 === 0) await new Promise(setImmediate);
    }
    await new Promise(setImmediate);
  }
  return {
    clock,
    load,
    told,
    running,
    monitor,
    decisions,
    pass,
    samples: () => samples,
    reads: () => used.reads,
  };
}

describe('CoresMonitor', () => {
  it('gives no slot before it has looked, then all', async () => {
    const { monitor, decisions, pass } = machine(4);
    await monitor.start();
    expect(monitor.decision.slots).toBe(0);
    await pass(600);
    expect(decisions.map((decision) => decision.slots)).toEqual([4]);
    expect(monitor.cores.length).toBe(4);
    monitor.stop();
  });

  it('takes our own use for ours', async () => {
    const { monitor, load, pass } = machine(4);
    await monitor.start();
    monitor.setActive(true);
    load.ours = 3.9;
    await pass(20_000);
    expect(monitor.decision.slots).toBe(4);
    expect(monitor.cores.reduce((sum, core) => sum + core.ours, 0)).toBeCloseTo(3.9, 1);
    monitor.stop();
  });

  it('sees foreground load within 750 ms while capsules run, at any phase, and names it', async () => {
    for (const phase of [0, 60, 120, 180, 240]) {
      const { monitor, load, decisions, pass, clock } = machine(2);
      await monitor.start();
      monitor.setActive(true);
      load.ours = 2;
      await pass(5000 + phase);
      decisions.length = 0;
      load.others = 1;
      load.ours = 1;
      const from = clock.monotonic();
      while (decisions.length === 0 && clock.monotonic() - from < 2000) await pass(10);
      expect(clock.monotonic() - from).toBeLessThanOrEqual(750);
      expect(decisions[0]?.slots).toBe(1);
      await pass(6000);
      expect(monitor.decision.reason).toBe('1 of 2 cores: you are compiling');
      monitor.stop();
    }
  });

  it('overlooks a quarter second of somebody else', async () => {
    const { monitor, load, decisions, pass } = machine(2);
    await monitor.start();
    monitor.setActive(true);
    await pass(3000);
    decisions.length = 0;
    load.others = 1;
    await pass(200);
    load.others = 0;
    await pass(3000);
    expect(decisions).toEqual([]);
    monitor.stop();
  });

  it('samples seldom while nothing runs', async () => {
    const { monitor, reads, pass } = machine(2);
    await monitor.start();
    await pass(1000);
    const before = reads();
    await pass(60_000);
    expect(reads() - before).toBeLessThanOrEqual(31);
    monitor.setActive(true);
    const then = reads();
    await pass(10_000);
    expect(reads() - then).toBeGreaterThanOrEqual(39);
    monitor.stop();
  });

  it('decides again at once when settings or the pause change', async () => {
    const { monitor, pass } = machine(8);
    await monitor.start();
    await pass(1000);
    monitor.setPreferences(Preferences.parse({ maxCores: 3 }));
    expect(monitor.decision.slots).toBe(3);
    monitor.setPause({ untilWallMs: null, untilMonotonicMs: null });
    expect(monitor.decision.state).toBe('paused');
    monitor.setPause(null);
    expect(monitor.decision.slots).toBe(3);
    monitor.stop();
  });

  it('decides again when a fact changes, without waiting for the next sample', async () => {
    const { monitor, told, pass } = machine(8, { fullScreen: false });
    await monitor.start();
    monitor.setActive(true);
    await pass(1000);
    told.fullScreen = true;
    await pass(5000);
    expect(monitor.decision.slots).toBe(0);
    expect(monitor.decision.reason).toMatch(/fills the screen/);
    monitor.stop();
  });

  it('leaves no timer behind', async () => {
    const { monitor, clock, pass, decisions } = machine(2);
    await monitor.start();
    await pass(3000);
    monitor.stop();
    expect(clock.pending).toBe(0);
    decisions.length = 0;
    await pass(10_000);
    expect(decisions).toEqual([]);
  });
});

describe('what a desktop shell tells', () => {
  const REPORT = {
    ...{ onBattery: null, idleSeconds: 1000, screenLocked: false, suspending: false, thermal: null },
  } as const;

  it('counts at once, and fades when it is not told again', async () => {
    const { monitor, pass } = machine(4);
    const starting = monitor.start();
    await pass(1000);
    await starting;
    expect(monitor.decision.slots).toBe(4);
    monitor.setPower({ ...REPORT, suspending: true });
    expect(monitor.decision).toMatchObject({ slots: 0, cause: { code: 'suspended' } });
    await pass(4 * 60_000);
    monitor.setPower({ ...REPORT, suspending: true });
    await pass(4 * 60_000);
    expect(monitor.decision.slots).toBe(0);
    await pass(2 * 60_000);
    expect(monitor.decision.slots).toBe(4);
    monitor.stop();
  });

  it('somebody back at the screen is seen, a locked screen means nobody', async () => {
    const { monitor, told, pass } = machine(4);
    const starting = monitor.start();
    await pass(1000);
    await starting;
    monitor.setPower({ ...REPORT, idleSeconds: 0 });
    expect(monitor.decision).toMatchObject({ slots: 2, cause: { code: 'person', values: { sure: 1 } } });
    told.personIdleSeconds = 0;
    monitor.setPower({ ...REPORT, screenLocked: true });
    await pass(20_000);
    expect(monitor.decision.slots).toBe(4);
    monitor.stop();
  });
});

it('programs during which nothing is to be computed are looked for only where there are any', async () => {
  const { monitor, running, pass } = machine(2);
  const starting = monitor.start();
  await pass(1000);
  await starting;
  running.add('quake');
  await pass(60_000);
  expect(monitor.decision.slots).toBe(2);
  monitor.setPreferences(Preferences.parse({ pausePrograms: ['quake'] }));
  await pass(100);
  expect(monitor.decision).toMatchObject({ slots: 0, cause: { code: 'program', values: { name: 'quake' } } });
  running.clear();
  await pass(30_000);
  expect(monitor.decision.slots).toBe(2);
  monitor.setActive(true);
  await pass(500);
  running.add('quake');
  await pass(4_000);
  expect(monitor.decision.slots).toBe(0);
  monitor.stop();
});
