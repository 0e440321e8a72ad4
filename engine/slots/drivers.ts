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
}

export interface DriverPoolOptions {
  /** In the order taken where nothing was measured. */
  readonly sources: readonly DriverSource[];
  readonly preference: () => Preferences['capsule'];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly onViews: (views: readonly CapsuleView[]) => void;
}

/** A driver that failed to load or says it cannot run here is asked again after this; a person may have mended it. */
const ASK_AGAIN_MS = 5 * 60_000;

interface Entry {
  readonly source: DriverSource;
  driver: Promise<CapsuleDriver> | null;
  /** undefined: not asked yet. */
  unavailable: string | null | undefined;
  askedAtMs: number;
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
      failures: 0,
      coolUntilMs: Number.NEGATIVE_INFINITY,
      view: { kind: source.kind, unavailable: null, accelerator: null, bootMs: null, restoreMs: null },
    }));
  }

  /** Kinds that can run here and that preferences allow. Loads drivers and may probe, once. */
  async usable(): Promise<readonly UsableKind[]> {
    const wanted = this.#options.preference();
    const kinds: UsableKind[] = [];
    for (const entry of this.#entries) {
      if (wanted !== 'auto' && wanted !== entry.source.kind) continue;
      if ((await this.#whyNot(entry)) === null) {
        kinds.push({ kind: entry.source.kind, platform: entry.source.platform });
      }
    }
    return kinds;
  }

  /** Why no capsule that preferences allow can run; null while one can or none was asked. */
  whyNone(): string | null {
    const wanted = this.#options.preference();
    const allowed = this.#entries.filter(({ source }) => wanted === 'auto' || wanted === source.kind);
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

  async #whyNot(entry: Entry): Promise<string | null> {
    const now = this.#options.clock.monotonic();
    const known = entry.unavailable !== undefined && now - entry.askedAtMs < ASK_AGAIN_MS;
    // One that can run is not asked again: its failures are met at start, with backoff.
    if (entry.unavailable === null || (known && entry.unavailable !== undefined)) return entry.unavailable;
    try {
      const driver = await this.#load(entry);
      entry.unavailable = await driver.unavailable();
    } catch (error) {
      entry.unavailable = error instanceof Error ? error.message : String(error);
      this.#options.log.warn({ err: error, capsule: entry.source.kind }, 'capsule driver unusable');
    }
    entry.askedAtMs = now;
    this.#show(entry, { unavailable: entry.unavailable });
    return entry.unavailable;
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
