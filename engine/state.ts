import { isDeepStrictEqual } from 'node:util';
import type { EngineResource, EngineState } from '../protocol/engine-api.ts';
import { type Clock, systemClock } from './clock.ts';

/** One resource's new value, as clients get it. */
export type StateChange = { [K in EngineResource]: { resource: K; value: EngineState[K] } }[EngineResource];
export type StateListener = (change: StateChange) => void;

/**
 * Shortest time between two announcements of one resource, in milliseconds. What a person reacts to is told
 * at once; what only moves on the screen is told as often as an eye can follow.
 */
const HOLD_MS: Partial<Record<EngineResource, number>> = {
  cores: 500,
  running: 250,
  histograms: 1000,
  lastEvent: 500,
  contribution: 1000,
};

/**
 * What the engine is doing, one typed value a resource: the parts set, the API reads and forwards.
 *
 * A resource is quiet or held. set() of a new value on a quiet one announces it at once and holds it for
 * HOLD_MS; what is set meanwhile is kept, and only the last is announced when the hold ends (and holds
 * again). A value equal to the current one is no change. Values are not copied: set a new object, never
 * alter one that was set.
 */
export class StateStore {
  readonly #clock: Clock;
  readonly #listeners = new Set<StateListener>();
  readonly #held = new Map<EngineResource, { changed: boolean; cancel: () => void }>();
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
    for (const hold of this.#held.values()) hold.cancel();
    this.#held.clear();
    this.#listeners.clear();
  }

  #announce(resource: EngineResource): void {
    const holdMs = HOLD_MS[resource];
    if (holdMs !== undefined) {
      const cancel = this.#clock.after(holdMs, () => {
        const changed = this.#held.get(resource)?.changed ?? false;
        this.#held.delete(resource);
        if (changed) this.#announce(resource);
      });
      this.#held.set(resource, { changed: false, cancel });
    }
    // One resource with its own value: the compiler cannot see that the pair belongs together.
    const change = { resource, value: this.#state[resource] } as StateChange;
    for (const listener of [...this.#listeners]) listener(change);
  }
}
