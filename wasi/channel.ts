import { MAX_MESSAGE_BYTES } from './messages.ts';

/**
 * Shared memory between a program's thread, which blocks in its host calls, and the event loop that answers them.
 *
 *     Int32[0] STATE   0 nothing asked, 1 asked, 2 answered
 *     Int32[1] LENGTH  of the message in the slot
 *     Int32[2] HOLD    1: the thread stops at its next host call until this is 0 again
 *     bytes 16...      the slot: one message at a time
 *
 * The thread wakes the event loop by a posted message (`asked`, `held`), which arrives although the thread blocks.
 */
const STATE = 0;
const LENGTH = 1;
const HOLD = 2;
const SLOT = 16;
const IDLE = 0;
const ASKED = 1;
const ANSWERED = 2;

export type ThreadSignal = 'asked' | 'held';

export function makeChannel(): SharedArrayBuffer {
  return new SharedArrayBuffer(SLOT + MAX_MESSAGE_BYTES);
}

/** The program's side; blocks. */
export class CallingSide {
  readonly #control: Int32Array;
  readonly #slot: Uint8Array;
  readonly #signal: (signal: ThreadSignal) => void;

  constructor(channel: SharedArrayBuffer, signal: (signal: ThreadSignal) => void) {
    this.#control = new Int32Array(channel, 0, SLOT / 4);
    this.#slot = new Uint8Array(channel, SLOT);
    this.#signal = signal;
  }

  /** Stays here while the capsule is held. */
  pass(): void {
    while (Atomics.load(this.#control, HOLD) === 1) {
      this.#signal('held');
      Atomics.wait(this.#control, HOLD, 1);
    }
  }

  call(message: Uint8Array): Uint8Array<ArrayBuffer> {
    this.pass();
    this.#slot.set(message);
    Atomics.store(this.#control, LENGTH, message.length);
    Atomics.store(this.#control, STATE, ASKED);
    this.#signal('asked');
    while (Atomics.load(this.#control, STATE) !== ANSWERED) Atomics.wait(this.#control, STATE, ASKED);
    const answer = this.#slot.slice(0, Atomics.load(this.#control, LENGTH));
    Atomics.store(this.#control, STATE, IDLE);
    this.pass();
    return answer;
  }
}

/** The event loop's side; never blocks. */
export class AnsweringSide {
  readonly #control: Int32Array;
  readonly #slot: Uint8Array;

  constructor(channel: SharedArrayBuffer) {
    this.#control = new Int32Array(channel, 0, SLOT / 4);
    this.#slot = new Uint8Array(channel, SLOT);
  }

  /** The message asked; valid once the thread has signalled `asked`. */
  question(): Uint8Array<ArrayBuffer> {
    return this.#slot.slice(0, Atomics.load(this.#control, LENGTH));
  }

  answer(message: Uint8Array): void {
    this.#slot.set(message);
    Atomics.store(this.#control, LENGTH, message.length);
    Atomics.store(this.#control, STATE, ANSWERED);
    Atomics.notify(this.#control, STATE);
  }

  /** Whether the thread waits for an answer, which it then takes no further than the hold. */
  get waiting(): boolean {
    return Atomics.load(this.#control, STATE) === ASKED;
  }

  set hold(held: boolean) {
    Atomics.store(this.#control, HOLD, held ? 1 : 0);
    Atomics.notify(this.#control, HOLD);
  }
}
