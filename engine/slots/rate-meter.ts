/** Events a second over the last minute (or since the first event, while that is shorter). Times are monotonic. */
export class RateMeter {
  #windowMs: number;
  #entries: { atMs: number; count: number }[] = [];
  #sinceMs: number | null = null;

  constructor(windowMs = 60_000) {
    this.#windowMs = windowMs;
  }

  /** Something begins to count at this moment; without it the first add() would come from nowhere. */
  begin(nowMs: number): void {
    this.#expire(nowMs);
    this.#sinceMs ??= nowMs;
  }

  add(nowMs: number, count: number): void {
    this.begin(nowMs);
    this.#entries.push({ atMs: nowMs, count });
    // A program that tells every event must not make this long: two entries of the same tenth of a second are one.
    const last = this.#entries.at(-2);
    if (last && nowMs - last.atMs < 100) {
      last.count += count;
      this.#entries.pop();
    }
  }

  rate(nowMs: number): number {
    this.#expire(nowMs);
    if (this.#sinceMs === null) return 0;
    const spanMs = Math.min(this.#windowMs, nowMs - this.#sinceMs);
    const sum = this.#entries.reduce((total, entry) => total + entry.count, 0);
    return spanMs > 0 ? (sum * 1000) / spanMs : 0;
  }

  /** Nothing has counted for a whole window. */
  isQuiet(nowMs: number): boolean {
    this.#expire(nowMs);
    return this.#entries.length === 0;
  }

  #expire(nowMs: number): void {
    const from = nowMs - this.#windowMs;
    const firstKept = this.#entries.findIndex((entry) => entry.atMs > from);
    if (firstKept < 0) {
      if (this.#entries.length > 0) this.#sinceMs = null;
      this.#entries = [];
    } else if (firstKept > 0) {
      this.#entries.splice(0, firstKept);
    }
  }
}
