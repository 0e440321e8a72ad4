/** @module Work units on this host: leased, fetched, run, uploaded, reported, decided. See machine.ts. */
import type { Logger } from '../../platform/log.ts';
import type { Clock } from '../clock.ts';
import { ProjectError, SoftwareRefused } from '../project/errors.ts';
import type { WorkContext } from './context.ts';
import { deliverStep } from './deliver-step.ts';
import { fetchStep } from './fetch-step.ts';
import { leaseStep } from './lease-step.ts';
import { Loop, type StepResult } from './loop.ts';
import { settleStep } from './settle-step.ts';
import { verdictStep } from './verdict-step.ts';

export type { WorkContext } from './context.ts';
export { Desk, type DiskTrouble, diskTrouble } from './desk.ts';
export { Spool } from './spool.ts';
export { Turns } from './turns.ts';
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
  readonly context: Omit<WorkContext, 'projectAnswered' | 'othersTurn' | 'forgotten'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** What `trouble` or `noWork` say has changed, or a project that was left is forgotten. */
  readonly onChange: () => void;
}

/** What carries one project's units along. */
interface Carriage {
  readonly loops: ReadonlyMap<LoopName, Loop>;
  readonly troubles: Map<LoopName, Error>;
  noWork: string | null;
}

/**
 * The loops that carry units along, side by side: none waits for another, so that results go out while the lease
 * loop rests, and the other way round; and each project has its own, so that one which is away keeps back no other.
 * Each is poked whenever a unit changes; poking an idle loop costs a look.
 */
export class Work {
  readonly #options: WorkOptions;
  readonly #context: WorkContext;
  readonly #carriages = new Map<string, Carriage>();
  readonly #ending = new Set<Promise<unknown>>();
  #isOpen = false;

  constructor(options: WorkOptions) {
    this.#options = options;
    this.#context = {
      ...options.context,
      projectAnswered: (project, reason) => {
        const carriage = this.#carriages.get(project);
        if (carriage) carriage.noWork = reason;
        options.onChange();
      },
      othersTurn: (project) => {
        if (!this.#isOpen) return;
        for (const [key, { loops }] of this.#carriages) if (key !== project) loops.get('lease')?.poke();
      },
      forgotten: () => options.onChange(),
    };
  }

  /** Why the project cannot be talked to; null while it can, as far as is known. */
  troubleOf(project: string): ProjectError | null {
    for (const error of this.#carriages.get(project)?.troubles.values() ?? [])
      if (error instanceof ProjectError) return error;
    return null;
  }

  /** Why the project gave no work when last asked, in its words. */
  noWorkOf(project: string): string | null {
    return this.#carriages.get(project)?.noWork ?? null;
  }

  /** From here on pokes are heard. */
  open(): void {
    this.#isOpen = true;
    this.poke();
  }

  poke(): void {
    this.#each((loop) => loop.poke());
  }

  /** The person wants it now, or the project is reachable again: no loop waits out its backoff. */
  hurry(): void {
    this.#context.desk.hurry();
    this.#each((loop) => loop.hurry());
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    for (const project of [...this.#carriages.keys()]) this.#end(project);
    await Promise.all(this.#ending);
    await this.#context.turns.close();
  }

  #each(act: (loop: Loop) => void): void {
    if (!this.#isOpen) return;
    const { desk, memberships } = this.#context;
    const projects = new Set(memberships.all.map(({ keyFingerprint }) => keyFingerprint));
    // Also those this host knows nothing of any more: their units come to an end.
    for (const { spooled } of desk.units.values()) projects.add(spooled.project);
    for (const project of [...this.#carriages.keys()]) if (!projects.has(project)) this.#end(project);
    for (const project of projects) {
      const carriage = this.#carriages.get(project) ?? this.#begin(project);
      for (const loop of carriage.loops.values()) act(loop);
    }
  }

  #begin(project: string): Carriage {
    const { clock, random, log, onChange } = this.#options;
    const troubles = new Map<LoopName, Error>();
    const names = Object.keys(STEPS) as LoopName[];
    const loops = new Map(
      names.map((name) => [
        name,
        new Loop({
          name,
          clock,
          random,
          log,
          step: async (signal) => {
            const result = await STEPS[name](this.#context, project, signal);
            this.#worked(carriage, name, result);
            return result;
          },
          onTrouble: (error) => {
            troubles.set(name, error);
            onChange();
          },
        }),
      ]),
    );
    const carriage: Carriage = { loops, troubles, noWork: null };
    this.#carriages.set(project, carriage);
    return carriage;
  }

  #end(project: string): void {
    const carriage = this.#carriages.get(project);
    this.#carriages.delete(project);
    if (!carriage) return;
    const ending = Promise.all([...carriage.loops.values()].map((loop) => loop.stop()));
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  /** A loop that had failed and now did something: what kept the others back is likely over too. */
  #worked({ troubles, loops }: Carriage, name: LoopName, result: StepResult): void {
    // Software that was refused stays so, and said so, while nothing was fetched since.
    if (result.next === 'idle' && troubles.get(name) instanceof SoftwareRefused) return;
    if (!troubles.delete(name)) return;
    this.#options.onChange();
    if (result.next !== 'idle') {
      for (const [other, loop] of loops) if (other !== name && loop.inTrouble) loop.hurry();
    }
  }
}
