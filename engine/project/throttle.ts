import type { Clock } from '../clock.ts';

/** Waits are cut into pieces of this, so that a new limit counts soon. */
const LOOK_AGAIN_MS = 500;
/** What may go at once after a silence. */
const BURST_SECONDS = 1;

/**
 * Holds all transfers together to so many kilobytes a second: a bucket that fills at that rate and may be overdrawn, so
 * that a piece larger than it goes too, and those after it wait the longer. Who comes first goes first.
 */
export class Throttle {
  readonly #limitKbps: () => number | null;
  readonly #clock: Clock;
  #balance = 0;
  #filledAtMs: number;
  #queue: Promise<void> = Promise.resolve();

  /** @param limitKbps asked each time, since preferences change; null: no limit */
  constructor(limitKbps: () => number | null, clock: Clock) {
    this.#limitKbps = limitKbps;
    this.#clock = clock;
    this.#filledAtMs = clock.monotonic();
  }

  /** Resolves when so many bytes may go. @throws the signal's reason */
  take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#limitKbps() === null) return Promise.resolve();
    const turn = this.#queue.then(() => this.#wait(bytes, signal));
    this.#queue = turn.catch(() => {}); // told to whoever asked; the next one's turn comes
    return turn;
  }

  /** How much is best sent in one piece. */
  pieceBytes(most: number): number {
    const kbps = this.#limitKbps();
    return kbps === null ? most : Math.min(most, Math.max(16_384, kbps * 1000));
  }

  async #wait(bytes: number, signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const kbps = this.#limitKbps();
      if (kbps === null) {
        this.#balance = 0;
        return;
      }
      this.#fill(kbps);
      if (this.#balance >= 0) {
        this.#balance -= bytes;
        return;
      }
      const ms = Math.min(LOOK_AGAIN_MS, -this.#balance / kbps);
      await new Promise<void>((resolve) => this.#clock.after(ms, resolve));
    }
  }

  /** A kilobyte a second is a byte a millisecond. */
  #fill(kbps: number): void {
    const now = this.#clock.monotonic();
    this.#balance = Math.min(this.#balance + (now - this.#filledAtMs) * kbps, BURST_SECONDS * kbps * 1000);
    this.#filledAtMs = now;
  }
}
