import type { Logger } from '../../platform/log.ts';
import type { CapsuleView } from '../../protocol/engine-api.ts';
import type { Preferences } from '../../protocol/preferences.ts';
import type { Platform } from '../../protocol/release.ts';
import type { CapsuleDriver, CapsuleKind } from '../capsules/capsule.ts';
import type { Clock } from '../clock.ts';
import { backoffMs } from '../work/policy.ts';
import type { UsableKind } from '../work/unit.ts';

/** A driver not loaded yet: its module is heavy, and an idle engine does without. */
export interface DriverSource {
  readonly kind: CapsuleKind;
  readonly platform: Platform;
  /** @throws CapsuleError when it cannot even be made (no appliance here or at the project) */
  load(): Promise<CapsuleDriver>;
  /** What the speed of a loaded driver's capsules depends on beside the program; names it, for comparing. */
  facts(): string;
}

export interface DriverPoolOptions {
  /** In the order taken where nothing was measured. */
  readonly sources: readonly DriverSource[];
  readonly preference: () => Preferences['capsule'];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly onViews: (views: readonly CapsuleView[]) => void;
  /** One more kind turned out to run here, after usable() had answered without it. */
  readonly onUsable: () => void;
}

/** A driver that failed to load or says it cannot run here is asked again after this; a person may have mended it. */
const ASK_AGAIN_MS = 5 * 60_000;
/** What the first work of a life may wait for a capsule that is slow to answer, where another could run it. */
const LATE_MS = 3_000;

interface Entry {
  readonly source: DriverSource;
  driver: Promise<CapsuleDriver> | null;
  /** undefined: not asked yet. */
  unavailable: string | null | undefined;
  askedAtMs: number;
  /** The question under way. */
  asking: Promise<void> | null;
  askingSinceMs: number;
  /** Counts resets: an answer from before one is about another driver. */
  epoch: number;
  failures: number;
  coolUntilMs: number;
  view: CapsuleView;
}

/** The kinds of capsules this host has: loaded on first use, left alone for a while when they fail. */
export class DriverPool {
  #options: DriverPoolOptions;
  #entries: Entry[];

  constructor(options: DriverPoolOptions) {
    this.#options = options;
    this.#entries = options.sources.map((source) => ({
      source,
      driver: null,
      unavailable: undefined,
      askedAtMs: Number.NEGATIVE_INFINITY,
      asking: null,
      askingSinceMs: 0,
      epoch: 0,
      failures: 0,
      coolUntilMs: Number.NEGATIVE_INFINITY,
      view: { kind: source.kind, unavailable: null, accelerator: null, bootMs: null, restoreMs: null },
    }));
  }

  /**
   * Kinds that can run here and that preferences allow, as far as is known. Loads and probes those not asked yet; once
   * one can run, the others have LATE_MS more: a virtual machine may take a minute to boot for the first time, and
   * there is work to do. onUsable() comes when another can.
   */
  async usable(): Promise<readonly UsableKind[]> {
    const entries = this.#entries.filter(({ source }) => this.#isAllowed(source.kind));
    const all = Promise.all(entries.map((entry) => this.#ask(entry)));
    const canRun = () => entries.some(({ unavailable }) => unavailable === null);
    while (!canRun() && entries.some(({ asking }) => asking)) {
      await Promise.race(entries.flatMap(({ asking }) => asking ?? []));
    }
    await Promise.race([all, this.#late(entries)]);
    return entries
      .filter(({ unavailable }) => unavailable === null)
      .map(({ source: { kind, platform } }) => ({ kind, platform }));
  }

  /** When the answers still owed are no longer waited for. */
  #late(entries: readonly Entry[]): Promise<void> {
    const now = this.#options.clock.monotonic();
    const until = Math.max(
      ...entries.map(({ asking, askingSinceMs }) => (asking ? askingSinceMs + LATE_MS : now)),
    );
    if (until <= now) return Promise.resolve();
    return new Promise((resolve) => this.#options.clock.after(until - now, resolve));
  }

  /** Why no capsule that preferences allow can run; null while one can or none was asked. */
  whyNone(): string | null {
    const allowed = this.#entries.filter(({ source }) => this.#isAllowed(source.kind));
    const reasons = allowed.map(({ unavailable }) => unavailable);
    if (reasons.some((reason) => reason === null || reason === undefined)) return null;
    return reasons.join(' ');
  }

  /** False while a kind rests after it failed to start. */
  isReady(kind: CapsuleKind): boolean {
    const entry = this.#entry(kind);
    return entry.unavailable === null && entry.coolUntilMs <= this.#options.clock.monotonic();
  }

  /** Milliseconds until the next resting kind is ready; null when none rests. */
  nextReadyMs(): number | null {
    const now = this.#options.clock.monotonic();
    const waits = this.#entries.map(({ coolUntilMs }) => coolUntilMs - now).filter((ms) => ms > 0);
    return waits.length === 0 ? null : Math.min(...waits);
  }

  /** Names what the speed of a usable kind depends on beside the program. */
  facts(kind: CapsuleKind): string {
    return this.#entry(kind).source.facts();
  }

  driver(kind: CapsuleKind): Promise<CapsuleDriver> {
    return this.#load(this.#entry(kind));
  }

  started(kind: CapsuleKind, measured: Partial<CapsuleView>): void {
    const entry = this.#entry(kind);
    entry.failures = 0;
    const known = Object.entries(measured).filter(([, value]) => value !== null && value !== undefined);
    this.#show(entry, Object.fromEntries(known));
  }

  failed(kind: CapsuleKind): void {
    const entry = this.#entry(kind);
    entry.failures++;
    entry.coolUntilMs = this.#options.clock.monotonic() + backoffMs(entry.failures, this.#options.random());
  }

  /** Asks again at the next need: preferences changed, the project has an appliance now. */
  reconsider(): void {
    for (const entry of this.#entries) {
      if (entry.unavailable !== null) entry.unavailable = undefined;
      entry.coolUntilMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** Ends all drivers; the next need loads them anew (another project has another appliance). */
  async reset(): Promise<void> {
    await this.close();
    for (const entry of this.#entries) {
      entry.driver = null;
      entry.unavailable = undefined;
      entry.asking = null;
      entry.epoch++;
    }
    this.reconsider();
  }

  async close(): Promise<void> {
    await Promise.allSettled(
      this.#entries.map(async (entry) => {
        const driver = await entry.driver;
        await driver?.close();
      }),
    );
  }

  #isAllowed(kind: CapsuleKind): boolean {
    const wanted = this.#options.preference();
    return wanted === 'auto' || wanted === kind;
  }

  /** Finds out whether a kind can run, where that is not known or was long ago. */
  #ask(entry: Entry): Promise<void> {
    // One that can run is not asked again: its failures are met at start, with backoff.
    if (entry.unavailable === null) return Promise.resolve();
    const isFresh = this.#options.clock.monotonic() - entry.askedAtMs < ASK_AGAIN_MS;
    if (entry.unavailable !== undefined && isFresh) return Promise.resolve();
    if (!entry.asking) {
      entry.askingSinceMs = this.#options.clock.monotonic();
      entry.asking = this.#askNow(entry);
    }
    return entry.asking;
  }

  async #askNow(entry: Entry): Promise<void> {
    const { epoch } = entry;
    let answer: string | null;
    try {
      answer = await (await this.#load(entry)).unavailable();
    } catch (error) {
      answer = error instanceof Error ? error.message : String(error);
      this.#options.log.warn({ err: error, capsule: entry.source.kind }, 'capsule driver unusable');
    }
    if (entry.epoch !== epoch) return;
    entry.asking = null;
    entry.unavailable = answer;
    entry.askedAtMs = this.#options.clock.monotonic();
    this.#show(entry, { unavailable: answer });
    const others = this.#entries.filter((other) => other !== entry && this.#isAllowed(other.source.kind));
    if (answer === null && others.some(({ unavailable }) => unavailable === null)) this.#options.onUsable();
  }

  #load(entry: Entry): Promise<CapsuleDriver> {
    entry.driver ??= entry.source.load().catch((error) => {
      entry.driver = null;
      throw error;
    });
    return entry.driver;
  }

  #show(entry: Entry, change: Partial<CapsuleView>): void {
    entry.view = { ...entry.view, ...change };
    this.#options.onViews(this.#entries.map(({ view }) => view));
  }

  #entry(kind: CapsuleKind): Entry {
    const entry = this.#entries.find(({ source }) => source.kind === kind);
    if (!entry) throw new Error(`no driver for capsules of kind "${kind}"`);
    return entry;
  }
}
