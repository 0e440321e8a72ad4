import type { Logger } from '../../platform/log.ts';
import type { Clock } from '../clock.ts';
import { ProjectUnreachable } from '../project/errors.ts';
import { backoffMs } from './policy.ts';

/**
 * What a step found: `idle` until poked; `again` after a while unless poked before (0: at once); `hold`, as
 * `again`, but only hurry() ends it early (the server asked for the wait).
 */
export type StepResult =
  | { readonly next: 'idle' }
  | { readonly next: 'again'; readonly afterMs: number }
  | { readonly next: 'hold'; readonly forMs: number };

export interface LoopOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly step: (signal: AbortSignal) => Promise<StepResult>;
  /** After each step that threw, with the error; the loop then backs off. */
  readonly onTrouble?: (error: Error) => void;
}

/**
 * One activity of the engine that runs by itself: never two steps at once, no timer while idle, exponential
 * backoff with full jitter while steps fail. It starts with its first poke.
 */
export class Loop {
  #options: LoopOptions;
  #stop = new AbortController();
  #failures = 0;
  #stepping: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #firm = false;
  #pokedMeanwhile = false;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** There may be something to do. Does not cut short a backoff or a wait the server asked for. */
  poke(): void {
    if (this.#stop.signal.aborted) return;
    if (this.#stepping) this.#pokedMeanwhile = true;
    else if (!this.#firm) this.#run();
  }

  /** Something changed for the better (the person wants it now, the server is back): waits for nothing. */
  hurry(): void {
    this.#firm = false;
    this.poke();
  }

  /** True while the last step failed. */
  get inTrouble(): boolean {
    return this.#failures > 0;
  }

  /** Aborts the step under way and waits for it. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelTimer?.();
    await this.#stepping;
  }

  #run(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#firm = false;
    this.#pokedMeanwhile = false;
    // Begun a moment later: a step that pokes its own loop before its first await is one that is under way.
    this.#stepping = Promise.resolve()
      .then(() => this.#step())
      .then((result) => {
        this.#stepping = null;
        if (!this.#stop.signal.aborted) this.#plan(result);
      });
  }

  async #step(): Promise<StepResult> {
    if (this.#stop.signal.aborted) return { next: 'idle' };
    try {
      const result = await this.#options.step(this.#stop.signal);
      this.#failures = 0;
      return result;
    } catch (thrown) {
      if (this.#stop.signal.aborted) return { next: 'idle' };
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#failures++;
      const asked = error instanceof ProjectUnreachable ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
      const forMs = backoffMs(this.#failures, this.#options.random(), asked);
      this.#options.log.warn(
        { err: error, loop: this.#options.name, retryMs: Math.round(forMs) },
        error.message,
      );
      this.#options.onTrouble?.(error);
      return { next: 'hold', forMs };
    }
  }

  #plan(result: StepResult): void {
    this.#firm = result.next === 'hold';
    if (this.#pokedMeanwhile && !this.#firm) {
      this.#run();
      return;
    }
    if (result.next === 'idle') return;
    const ms = result.next === 'hold' ? result.forMs : result.afterMs;
    this.#cancelTimer = this.#options.clock.after(Math.min(ms, 2 ** 31 - 1), () => this.#run());
  }
}
