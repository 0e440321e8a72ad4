import { StoreUnreachable } from '../store/database.ts';

/**
 * Gathers what comes while a batch is being worked on into the next one: one transaction and one fsync for
 * all, at no cost in latency when there is little to do.
 *
 * A batch that fails is done again item by item, so that one that can not be done fails alone. `work` is
 * all-or-nothing (a transaction), hence nothing is done twice. While the store is away nothing can be done at all.
 */
export class Batcher<Item, Answer> {
  readonly #work: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #limit: number;
  /** Items with equal keys never share a batch: the second sees what the first has done. */
  readonly #key: (item: Item) => unknown;
  #waiting: Waiting<Item, Answer>[] = [];
  #running: Promise<void> | null = null;

  constructor(
    work: (items: readonly Item[]) => Promise<readonly Answer[]>,
    limit: number,
    key: (item: Item) => unknown,
  ) {
    this.#work = work;
    this.#limit = limit;
    this.#key = key;
  }

  do(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when all that was asked for is answered. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // A turn of the event loop: requests that arrived together are read together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#batch(this.#next());
    this.#running = null;
  }

  #next(): Waiting<Item, Answer>[] {
    const keys = new Set<unknown>();
    const now: Waiting<Item, Answer>[] = [];
    const later: Waiting<Item, Answer>[] = [];
    for (const one of this.#waiting) {
      const key = this.#key(one.item);
      if (now.length < this.#limit && !keys.has(key)) now.push(one);
      else later.push(one);
      keys.add(key);
    }
    this.#waiting = later;
    return now;
  }

  async #batch(items: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#work(items.map((one) => one.item));
      items.forEach((one, i) => {
        // work answers each item in order
        one.resolve(answers[i] as Answer);
      });
    } catch (error) {
      if (items.length === 1 || error instanceof StoreUnreachable) for (const one of items) one.reject(error);
      else for (const one of items) await this.#batch([one]);
    }
  }
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}
