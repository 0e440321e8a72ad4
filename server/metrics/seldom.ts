/** Work whose outcome serves all who ask within some time: however often metrics are read, they cost the same. */
export class Seldom<T> {
  readonly #everyMs: number;
  readonly #work: () => Promise<T>;
  #last: { readonly atMs: number; readonly outcome: Promise<T> } | null = null;

  constructor(everyMs: number, work: () => Promise<T>) {
    this.#everyMs = everyMs;
    this.#work = work;
  }

  /** @throws what the work throws; a failure is tried again at once */
  get(nowMs: number): Promise<T> {
    if (this.#last && nowMs - this.#last.atMs < this.#everyMs) return this.#last.outcome;
    const outcome = this.#work();
    this.#last = { atMs: nowMs, outcome };
    outcome.catch(() => {
      if (this.#last?.outcome === outcome) this.#last = null;
    });
    return outcome;
  }
}
