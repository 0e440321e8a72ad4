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
  /** Each project brings something of its own (its appliance): a driver for one may be none for another. */
  readonly perProject: boolean;
  /**
   * @param project fingerprint of its key; the same driver may be given for several
   * @throws CapsuleError when it cannot even be made (no appliance here or at the project)
   */
  load(project: string): Promise<CapsuleDriver>;
  /** What the speed of a loaded driver's capsules depends on beside the program; names it, for comparing. */
  facts(project: string): string;
  /** All drivers given are closed: the next are to be new ones. */
  forget?(): void;
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
  /** Empty where the source is the same for all. */
  readonly project: string;
  driver: Promise<CapsuleDriver> | null;
  /** undefined: not asked yet. */
  unavailable: string | null | undefined;
  askedAtMs: number;
  /** The question under way. */
  asking: Promise<void> | null;
  askingSinceMs: number;
  failures: number;
  coolUntilMs: number;
}

/** The kinds of capsules this host has for each project: loaded on first use, left alone for a while when they fail. */
export class DriverPool {
  #options: DriverPoolOptions;
  /** By kind and project. */
  #entries = new Map<string, Entry>();
  #views: Map<CapsuleKind, CapsuleView>;

  constructor(options: DriverPoolOptions) {
    this.#options = options;
    this.#views = new Map(
      options.sources.map(({ kind }) => [
        kind,
        { kind, unavailable: null, accelerator: null, bootMs: null, restoreMs: null },
      ]),
    );
  }

  /**
   * Kinds that can run the project's work here and that preferences allow, as far as is known. Loads and probes those
   * not asked yet; once one can run, the others have LATE_MS more: a virtual machine may take a minute to boot for the
   * first time, and there is work to do. onUsable() comes when another can.
   */
  async usable(project: string): Promise<readonly UsableKind[]> {
    const entries = this.#allowedFor(project);
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
    const allowed = this.#options.sources.filter(({ kind }) => this.#isAllowed(kind));
    const reasons = allowed.map((source) => {
      const asked = [...this.#entries.values()].filter((entry) => entry.source === source);
      const refusals = asked.flatMap(({ unavailable }) => unavailable ?? []);
      return refusals.length === asked.length ? (refusals[0] ?? null) : null;
    });
    if (reasons.some((reason) => reason === null)) return null;
    return reasons.join(' ');
  }

  /** False while a kind rests after it failed to start. */
  isReady(kind: CapsuleKind, project: string): boolean {
    const entry = this.#entry(kind, project);
    return entry.unavailable === null && entry.coolUntilMs <= this.#options.clock.monotonic();
  }

  /** Milliseconds until the next resting kind is ready; null when none rests. */
  nextReadyMs(): number | null {
    const now = this.#options.clock.monotonic();
    const waits = [...this.#entries.values()]
      .map(({ coolUntilMs }) => coolUntilMs - now)
      .filter((ms) => ms > 0);
    return waits.length === 0 ? null : Math.min(...waits);
  }

  /** Names what the speed of a usable kind depends on beside the program. */
  facts(kind: CapsuleKind, project: string): string {
    return this.#entry(kind, project).source.facts(project);
  }

  driver(kind: CapsuleKind, project: string): Promise<CapsuleDriver> {
    return this.#load(this.#entry(kind, project));
  }

  started(kind: CapsuleKind, project: string, measured: Partial<CapsuleView>): void {
    this.#entry(kind, project).failures = 0;
    const known = Object.entries(measured).filter(([, value]) => value !== null && value !== undefined);
    this.#show(kind, Object.fromEntries(known));
  }

  failed(kind: CapsuleKind, project: string): void {
    const entry = this.#entry(kind, project);
    entry.failures++;
    entry.coolUntilMs = this.#options.clock.monotonic() + backoffMs(entry.failures, this.#options.random());
  }

  /** Asks again at the next need: preferences changed, the project has an appliance now. */
  reconsider(): void {
    for (const entry of this.#entries.values()) {
      if (entry.unavailable !== null) entry.unavailable = undefined;
      entry.coolUntilMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** Ends the drivers of a kind; the next need loads them anew. What runs in them is interrupted. */
  async reset(kind: CapsuleKind): Promise<void> {
    const ended = [...this.#entries].filter(([, { source }]) => source.kind === kind);
    for (const [key] of ended) this.#entries.delete(key);
    for (const { forget, kind: one } of this.#options.sources) if (one === kind) forget?.();
    await closeAll(ended.map(([, entry]) => entry));
  }

  async close(): Promise<void> {
    await closeAll([...this.#entries.values()]);
  }

  #isAllowed(kind: CapsuleKind): boolean {
    const wanted = this.#options.preference();
    return wanted === 'auto' || wanted === kind;
  }

  #allowedFor(project: string): Entry[] {
    return this.#options.sources
      .filter(({ kind }) => this.#isAllowed(kind))
      .map(({ kind }) => this.#entry(kind, project));
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
    const { kind } = entry.source;
    let answer: string | null;
    try {
      answer = await (await this.#load(entry)).unavailable();
    } catch (error) {
      answer = error instanceof Error ? error.message : String(error);
      this.#options.log.warn({ err: error, capsule: kind }, 'capsule driver unusable');
    }
    entry.asking = null;
    entry.unavailable = answer;
    entry.askedAtMs = this.#options.clock.monotonic();
    // After a reset the answer is about a driver that is gone.
    if (!this.#isCurrent(entry)) return;
    const runsForOthers = [...this.#entries.values()].some(
      (other) => other.source.kind === kind && other.unavailable === null,
    );
    this.#show(kind, { unavailable: runsForOthers ? null : answer });
    const others = this.#allowedFor(entry.project).filter((other) => other !== entry);
    if (answer === null && others.some(({ unavailable }) => unavailable === null)) this.#options.onUsable();
  }

  #load(entry: Entry): Promise<CapsuleDriver> {
    entry.driver ??= entry.source.load(entry.project).catch((error) => {
      entry.driver = null;
      throw error;
    });
    return entry.driver;
  }

  #show(kind: CapsuleKind, change: Partial<CapsuleView>): void {
    const view = this.#views.get(kind);
    if (view) this.#views.set(kind, { ...view, ...change });
    this.#options.onViews([...this.#views.values()]);
  }

  #isCurrent(entry: Entry): boolean {
    return this.#entries.get(keyOf(entry.source, entry.project)) === entry;
  }

  #entry(kind: CapsuleKind, project: string): Entry {
    const source = this.#options.sources.find((one) => one.kind === kind);
    if (!source) throw new Error(`no driver for capsules of kind "${kind}"`);
    const key = keyOf(source, project);
    const entry = this.#entries.get(key) ?? newEntry(source, source.perProject ? project : '');
    this.#entries.set(key, entry);
    return entry;
  }
}

function keyOf({ kind, perProject }: DriverSource, project: string): string {
  return perProject ? `${kind} ${project}` : kind;
}

function newEntry(source: DriverSource, project: string): Entry {
  return {
    ...{ source, project, driver: null, unavailable: undefined, asking: null, askingSinceMs: 0, failures: 0 },
    ...{ askedAtMs: Number.NEGATIVE_INFINITY, coolUntilMs: Number.NEGATIVE_INFINITY },
  };
}

async function closeAll(entries: readonly Entry[]): Promise<void> {
  const drivers = await Promise.allSettled(entries.map(({ driver }) => driver));
  const loaded = new Set(drivers.map((one) => (one.status === 'fulfilled' ? one.value : null)));
  await Promise.allSettled([...loaded].map((driver) => driver?.close()));
}
