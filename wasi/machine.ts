import type { Descriptors } from './descriptors.ts';
import type { FileClient } from './file-client.ts';
import type { GuestMemory } from './guest-memory.ts';

/** What the host calls work on. */
export interface Machine {
  readonly args: readonly string[];
  readonly memory: GuestMemory;
  readonly descriptors: Descriptors;
  readonly files: FileClient;
  readonly clock: CountedClock;
  readonly random: FixedRandom;
}

/** proc_exit unwinds the program with this. */
export class ProgramExit {
  readonly exitStatus: number;
  constructor(exitStatus: number) {
    this.exitStatus = exitStatus;
  }
}

/** Starts at 2000-01-01T00:00:00Z in every run. */
const EPOCH_NS = 946_684_800_000_000_000n;
const TICK_NS = 1000n;

/**
 * Time that runs alike in every run: each look at the clock is a microsecond after the last, and a program that
 * sleeps finds the time passed when it wakes, which is at once.
 */
export class CountedClock {
  static readonly resolutionNs = TICK_NS;
  #elapsed = 0n;

  /** @param clock WASI clock id; all but the realtime clock (0) start at 0 */
  now(clock: number): bigint {
    this.#elapsed += TICK_NS;
    return clock === 0 ? EPOCH_NS + this.#elapsed : this.#elapsed;
  }

  sleep(ns: bigint): void {
    this.#elapsed += ns;
  }
}

/**
 * One stream for every run of every program: what a program computes may depend on its card only, and a block
 * computed alone must give the same bits as within a run, so not even the card may choose this stream. (Run-time libraries
 * salt their hash tables from it.) Generator: xoshiro128++ 1.0, Blackman and Vigna, prng.di.unimi.it.
 */
export class FixedRandom {
  readonly #state = Uint32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667);

  fill(bytes: Uint8Array): void {
    let word = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (i % 4 === 0) word = this.#next();
      bytes[i] = word & 0xff;
      word >>>= 8;
    }
  }

  #next(): number {
    const s = this.#state;
    const [a = 0, b = 0, c = 0, d = 0] = s;
    const result = (rotate((a + d) >>> 0, 7) + a) >>> 0;
    const mixed = b << 9;
    s[2] = c ^ a;
    s[3] = d ^ b;
    s[1] = b ^ (c ^ a);
    s[0] = a ^ (d ^ b);
    s[2] = c ^ a ^ mixed;
    s[3] = rotate((d ^ b) >>> 0, 11);
    return result;
  }
}

function rotate(word: number, by: number): number {
  return ((word << by) | (word >>> (32 - by))) >>> 0;
}
