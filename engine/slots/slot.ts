import type { Logger } from '../../platform/log.ts';
import type { Release } from '../../protocol/release.ts';
import { LiveEvent, type Progress } from '../../protocol/work-unit.ts';
import type { Capsule, CapsuleDriver, CapsuleKind, StartupTimes } from '../capsules/capsule.ts';
import type { Clock } from '../clock.ts';
import { ProjectError } from '../project/errors.ts';
import type { SoftwareTree } from '../software/index.ts';
import type { Measures } from '../work/machine.ts';
import type { WorkUnit } from '../work/unit.ts';
import type { ConsoleTail } from './consoles.ts';
import { RateMeter } from './rate-meter.ts';
import { prepareJob, type RunEnd, runUnit } from './run-unit.ts';

export interface SlotOptions {
  readonly order: number;
  /** Unique among the living slots. */
  readonly slotId: string;
  readonly unit: WorkUnit;
  readonly release: Release;
  readonly kind: CapsuleKind;
  readonly programPath: string;
  /** Opens what the program lies in, where that is read as it runs. */
  readonly openTree: (signal: AbortSignal) => Promise<SoftwareTree | null>;
  readonly jobFolder: string;
  readonly console: ConsoleTail;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onStarted: (startup: StartupTimes) => void;
  /** Progress, pause, phase: something a view shows has changed. @param events newly computed */
  readonly onProgress: (events: number) => void;
  readonly onLive: (event: LiveEvent) => void;
  readonly onBlock: (line: string) => void;
}

/** More often than this nobody looks at live events. */
const LIVE_EVERY_MS = 200;

/**
 * One unit in one capsule, once.
 *
 * `starting` while the job is laid out and the capsule comes up; `running` while the program runs, where it can be
 * paused and resumed any number of times; `ending` while outputs are hashed. stop() ends any of them early. What is
 * wanted (paused or not) and what is (the capsule's answer) are kept apart: one pause or resume is under way at a
 * time, and when it is done the newest wish decides whether another follows.
 */
export class Slot {
  readonly order: number;
  readonly slotId: string;
  readonly unit: WorkUnit;
  readonly kind: CapsuleKind;
  readonly startedAt: string;
  pausedOrder: number | null = null;
  #options: SlotOptions;
  #phase: 'starting' | 'running' | 'ending' = 'starting';
  #capsule: Capsule | null = null;
  #stop = new AbortController();
  #isPaused = false;
  #changing: Promise<void> | null = null;
  #done = 0;
  #askedAtMs: number;
  #firstEventMs: number | null = null;
  #ranMs = 0;
  #cpuSeconds = 0;
  #ranSinceMs: number | null = null;
  #meter = new RateMeter();
  #lastLiveMs = Number.NEGATIVE_INFINITY;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.order = options.order;
    this.slotId = options.slotId;
    this.unit = options.unit;
    this.kind = options.kind;
    this.startedAt = new Date(options.clock.now()).toISOString();
    this.#askedAtMs = options.clock.monotonic();
  }

  get phase(): 'starting' | 'running' | 'paused' | 'ending' {
    return this.#phase === 'running' && this.#isPaused ? 'paused' : this.#phase;
  }

  get isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  get capsule(): Capsule | null {
    return this.#capsule;
  }

  get done(): number {
    return this.#done;
  }

  /** Of the last minute that it ran. */
  get eventsPerSecond(): number {
    return this.#meter.rate(this.#elapsedMs());
  }

  /**
   * Runs the unit to its end.
   * @throws CapsuleError where the capsule could not be started or was lost; the file system's errors
   */
  async run(driver: CapsuleDriver): Promise<RunEnd> {
    const { unit, release } = this.#options;
    const { lease } = unit.spooled;
    const stopped: RunEnd = { end: 'interrupted', reason: 'stopped', disk: null };
    let software: SoftwareTree | null = null;
    try {
      software = await this.#options.openTree(this.#stop.signal);
      await prepareJob({
        lease,
        release,
        inputs: unit.inputs,
        jobFolder: this.#options.jobFolder,
      });
      if (this.isStopping) return stopped;
      this.#capsule = await driver.start({
        slotId: this.slotId,
        memoryMb: release.limits.memoryMb,
        signal: this.#stop.signal,
      });
      if (this.isStopping) return stopped;
      this.#options.onStarted(this.#capsule.startup);
      this.#phase = 'running';
      this.#ranSinceMs = this.#options.clock.monotonic();
      this.#meter.begin(0);
      this.#options.onProgress(0);
      const ending = runUnit(
        {
          lease,
          release,
          programPath: this.#options.programPath,
          software,
          inputs: unit.inputs,
          jobFolder: this.#options.jobFolder,
          console: this.#options.console,
          onProgress: (progress) => this.#onProgress(progress, lease.card.events),
          onLive: (line) => this.#onLive(line),
          onBlock: this.#options.onBlock,
        },
        this.#capsule,
        () => this.#onEnded(),
      );
      this.#follow();
      return await ending;
    } catch (error) {
      if (this.isStopping) {
        this.#options.log.debug({ err: error, slot: this.slotId }, 'slot stopped early');
        return stopped;
      }
      if (error instanceof ProjectError) return { end: 'unread', reason: error.message };
      throw error;
    } finally {
      await software?.close();
      this.#onEnded();
      await this.#capsule?.stop();
    }
  }

  /** Measured up to now, pauses taken out. */
  measures(): Measures {
    const startup = this.#capsule?.startup;
    return {
      capsule: this.kind,
      accelerator: startup?.accelerator ?? null,
      bootMs: startup?.bootMs ?? null,
      restoreMs: startup?.restoreMs ?? null,
      firstEventMs: this.#firstEventMs,
      seconds: this.#elapsedMs() / 1000,
      cpuSeconds: this.#cpuSeconds,
      finishedAt: new Date(this.#options.clock.now()).toISOString(),
    };
  }

  /** Wishes the slot to pause or go on. While it starts there is nothing to pause: the caller stops it instead. */
  setPaused(pausedOrder: number | null): void {
    this.pausedOrder = pausedOrder;
    this.#follow();
  }

  /** Ends the run early; run() then resolves as interrupted. */
  stop(): void {
    this.#stop.abort();
    const capsule = this.#capsule;
    if (!capsule) return;
    capsule.stop().catch((error) => {
      this.#options.log.error({ err: error, slot: this.slotId }, 'capsule did not stop');
    });
  }

  #follow(): void {
    const wanted = this.pausedOrder !== null;
    const capsule = this.#capsule;
    if (this.#changing || !capsule || this.#phase !== 'running' || wanted === this.#isPaused) return;
    this.#changing = (wanted ? capsule.pause() : capsule.resume())
      .then(() => {
        this.#isPaused = wanted;
        if (wanted) this.#holdWatch();
        else this.#ranSinceMs ??= this.#options.clock.monotonic();
        this.#options.onProgress(0);
      })
      .catch((error) => {
        if (this.isStopping || this.#phase !== 'running') return;
        // A capsule that does not obey must not compute on: the person's machine comes first.
        this.#options.log.error(
          { err: error, slot: this.slotId, wanted },
          'capsule neither pauses nor resumes',
        );
        this.stop();
      })
      .finally(() => {
        this.#changing = null;
        this.#follow();
      });
  }

  #onEnded(): void {
    if (this.#phase === 'ending') return;
    this.#phase = 'ending';
    this.#cpuSeconds = this.#capsule?.metrics().cpuSeconds ?? 0;
    this.#holdWatch();
  }

  #holdWatch(): void {
    this.#ranMs = this.#elapsedMs();
    this.#ranSinceMs = null;
  }

  #elapsedMs(): number {
    if (this.#ranSinceMs === null) return this.#ranMs;
    return this.#ranMs + this.#options.clock.monotonic() - this.#ranSinceMs;
  }

  #onProgress(progress: Progress, total: number): void {
    // Programs may say anything; a view never shows more than the card asks for, nor counts anything twice.
    const done = Math.min(progress.done, total);
    const fresh = Math.max(0, done - this.#done);
    if (done > 0) this.#firstEventMs ??= this.#options.clock.monotonic() - this.#askedAtMs;
    this.#done = Math.max(this.#done, done);
    if (fresh > 0) this.#meter.add(this.#elapsedMs(), fresh);
    this.#options.onProgress(fresh);
  }

  #onLive(line: string): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#lastLiveMs < LIVE_EVERY_MS) return;
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      return; // garbled; it is only a picture
    }
    const event = LiveEvent.safeParse(json);
    if (!event.success) return;
    this.#lastLiveMs = now;
    this.#options.onLive(event.data);
  }
}
