import type { CoreView, PowerReport } from '../../protocol/engine-api.ts';
import type { Preferences } from '../../protocol/preferences.ts';
import type { Clock } from '../clock.ts';
import { attribute, type CpuUse } from './attribute.ts';
import { type CoreTimes, type CpuTimesReader, cpuTimesReader } from './cpu-times.ts';
import { busiestActivity } from './facts/busiest.ts';
import { type FactProbes, FactsKeeper, systemProbes } from './facts/keeper.ts';
import { POWER_HOLDS_MS, withPower } from './facts/power.ts';
import { type OwnUse, ownUse } from './own-use.ts';
import { type Decision, decide, FRESH, type PolicyMemory } from './policy.ts';
import { ProgramWatch } from './program-watch.ts';
import { momentOf, type Pause } from './situation.ts';

/** While capsules may run: a quarter second, so that two full samples fit well into the second we promise. */
const ACTIVE_SAMPLE_MS = 250;
/** With nothing to pause there is no hurry. */
const CALM_SAMPLE_MS = 2_000;
/** The load the policy sees is the mean over this long: one busy quarter second is not yet somebody's work. */
const WINDOW_MS = 450;
/** How often the busiest program is looked for while it matters. */
const EXPLAIN_EVERY_MS = 5_000;
const CALM_EXPLAIN_EVERY_MS = 30_000;

/** What the monitor is told about the capsules; all of it at any moment. */
export interface CapsuleUse {
  /** Capsules that hold memory, running or paused. */
  readonly capsules: number;
  /** What one more would take, megabytes. */
  readonly capsuleMemoryMb: number;
  /** Granted to those and not yet taken by them, megabytes. */
  readonly promisedMemoryMb: number;
  /** Sum of metrics().cpuSeconds of capsules that are processes of their own; used where there is no /proc. */
  readonly cpuSeconds: number;
}

export const NO_CAPSULES: CapsuleUse = {
  capsules: 0,
  capsuleMemoryMb: 256,
  promisedMemoryMb: 0,
  cpuSeconds: 0,
};

export interface CoresOptions {
  readonly preferences: Preferences;
  /** From before a restart; null: not paused. */
  readonly pause: Pause | null;
  readonly capsuleUse: () => CapsuleUse;
  /** Called with each decision that differs from the one before, within the sample that led to it. */
  readonly onDecision: (decision: Decision) => void;
  /** Called after each sample. */
  readonly onCores: (cores: readonly CoreView[]) => void;
  readonly clock: Clock;
  /** Where counters come from; the system's by default. */
  readonly sources?: Partial<CoresSources>;
}

export interface CoresSources {
  readonly times: CpuTimesReader;
  readonly own: OwnUse;
  readonly probes: FactProbes;
  readonly explain: (isOurs: (pid: number) => boolean) => Promise<string | null>;
  readonly runningProgram: (names: readonly string[]) => Promise<string | null>;
}

interface Reading {
  readonly atMs: number;
  readonly times: readonly CoreTimes[];
  readonly ours: number;
}

/**
 * Watches the machine and tells how many capsules may compute.
 *
 *     start -> (sample -> decide)* -> stop      every ACTIVE_SAMPLE_MS while setActive(true), else CALM_SAMPLE_MS
 *
 * setPreferences, setPause and a changed fact decide again at once with the last sample. Until the first two
 * readings are there, no slot is given.
 */
export class CoresMonitor {
  readonly #options: CoresOptions;
  readonly #clock: Clock;
  readonly #times: CpuTimesReader;
  readonly #own: OwnUse;
  readonly #explain: CoresSources['explain'];
  readonly #facts: FactsKeeper;
  readonly #programs: ProgramWatch;
  #power: PowerReport | null = null;
  #cancelPower: () => void = () => {};
  #preferences: Preferences;
  #pause: Pause | null;
  #memory: PolicyMemory = FRESH;
  #decision: Decision = {
    slots: 0,
    state: 'waiting',
    reason: 'Looking at what the computer is doing',
    cause: { code: 'asking', values: {} },
    transfers: true,
    keepPaused: true,
  };
  #readings: Reading[] = [];
  #use: CpuUse | null = null;
  #busyWith: string | null = null;
  #explainedAtMs = Number.NEGATIVE_INFINITY;
  #active = false;
  #running = false;
  #cancel: () => void = () => {};

  constructor(options: CoresOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#preferences = options.preferences;
    this.#pause = options.pause;
    this.#times = options.sources?.times ?? cpuTimesReader();
    this.#own = options.sources?.own ?? ownUse(() => options.capsuleUse().cpuSeconds);
    this.#explain = options.sources?.explain ?? busiestActivity;
    this.#facts = new FactsKeeper(this.#clock, () => this.#decide(), options.sources?.probes ?? systemProbes);
    this.#programs = new ProgramWatch(this.#clock, () => this.#decide(), options.sources?.runningProgram);
  }

  get decision(): Decision {
    return this.#decision;
  }

  get cores(): readonly CoreView[] {
    return this.#use?.cores ?? [];
  }

  /** Resolves when the facts were asked once; decisions come from then on. */
  async start(): Promise<void> {
    this.#running = true;
    this.#readings = [this.#read()];
    await Promise.all([this.#facts.start(), this.#programs.start(this.#preferences.pausePrograms)]);
    if (this.#running) this.#schedule(ACTIVE_SAMPLE_MS * 2);
  }

  stop(): void {
    this.#running = false;
    this.#cancel();
    this.#cancelPower();
    this.#programs.stop();
    this.#facts.stop();
    this.#times.close();
  }

  /** true while capsules run or are about to: samples become frequent. */
  setActive(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    this.#facts.setActive(active);
    this.#programs.setActive(active);
    if (active && this.#running) this.#schedule(ACTIVE_SAMPLE_MS);
  }

  setPreferences(preferences: Preferences): void {
    this.#preferences = preferences;
    this.#programs.setNames(preferences.pausePrograms);
    this.#decide();
  }

  /** Holds until the next one; where none comes for POWER_HOLDS_MS, the engine goes by what it finds out itself. */
  setPower(report: PowerReport): void {
    this.#cancelPower();
    this.#power = report;
    this.#cancelPower = this.#clock.after(POWER_HOLDS_MS, () => {
      this.#power = null;
      this.#decide();
    });
    this.#decide();
  }

  setPause(pause: Pause | null): void {
    this.#pause = pause;
    this.#decide();
  }

  #schedule(ms: number): void {
    this.#cancel();
    this.#cancel = this.#clock.after(ms, () => {
      this.#schedule(this.#active ? ACTIVE_SAMPLE_MS : CALM_SAMPLE_MS);
      this.#sample();
    });
  }

  #read(): Reading {
    return { atMs: this.#clock.monotonic(), times: this.#times.read(), ours: this.#own.read() };
  }

  #sample(): void {
    const now = this.#read();
    // The newest reading that is at least WINDOW_MS old, or the oldest there is.
    const start = this.#readings.findLastIndex((reading) => now.atMs - reading.atMs >= WINDOW_MS);
    this.#readings = this.#readings.slice(Math.max(0, start));
    const from = this.#readings[0];
    this.#readings.push(now);
    if (!from) return;
    const use = attribute(from.times, now.times, now.ours - from.ours);
    if (!use) return;
    this.#use = use;
    this.#options.onCores(use.cores);
    this.#decide();
    this.#lookForReason(now.atMs);
  }

  #decide(): void {
    if (!this.#running || !this.#use) return;
    const moment = momentOf(this.#clock.now(), this.#clock.monotonic());
    const { decision, memory } = decide(
      {
        cores: this.#use.cores.length,
        othersBusy: this.#use.others,
        busyWith: this.#busyWith,
        facts: { ...withPower(this.#facts.facts, this.#power), program: this.#programs.running },
        ...this.#options.capsuleUse(),
      },
      this.#preferences,
      this.#pause,
      this.#memory,
      moment,
    );
    this.#memory = memory;
    if (sameDecision(decision, this.#decision)) return;
    this.#decision = decision;
    this.#options.onDecision(decision);
  }

  /** Names the work that keeps cores from us, so that the reason can say it. Never in the way of a decision. */
  #lookForReason(atMs: number): void {
    if (this.#memory.loadCores === 0) {
      this.#busyWith = null;
      return;
    }
    const every = this.#active ? EXPLAIN_EVERY_MS : CALM_EXPLAIN_EVERY_MS;
    if (atMs - this.#explainedAtMs < every) return;
    this.#explainedAtMs = atMs;
    const ours = new Set(this.#own.pids);
    this.#explain((pid) => ours.has(pid)).then(
      (words) => {
        this.#busyWith = words;
        this.#decide();
      },
      // Only words: without them the reason says "other programs".
      () => {},
    );
  }
}

function sameDecision(a: Decision, b: Decision): boolean {
  return (
    a.slots === b.slots &&
    a.state === b.state &&
    a.reason === b.reason &&
    a.transfers === b.transfers &&
    a.keepPaused === b.keepPaused
  );
}
