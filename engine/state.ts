import { isDeepStrictEqual } from 'node:util';
import type { EngineResource, EngineState } from '../protocol/engine-api.ts';
import { type Clock, systemClock } from './clock.ts';

/** One resource's new value, as clients get it. */
export type StateChange = { [K in EngineResource]: { resource: K; value: EngineState[K] } }[EngineResource];
export type StateListener = (change: StateChange) => void;

/** The beat on which everything that only moves on the screen is told; as often as such displays usually are (top: 3 s). */
export const BEAT_MS = 3000;

/**
 * Beats between two announcements of one resource. What a person reacts to is not here: it is told at once. What only
 * moves is told together, so that a window wakes and draws once for all of it: drawn by the processor a frame costs 15 ms
 * of it, and at uneven times, with a movement between two values, there were 60 a second (bench app).
 */
const BEATS: Partial<Record<EngineResource, number>> = {
  cores: 1,
  running: 1,
  contribution: 1,
  filled: 3,
  lastEvent: 3,
};

/**
 * What the engine is doing, one typed value a resource: the parts set, the API reads and forwards.
 *
 * The beat goes while a moving resource is held. set() of a new value of one when the beat is still announces it at
 * once; otherwise the value is kept, and the last is announced on the first beat at which its BEATS are over. Each
 * announcement holds it again; the beat stops when nothing is held. A value equal to the current one is no change.
 * Values are not copied: set a new object, never alter one that was set.
 */
export class StateStore {
  readonly #clock: Clock;
  readonly #listeners = new Set<StateListener>();
  readonly #held = new Map<EngineResource, { changed: boolean; beats: number }>();
  #stopBeat: (() => void) | null = null;
  #state: EngineState;

  constructor(initial: EngineState, clock: Clock = systemClock) {
    this.#state = { ...initial };
    this.#clock = clock;
  }

  get<K extends EngineResource>(resource: K): EngineState[K] {
    return this.#state[resource];
  }

  /** The latest of everything, also of what is still held back from listeners. */
  snapshot(): EngineState {
    return { ...this.#state };
  }

  set<K extends EngineResource>(resource: K, value: EngineState[K]): void {
    if (isDeepStrictEqual(this.#state[resource], value)) return;
    this.#state = { ...this.#state, [resource]: value };
    const hold = this.#held.get(resource);
    if (hold) hold.changed = true;
    else if (resource in BEATS && this.#stopBeat) this.#held.set(resource, { changed: true, beats: 1 });
    else this.#announce(resource);
  }

  /** Sets from the current value; for resources made of parts. */
  update<K extends EngineResource>(resource: K, change: (current: EngineState[K]) => EngineState[K]): void {
    this.set(resource, change(this.#state[resource]));
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Drops timers and listeners; get and snapshot go on. */
  close(): void {
    this.#stopBeat?.();
    this.#stopBeat = null;
    this.#held.clear();
    this.#listeners.clear();
  }

  #beat(): void {
    this.#stopBeat = null;
    const due: EngineResource[] = [];
    for (const [resource, hold] of this.#held) {
      hold.beats -= 1;
      if (hold.beats > 0) continue;
      this.#held.delete(resource);
      if (hold.changed) due.push(resource);
    }
    if (this.#held.size > 0) this.#stopBeat = this.#clock.after(BEAT_MS, () => this.#beat());
    for (const resource of due) this.#announce(resource);
  }

  #announce(resource: EngineResource): void {
    const beats = BEATS[resource];
    if (beats !== undefined) {
      this.#held.set(resource, { changed: false, beats });
      this.#stopBeat ??= this.#clock.after(BEAT_MS, () => this.#beat());
    }
    // One resource with its own value: the compiler cannot see that the pair belongs together.
    const change = { resource, value: this.#state[resource] } as StateChange;
    for (const listener of [...this.#listeners]) listener(change);
  }
}
