import type { Clock } from '../../clock.ts';
import { type Facts, NO_FACTS } from '../situation.ts';
import { batteryProbe } from './battery.ts';
import { fullScreenProbe } from './full-screen.ts';
import { memoryProbe } from './memory.ts';
import { meteredProbe } from './metered.ts';
import { personProbe } from './person.ts';
import type { Probe } from './probe.ts';
import { temperatureProbe } from './temperature.ts';

/** What the engine finds out by itself. */
type OwnFact = Exclude<keyof Facts, 'thermal' | 'suspending' | 'program'>;
export type FactProbes = { readonly [K in OwnFact]: () => Promise<Probe<NonNullable<Facts[K]>> | null> };

export const systemProbes: FactProbes = {
  memoryAvailableMb: memoryProbe,
  battery: batteryProbe,
  temperatureC: temperatureProbe,
  personIdleSeconds: personProbe,
  fullScreen: fullScreenProbe,
  metered: meteredProbe,
};

/** While no capsule runs there is nothing to stop: facts are asked this much less often. */
const CALM_FACTOR = 4;

/**
 * Keeps the facts fresh. Each is asked on its own cadence and remembered; a probe that hangs or fails makes its fact
 * null and disturbs no other. `facts` never waits.
 */
export class FactsKeeper {
  readonly #clock: Clock;
  readonly #probes: FactProbes;
  readonly #onChange: () => void;
  readonly #cancels = new Map<string, () => void>();
  #facts: Facts = NO_FACTS;
  #active = false;
  #stopped = true;
  #asks: (() => void)[] = [];

  /** @param onChange called after each reading that differs from the one before */
  constructor(clock: Clock, onChange: () => void, probes: FactProbes = systemProbes) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#probes = probes;
  }

  get facts(): Facts {
    return this.#facts;
  }

  /** Resolves when every fact was asked once. */
  async start(): Promise<void> {
    this.#stopped = false;
    await Promise.all([
      this.#keep('memoryAvailableMb'),
      this.#keep('battery'),
      this.#keep('temperatureC'),
      this.#keep('personIdleSeconds'),
      this.#keep('fullScreen'),
      this.#keep('metered'),
    ]);
  }

  /** true: capsules run, ask as often as each fact deserves; on the change to it, everything is asked at once. */
  setActive(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    if (active) for (const ask of this.#asks) ask();
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
    this.#asks = [];
  }

  async #keep<K extends OwnFact>(name: K): Promise<void> {
    const probe = await this.#probes[name]().catch(() => null);
    if (!probe || this.#stopped) return;
    let asking = false;
    const ask = async () => {
      if (asking || this.#stopped) return;
      asking = true;
      this.#cancels.get(name)?.();
      const value: Facts[K] | null = await probe.read().catch(() => null);
      asking = false;
      if (this.#stopped) return;
      const changed = this.#facts[name] !== value;
      this.#facts = { ...this.#facts, [name]: value };
      const wait = probe.everyMs * (this.#active ? 1 : CALM_FACTOR);
      this.#cancels.set(
        name,
        this.#clock.after(wait, () => void ask()),
      );
      if (changed) this.#onChange();
    };
    this.#asks.push(() => void ask());
    await ask();
  }
}
