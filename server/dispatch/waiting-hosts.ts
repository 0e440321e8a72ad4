/** Longer than any pause that retryAfterSeconds() asks for. */
const WINDOW_MS = 900_000;

/** How many hosts asked for work in vain lately: within one to two windows, without a timer for each. */
export class WaitingHosts {
  #before = new Set<number>();
  #current = new Set<number>();
  #since = 0;

  add(hostId: number, now: Date): void {
    if (now.getTime() - this.#since > WINDOW_MS) {
      this.#before = now.getTime() - this.#since > 2 * WINDOW_MS ? new Set() : this.#current;
      this.#current = new Set();
      this.#since = now.getTime();
    }
    this.#before.delete(hostId);
    this.#current.add(hostId);
  }

  get count(): number {
    return this.#before.size + this.#current.size;
  }
}
