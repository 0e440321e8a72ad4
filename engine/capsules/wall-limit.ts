export interface Watch {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Milliseconds so far in which the program could not run because the host gave it no core; only grows. */
  readonly waited: () => number;
}

/**
 * A limit on the time a program runs. What the host does to it does not count: neither pauses nor, since capsules run
 * at the lowest priority, the time in which it was ready but had no core.
 * @param onOverdue called once, when the program has run longer than `seconds`
 */
export class WallLimit {
  readonly #onOverdue: () => void;
  readonly #watch: Watch;
  #leftMs: number;
  #startedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(seconds: number, onOverdue: () => void, watch: Partial<Watch> = {}) {
    this.#leftMs = seconds * 1000;
    this.#onOverdue = onOverdue;
    this.#watch = { now: () => performance.now(), waited: () => 0, ...watch };
  }

  /** Starts, or goes on after pause(). */
  run(): void {
    if (this.#timer) return;
    this.#startedAt = this.#ranMs();
    // Timers hold at most 2^31 - 1 ms; whoever may run longer than that is asked again then.
    const step = Math.min(Math.max(Math.ceil(this.#leftMs), 1), 2 ** 31 - 1);
    this.#timer = setTimeout(() => {
      this.pause();
      if (this.#leftMs <= 0) this.#onOverdue();
      else this.run();
    }, step);
  }

  pause(): void {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#leftMs -= Math.max(0, this.#ranMs() - this.#startedAt);
  }

  #ranMs(): number {
    return this.#watch.now() - this.#watch.waited();
  }
}
