/** @module Work units on this host: leased, fetched, run, uploaded, reported, decided. See machine.ts. */
import type { Logger } from '../../platform/log.ts';
import type { Clock } from '../clock.ts';
import { ProjectError } from '../project/errors.ts';
import type { WorkContext } from './context.ts';
import { deliverStep } from './deliver-step.ts';
import { fetchStep } from './fetch-step.ts';
import { leaseStep } from './lease-step.ts';
import { Loop, type StepResult } from './loop.ts';
import { settleStep } from './settle-step.ts';
import { verdictStep } from './verdict-step.ts';

export type { WorkContext } from './context.ts';
export { Desk, diskTrouble } from './desk.ts';
export { Spool } from './spool.ts';
export { isUndelivered, isUnfinished, neededObjects, type UsableKind, type WorkUnit } from './unit.ts';

const STEPS = {
  lease: leaseStep,
  fetch: fetchStep,
  deliver: deliverStep,
  verdict: verdictStep,
  settle: settleStep,
} as const;
type LoopName = keyof typeof STEPS;

export interface WorkOptions {
  readonly context: Omit<WorkContext, 'projectAnswered'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** What `trouble` or `noWork` say has changed. */
  readonly onChange: () => void;
}

/**
 * The loops that carry units along, side by side: none waits for another, so that results go out while the lease
 * loop rests, and the other way round. Each is poked whenever a unit changes; poking an idle loop costs a look.
 */
export class Work {
  #loops: Map<LoopName, Loop>;
  #troubles = new Map<LoopName, Error>();
  #noWork: string | null = null;
  #onChange: () => void;
  #isOpen = false;

  constructor(options: WorkOptions) {
    this.#onChange = options.onChange;
    const context: WorkContext = {
      ...options.context,
      projectAnswered: (reason) => {
        this.#noWork = reason;
        this.#onChange();
      },
    };
    const names = Object.keys(STEPS) as LoopName[];
    this.#loops = new Map(
      names.map((name) => [
        name,
        new Loop({
          name,
          clock: options.clock,
          random: options.random,
          log: options.log,
          step: async (signal) => {
            const result = await STEPS[name](context, signal);
            this.#worked(name, result);
            return result;
          },
          onTrouble: (error) => {
            this.#troubles.set(name, error);
            this.#onChange();
          },
        }),
      ]),
    );
  }

  /** Why the project cannot be talked to; null while it can, as far as is known. */
  get trouble(): ProjectError | null {
    for (const error of this.#troubles.values()) if (error instanceof ProjectError) return error;
    return null;
  }

  /** Why the project gave no work when last asked, in its words. */
  get noWork(): string | null {
    return this.#noWork;
  }

  /** From here on pokes are heard. */
  open(): void {
    this.#isOpen = true;
    this.poke();
  }

  poke(): void {
    if (this.#isOpen) for (const loop of this.#loops.values()) loop.poke();
  }

  /** The person wants it now, or the project is reachable again: no loop waits out its backoff. */
  hurry(): void {
    if (this.#isOpen) for (const loop of this.#loops.values()) loop.hurry();
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop()));
  }

  /** A loop that had failed and now did something: what kept the others back is likely over too. */
  #worked(name: LoopName, result: StepResult): void {
    if (!this.#troubles.delete(name)) return;
    this.#onChange();
    if (result.next !== 'idle') {
      for (const [other, loop] of this.#loops) if (other !== name && loop.inTrouble) loop.hurry();
    }
  }
}
