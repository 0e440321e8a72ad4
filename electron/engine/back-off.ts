const SECONDS = [1, 2, 5, 10, 30, 60];
/** So many deaths in a row and starting it again is of no use until something is changed. */
const GIVE_UP_AFTER = 8;
/** One that ran this long was well: the next death is the first again. */
const WELL_AFTER_MS = 60_000;

/** How long until an engine that died is started again. Pure but for its count. */
export class BackOff {
  #deaths = 0;

  /** @returns seconds; null: do not, the person must be told */
  died(ranForMs: number): number | null {
    if (ranForMs >= WELL_AFTER_MS) this.#deaths = 0;
    this.#deaths += 1;
    if (this.#deaths > GIVE_UP_AFTER) return null;
    return SECONDS[Math.min(this.#deaths, SECONDS.length) - 1] ?? null;
  }

  /** The person asked: it counts anew. */
  forget(): void {
    this.#deaths = 0;
  }
}
