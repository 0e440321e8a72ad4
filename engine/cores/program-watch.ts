import type { Clock } from '../clock.ts';
import { runningProgram } from './facts/programs.ts';

/** A person who starts a game notices a few seconds; looking costs some milliseconds. */
const LOOK_EVERY_MS = 3_000;
/** With nothing to pause there is no hurry. */
const CALM_LOOK_EVERY_MS = 12_000;

/** Looks for the programs during which nothing is to be computed; where the list is empty it does nothing at all. */
export class ProgramWatch {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #find: typeof runningProgram;
  #names: readonly string[] = [];
  #running: string | null = null;
  #active = false;
  #stopped = true;
  #looking = false;
  #cancel: () => void = () => {};

  constructor(clock: Clock, onChange: () => void, find = runningProgram) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#find = find;
  }

  /** The one that runs, by the name the person gave it. */
  get running(): string | null {
    return this.#running;
  }

  /** Resolves when it has looked once. */
  async start(names: readonly string[]): Promise<void> {
    this.#names = names;
    this.#stopped = false;
    await this.#look();
  }

  setNames(names: readonly string[]): void {
    this.#names = names;
    void this.#look();
  }

  setActive(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    if (active) void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #look(): Promise<void> {
    if (this.#stopped || this.#looking) return;
    this.#cancel();
    this.#looking = true;
    const names = this.#names;
    const found = names.length === 0 ? null : await this.#find(names);
    this.#looking = false;
    if (this.#stopped) return;
    if (names !== this.#names) {
      await this.#look();
      return;
    }
    if (names.length > 0)
      this.#cancel = this.#clock.after(
        this.#active ? LOOK_EVERY_MS : CALM_LOOK_EVERY_MS,
        () => void this.#look(),
      );
    if (found === this.#running) return;
    this.#running = found;
    this.#onChange();
  }
}
