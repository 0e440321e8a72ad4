/**
 * A work unit's wall-clock limit. Time while the capsule is paused does not count: pausing is the host's affair.
 * @param onOverdue called once, when the program has run longer than `seconds`
 */
export class WallLimit {
  readonly #onOverdue: () => void;
  readonly #now: () => number;
  #leftMs: number;
  #startedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(seconds: number, onOverdue: () => void, now: () => number = () => performance.now()) {
    this.#leftMs = seconds * 1000;
    this.#onOverdue = onOverdue;
    this.#now = now;
  }

  /** Starts, or goes on after pause(). */
  run(): void {
    if (this.#timer) return;
    this.#startedAt = this.#now();
    // Timers hold at most 2^31 - 1 ms; whoever may run longer than that is asked again then.
    const step = Math.min(this.#leftMs, 2 ** 31 - 1);
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
    this.#leftMs -= this.#now() - this.#startedAt;
  }
}
