/** Connections from one address block: how many are open, and those in which nothing is asked just now, oldest first. */
interface Block<T> {
  readonly key: string | null;
  open: number;
  readonly waiting: Set<T>;
}

/**
 * Who stays when more come than a server has files for. In a connection something is asked, or it waits; where there is no
 * room the one that has waited longest makes it, of its own block where that has its share already. Who floods from
 * one place closes its own connections, and a request that is being answered is never cut.
 */
export class Admission<T> {
  readonly #most: number;
  readonly #mostOfBlock: number;
  readonly #blocks = new Map<string | null, Block<T>>();
  readonly #open = new Map<T, { readonly block: Block<T>; requests: number }>();
  readonly #waiting = new Set<T>();

  /** @param mostOfBlock open connections of one address block; blocks without a name (null) have no such limit */
  constructor(most: number, mostOfBlock: number) {
    this.#most = most;
    this.#mostOfBlock = mostOfBlock;
  }

  get open(): number {
    return this.#open.size;
  }

  /** @returns whom to close: another that waits, the newcomer itself where none does, or nobody */
  arrives(one: T, key: string | null): T | null {
    const block = this.#blocks.get(key) ?? { key, open: 0, waiting: new Set() };
    const isOverShare = key !== null && block.open >= this.#mostOfBlock;
    let closed: T | null = null;
    if (isOverShare || this.#open.size >= this.#most) {
      const [longest] = isOverShare ? block.waiting : this.#waiting;
      if (longest === undefined) return one;
      this.leaves(longest);
      closed = longest;
    }
    block.open++;
    block.waiting.add(one);
    this.#blocks.set(key, block);
    this.#open.set(one, { block, requests: 0 });
    this.#waiting.add(one);
    return closed;
  }

  /** A request has come in it. */
  asks(one: T): void {
    const held = this.#open.get(one);
    if (!held) return;
    held.requests++;
    held.block.waiting.delete(one);
    this.#waiting.delete(one);
  }

  /** A request has had its answer; requests may come one upon the other. */
  hasAnswer(one: T): void {
    const held = this.#open.get(one);
    if (!held || --held.requests > 0) return;
    held.block.waiting.add(one);
    this.#waiting.add(one);
  }

  leaves(one: T): void {
    const held = this.#open.get(one);
    if (!held) return;
    this.#open.delete(one);
    this.#waiting.delete(one);
    held.block.waiting.delete(one);
    held.block.open--;
    if (held.block.open === 0) this.#blocks.delete(held.block.key);
  }
}
