import { TreeError } from './tree.ts';

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

/**
 * Bounds the memory of replies: what reads may be making, and what the peer has not taken yet. A peer that asks
 * for a gigabyte at once and reads nothing waits for itself.
 */
export class Budget {
  readonly #limit: number;
  readonly #unsent: () => number;
  readonly #waiting = new Set<Waiting>();
  #reserved = 0;

  /** @param unsent bytes that are made and not yet taken; call wake() when they have become fewer */
  constructor(limit: number, unsent: () => number) {
    this.#limit = limit;
    this.#unsent = unsent;
  }

  /**
   * Reserves bytes for a reply, at once or when there is room; in the order of the calls.
   * @throws TreeError EINTR when the signal aborts first; give() is not to be called then
   */
  async take(bytes: number, call: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#waiting.size > 0 || !this.#fits(bytes)) await this.#room(bytes, call.signal);
    else this.#reserved += bytes;
  }

  give(bytes: number): void {
    this.#reserved -= bytes;
    this.wake();
  }

  wake(): void {
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting.bytes)) return;
      this.#waiting.delete(waiting);
      this.#reserved += waiting.bytes;
      waiting.go();
    }
  }

  /** One is always let through. */
  #fits(bytes: number): boolean {
    const used = this.#reserved + this.#unsent();
    return used === 0 || used + bytes <= this.#limit;
  }

  #room(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(waiting);
        reject(new TreeError('EINTR', 'given up before there was room for the reply'));
      };
      const go = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const waiting: Waiting = { bytes, go };
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
    });
  }
}
