import { byteString } from '../../ninep/tree.ts';
import { memoryTree, writeFile } from '../../ninep/trees/index.ts';
import { fillRelease } from '../../platform/templates.ts';
import type { Release } from '../../protocol/release.ts';
import { CARD, type Card } from '../../protocol/work-unit.ts';
import type { Capsule, CapsuleDriver, CapsuleMetrics } from '../capsules/capsule.ts';
import type { Clock } from '../clock.ts';

export interface Measurement {
  readonly driver: CapsuleDriver;
  readonly programPath: string;
  readonly release: Pick<Release, 'args' | 'files' | 'parameters' | 'limits'>;
  readonly card: Card;
  readonly clock: Clock;
  readonly times: MeasuringTimes;
  readonly signal: AbortSignal;
  /** The capsule while it lives, for accounting; null when it is gone. */
  readonly onCapsule: (metrics: (() => CapsuleMetrics) | null) => void;
}

/** The capsule gave no figure. */
export class NotMeasured extends Error {
  override readonly name = 'NotMeasured';
}

export interface MeasuringTimes {
  /** From the first word of progress on; the more the better, but somebody's work waits. */
  readonly enoughMs: number;
  /** A program that tells progress in longer steps than this is taken at what it has told. */
  readonly atMostMs: number;
  /** From asking for the capsule to the first progress. One that needs longer is no help for real units either. */
  readonly firstWithinMs: number;
}
export const MEASURING_TIMES: MeasuringTimes = { enoughMs: 1_500, atMostMs: 4_000, firstWithinMs: 10_000 };

/** Beyond this a program in the measuring directory, which is in memory, is told that the disk is full. */
const SCRATCH_BYTES = 64 * 1024 * 1024;

/**
 * How fast a program makes events in a capsule of this kind that has a core to itself: between the first and the last
 * progress it tells in enoughMs. Nothing it writes is kept.
 * @returns events per second, > 0
 * @throws NotMeasured; CapsuleError when the capsule does not start; the signal's reason
 */
export async function measureRate(measurement: Measurement): Promise<number> {
  const { driver, clock, release, signal, times } = measurement;
  const over = new AbortController();
  const abort = () => over.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', abort, { once: true });
  const late = new NotMeasured(`it made no event within ${times.firstWithinMs / 1000} s`);
  const cancelLate = clock.after(times.firstWithinMs, () => over.abort(late));
  try {
    const capsule = await driver.start({
      slotId: 'calibration',
      memoryMb: release.limits.memoryMb,
      signal: over.signal,
    });
    measurement.onCapsule(() => capsule.metrics());
    try {
      over.signal.throwIfAborted();
      const job = memoryTree({ quotaBytes: SCRATCH_BYTES });
      const { args, files } = fillRelease(release, measurement.card);
      await writeFile(job, CARD, Buffer.from(JSON.stringify(measurement.card)));
      for (const [path, text] of files) await writeFile(job, byteString(path), text);
      const marks = new Marks(
        () => ({ atMs: clock.monotonic(), ...usedCpu(capsule) }),
        clock,
        times,
        cancelLate,
      );
      const outcome = capsule.run({
        unitId: 'calibration',
        programPath: measurement.programPath,
        args,
        job,
        memoryMb: release.limits.memoryMb,
        wallSeconds: release.limits.wallSeconds,
        onConsole: () => {},
        onProgress: ({ done }) => marks.add(done),
        onLive: () => {},
      });
      const ended = outcome.then((how) => {
        if (how.state === 'broken') throw new NotMeasured(how.reason);
        if (how.state === 'exited' && how.exitStatus !== 0)
          throw new NotMeasured(`the program ended with status ${how.exitStatus}`);
      });
      await Promise.race([ended, marks.enough, aborted(over.signal)]);
      return marks.rate();
    } finally {
      measurement.onCapsule(null);
      await capsule.stop();
    }
  } catch (error) {
    over.signal.throwIfAborted(); // what stopping it looks like from inside is of no interest
    throw error;
  } finally {
    cancelLate();
    signal.removeEventListener('abort', abort);
  }
}

/** Where it is seen from outside at any moment; elsewhere drivers hear of it now and then. */
function usedCpu(capsule: Capsule): { readonly cpuMs: number | null } {
  return { cpuMs: process.platform === 'linux' ? capsule.metrics().cpuSeconds * 1000 : null };
}

interface Moment {
  readonly atMs: number;
  readonly cpuMs: number | null;
}

/** Progress as it is told. */
class Marks {
  readonly enough: Promise<void>;
  readonly #now: () => Moment;
  readonly #clock: Clock;
  readonly #times: MeasuringTimes;
  readonly #onFirst: () => void;
  readonly #start: Moment;
  #first: (Moment & { readonly done: number }) | null = null;
  #last: (Moment & { readonly done: number }) | null = null;
  #isEnough: () => void = () => {};
  #cancelEnd: () => void = () => {};

  constructor(now: () => Moment, clock: Clock, times: MeasuringTimes, onFirst: () => void) {
    this.#now = now;
    this.#clock = clock;
    this.#times = times;
    this.#onFirst = onFirst;
    this.#start = now();
    this.enough = new Promise((resolve) => {
      this.#isEnough = () => {
        this.#cancelEnd();
        resolve();
      };
    });
  }

  add(done: number): void {
    if (done <= 0) return;
    const mark = { ...this.#now(), done };
    if (!this.#first) {
      this.#first = mark;
      this.#onFirst();
      this.#cancelEnd = this.#clock.after(this.#times.atMostMs, this.#isEnough);
    }
    this.#last = mark;
    if (mark.atMs - this.#first.atMs >= this.#times.enoughMs) this.#isEnough();
  }

  rate(): number {
    this.#cancelEnd();
    const [first, last] = [this.#first, this.#last];
    if (!first || !last) throw new NotMeasured('it made no event');
    // One word only, or all at once: then its start is part of the figure, which is better than none.
    const isShort = last.atMs - first.atMs < this.#times.enoughMs / 10;
    const from = isShort ? { ...this.#start, done: 0 } : first;
    return ((last.done - from.done) * 1000) / Math.max(1, computingMs(from, last));
  }
}

/** Time that it had a core for: what others take of it in this second says nothing about the capsule. */
function computingMs(from: Moment, to: Moment): number {
  const wallMs = to.atMs - from.atMs;
  if (from.cpuMs === null || to.cpuMs === null) return wallMs;
  const cpuMs = to.cpuMs - from.cpuMs;
  return cpuMs > wallMs / 10 ? Math.min(wallMs, cpuMs) : wallMs;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
