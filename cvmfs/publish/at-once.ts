/** Work of which so much is done at once. */
export class Tasks {
  readonly #most: number;
  readonly #running = new Set<Promise<void>>();
  #failed: unknown = null;

  constructor(most: number) {
    this.#most = most;
  }

  /** Begins a piece of work when there is room for it. @throws what any piece before has thrown */
  async room(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#most && this.#failed === null) await Promise.race(this.#running);
    if (this.#failed !== null) throw this.#failed;
    const one = work()
      .catch((error: unknown) => {
        this.#failed ??= error;
      })
      .finally(() => this.#running.delete(one));
    this.#running.add(one);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failed !== null) throw this.#failed;
  }
}
