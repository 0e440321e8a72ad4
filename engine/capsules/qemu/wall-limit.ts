/** Calls back after a time that passes only while running. setTimeout has a limit of 24.8 days, a work unit of one day. */
export class WallLimit {
  readonly #onOver: () => void;
  #leftMs: number;
  #timer: NodeJS.Timeout | null = null;
  #startedAt = 0;

  constructor(seconds: number, onOver: () => void) {
    this.#leftMs = seconds * 1000;
    this.#onOver = onOver;
  }

  run(): void {
    if (this.#timer) return;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(this.#onOver, Math.max(0, this.#leftMs));
  }

  hold(): void {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#leftMs -= performance.now() - this.#startedAt;
  }
}
