import type { Logger } from '../../platform/log.ts';
import type { CalibrationView } from '../../protocol/engine-api.ts';
import type { Preferences } from '../../protocol/preferences.ts';
import type { Release } from '../../protocol/release.ts';
import type { Card } from '../../protocol/work-unit.ts';
import type { CapsuleDriver, CapsuleKind, CapsuleMetrics } from '../capsules/capsule.ts';
import type { Clock } from '../clock.ts';
import { measuringCard } from './card.ts';
import { MEASURING_TIMES, type MeasuringTimes, measureRate } from './measure.ts';
import {
  applicationId,
  type Calibration,
  calibrationKey,
  FAILURE_HOLDS_MS,
  loadCalibrations,
  saveCalibrations,
} from './record.ts';

/** Something to measure with: a unit that is ready here. */
export interface CalibrationCandidate {
  /** Fingerprint of its project's key. */
  readonly project: string;
  readonly release: Release;
  readonly card: Card;
  /** Verified programs by the kind of capsule that runs them. */
  readonly programs: ReadonlyMap<CapsuleKind, string>;
}

export interface CalibratorOptions {
  readonly driver: (kind: CapsuleKind, project: string) => Promise<CapsuleDriver>;
  /** Names what a kind's speed depends on beside the program: its accelerator, its engine's version. */
  readonly facts: (kind: CapsuleKind, project: string) => string;
  /** EngineFiles.machine */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly times?: MeasuringTimes;
  /** A measurement begins or ends, or a result is there. Must not throw. */
  readonly onChange: () => void;
}

/** Measurements of one application that had to give way before they are left for the next life of the engine. */
const INTERRUPTIONS_FORGIVEN = 3;

/**
 * Measures which capsule is faster for each application.
 *
 *     idle -> (consider: not measured yet, and allowed) -> measuring -> idle
 *                                                          (allow(false): gives way, what it has is kept)
 *
 * One measurement at a time, one kind after another. A kind that fails counts as slowest for a day. Until something is
 * known, kinds stand in the order of their drivers: nobody waits for a result.
 */
export class Calibrator {
  readonly #options: CalibratorOptions;
  readonly #known = new Map<string, Calibration>();
  /** Measured in this life, not complete yet, by key. */
  readonly #partial = new Map<
    string,
    { eventsPerSecond: Record<string, number>; failed: Record<string, string> }
  >();
  readonly #interruptions = new Map<string, number>();
  #current: { kind: CapsuleKind; metrics: (() => CapsuleMetrics) | null; stop: AbortController } | null =
    null;
  #ending: Promise<void> = Promise.resolve();
  #isAllowed = false;
  #isClosed = false;

  constructor(options: CalibratorOptions) {
    this.#options = options;
  }

  /** Takes up what was measured in earlier lives. */
  async load(): Promise<void> {
    try {
      for (const one of await loadCalibrations(this.#options.file)) this.#known.set(applicationId(one), one);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'what was measured before cannot be read; it is measured again');
    }
  }

  /** What computes for a measurement now; it stands in for a slot. */
  get measuring(): { readonly kind: CapsuleKind; readonly metrics: CapsuleMetrics | null } | null {
    const current = this.#current;
    return current && { kind: current.kind, metrics: current.metrics?.() ?? null };
  }

  /** Whether there is a core to measure on. No: what is being measured ends at once. */
  allow(isAllowed: boolean): void {
    this.#isAllowed = isAllowed;
    if (!isAllowed) this.#current?.stop.abort(new GaveWay());
  }

  /** Begins a measurement for the first of these whose application is not known yet, if any. */
  consider(candidates: Iterable<CalibrationCandidate>): void {
    if (this.#isClosed || !this.#isAllowed || this.#current) return;
    for (const candidate of candidates) {
      const kinds = [...candidate.programs.keys()];
      if (kinds.length < 2) continue;
      const key = this.#keyOf(candidate, kinds);
      if (this.#isSettled(candidate.release, key)) continue;
      this.#begin(candidate, kinds, key);
      return;
    }
  }

  /** Kinds, the fastest first; those that are not measured, or failed, last and in the order given. */
  order(release: Pick<Release, 'application' | 'version'>, kinds: readonly CapsuleKind[]): CapsuleKind[] {
    const rates = this.#known.get(applicationId(release))?.eventsPerSecond ?? {};
    return [...kinds].sort((a, b) => (rates[b] ?? 0) - (rates[a] ?? 0));
  }

  views(preference: Preferences['capsule']): CalibrationView[] {
    return [...this.#known.values()].flatMap(({ application, version, eventsPerSecond }) => {
      const [fastest] = Object.entries(eventsPerSecond).sort(([, a], [, b]) => b - a);
      if (!fastest) return [];
      const chosen = preference === 'auto' ? fastest[0] : preference;
      return [{ application, version, eventsPerSecond, chosen }];
    });
  }

  /** Everything is to be measured again. @throws the file system's error */
  async forget(): Promise<void> {
    this.#current?.stop.abort(new GaveWay());
    this.#known.clear();
    this.#partial.clear();
    this.#interruptions.clear();
    await saveCalibrations(this.#options.file, []);
    this.#options.onChange();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.allow(false);
    await this.#ending;
  }

  #keyOf({ release, project }: CalibrationCandidate, kinds: readonly CapsuleKind[]): string {
    const facts = kinds.map((kind) => [kind, this.#options.facts(kind, project)]);
    return calibrationKey(release, Object.fromEntries(facts));
  }

  #isSettled(release: Release, key: string): boolean {
    if ((this.#interruptions.get(key) ?? 0) >= INTERRUPTIONS_FORGIVEN) return true;
    const known = this.#known.get(applicationId(release));
    if (known?.key !== key) return false;
    return (
      Object.keys(known.failed).length === 0 ||
      this.#options.clock.now() - known.measuredAtMs < FAILURE_HOLDS_MS
    );
  }

  #begin(candidate: CalibrationCandidate, kinds: readonly CapsuleKind[], key: string): void {
    const stop = new AbortController();
    this.#current = { kind: kinds[0] ?? 'wasm', metrics: null, stop };
    this.#ending = this.#measureAll(candidate, kinds, key, stop.signal)
      .catch((error: unknown) => {
        this.#interruptions.set(key, (this.#interruptions.get(key) ?? 0) + 1);
        if (error instanceof GaveWay) this.#options.log.info('measuring gave way');
        else this.#options.log.error({ err: error }, 'measuring ended in a defect');
      })
      .finally(() => {
        this.#current = null;
        this.#options.onChange();
      });
    this.#options.onChange();
  }

  async #measureAll(
    candidate: CalibrationCandidate,
    kinds: readonly CapsuleKind[],
    key: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { log, clock } = this.#options;
    const { application, version } = candidate.release;
    const results = this.#partial.get(key) ?? { eventsPerSecond: {}, failed: {} };
    this.#partial.set(key, results);
    for (const kind of kinds) {
      if (results.eventsPerSecond[kind] !== undefined || results.failed[kind] !== undefined) continue;
      try {
        results.eventsPerSecond[kind] = await this.#measure(candidate, kind, signal);
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error, capsule: kind, application }, 'capsule not measured');
        results.failed[kind] = error instanceof Error ? error.message : String(error);
      }
    }
    this.#partial.delete(key);
    log.info({ application, version, ...results }, 'measured which capsule is faster');
    const calibration = { application, version, key, ...results, measuredAtMs: clock.now() };
    this.#known.set(applicationId(calibration), calibration);
    try {
      await saveCalibrations(this.#options.file, this.#known.values());
    } catch (error) {
      log.warn({ err: error }, 'what was measured could not be remembered; the next start measures again');
    }
  }

  async #measure(candidate: CalibrationCandidate, kind: CapsuleKind, signal: AbortSignal): Promise<number> {
    const { release, programs } = candidate;
    const current = this.#current;
    if (current) current.kind = kind;
    this.#options.onChange();
    return measureRate({
      driver: await this.#options.driver(kind, candidate.project),
      programPath: programs.get(kind) ?? '',
      release,
      card: measuringCard(candidate.card, release),
      clock: this.#options.clock,
      times: this.#options.times ?? MEASURING_TIMES,
      signal,
      onCapsule: (metrics) => {
        if (current) current.metrics = metrics;
      },
    });
  }
}

/** The core is wanted for something else. */
class GaveWay extends Error {
  override readonly name = 'GaveWay';
}
