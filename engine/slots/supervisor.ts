import type { Logger } from '../../platform/log.ts';
import { tablesAt } from '../../protocol/compare.ts';
import type { LiveEvent } from '../../protocol/work-unit.ts';
import { CapsuleError, type CapsuleKind } from '../capsules/capsule.ts';
import type { Clock } from '../clock.ts';
import type { SoftwareTree } from '../software/index.ts';
import type { Desk } from '../work/desk.ts';
import type { Attempt } from '../work/machine.ts';
import { chooseNext, mayTryAgain } from '../work/policy.ts';
import type { WorkUnit } from '../work/unit.ts';
import type { Consoles, ConsoleTail } from './consoles.ts';
import type { DriverPool } from './drivers.ts';
import type { HistogramBook } from './live-histograms.ts';
import { planSlots } from './policy.ts';
import type { RunEnd } from './run-unit.ts';
import { Slot } from './slot.ts';

export interface SupervisorOptions {
  readonly desk: Desk;
  readonly drivers: DriverPool;
  readonly consoles: Consoles;
  readonly histograms: HistogramBook;
  readonly clock: Clock;
  readonly log: Logger;
  /** Capsules for a unit, best first; none while those that preferences allow lack its program. */
  readonly preferred: (unit: WorkUnit) => readonly CapsuleKind[];
  /** Opens what a unit's program lies in, where that is read as it runs. @throws ProjectError */
  readonly openTree: (unit: WorkUnit, signal: AbortSignal) => Promise<SoftwareTree | null>;
  /** Events newly computed by all slots. */
  readonly onEvents: (events: number) => void;
  /** A unit's run has come to its end, well or not. */
  readonly onComputed: (project: string, cpuSeconds: number) => void;
  readonly onLive: (event: LiveEvent) => void;
  readonly onHistograms: () => void;
  /** A slot began, ended, paused, went on or told progress. */
  readonly onChange: () => void;
}

/** A unit whose runs were interrupted this often is held to break its capsule when that vanishes once more. */
const LOSSES_FORGIVEN = 100;

/**
 * Follows the number of slots that policy allows with units that are ready. Slots are paused and resumed, not
 * killed, when the number changes; a slot that is only starting is stopped instead, which costs nothing but the
 * start. Whatever happens to a slot, its unit goes back to the desk in a state from which it goes on.
 */
export class Supervisor {
  #options: SupervisorOptions;
  #slots = new Set<Slot>();
  #ending = new Set<Promise<void>>();
  #allowed = 0;
  #keepPaused = true;
  #orders = 0;
  #pauses = 0;
  #mode: 'open' | 'finishing' | 'closed' = 'open';
  #cancelRetry: (() => void) | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** In the order they were started. */
  get slots(): readonly Slot[] {
    return [...this.#slots];
  }

  /** @param keepPaused false: memory is needed, what is not allowed to compute is stopped */
  allow(slots: number, keepPaused: boolean): void {
    this.#allowed = slots;
    this.#keepPaused = keepPaused;
    this.poke();
  }

  /** Something may be possible now that was not: a unit is ready, a slot is free, a unit was withdrawn. */
  poke(): void {
    if (this.#mode === 'closed') return;
    for (const slot of this.#slots) {
      const { state } = slot.unit.state;
      if (state === 'abandoned' && !slot.isStopping) slot.stop();
    }
    const living = this.slots.filter((slot) => !slot.isStopping && slot.phase !== 'ending');
    const plan = planSlots(living, this.#allowed, this.#keepPaused);
    for (const slot of plan.stop) slot.stop();
    for (const slot of plan.pause) {
      if (slot.phase === 'starting') slot.stop();
      else slot.setPaused(++this.#pauses);
    }
    for (const slot of plan.resume) slot.setPaused(null);
    // Asked to finish while nothing may compute: waiting could take days, so the unit begins again another time.
    if (this.#mode === 'finishing' && this.#allowed === 0) for (const slot of this.#slots) slot.stop();
    if (this.#mode === 'open') for (let i = 0; i < plan.start; i++) if (!this.#startOne()) break;
  }

  /** Runs what runs to its end and starts nothing more. Resolves when no slot is left. */
  async finish(): Promise<void> {
    if (this.#mode === 'open') this.#mode = 'finishing';
    this.poke();
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  /** Stops every slot; their units wait in the spool. */
  async close(): Promise<void> {
    this.#mode = 'closed';
    this.#cancelRetry?.();
    for (const slot of this.#slots) slot.stop();
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  /** @returns whether it makes sense to try another */
  #startOne(): boolean {
    const { desk, drivers, clock } = this.#options;
    if (desk.diskTrouble) return false;
    const ready = desk.list(({ state, inSlot }) => state.state === 'ready' && !inSlot);
    if (ready.length === 0) return false;
    const candidates = ready.map((unit) => ({
      unit,
      leaseId: unit.leaseId,
      deadlineMs: Date.parse(unit.spooled.lease.deadline),
      interruptions: unit.state.interruptions,
      attempts: unit.state.attempts,
      kinds: [...unit.programs.keys()],
    }));
    const next = chooseNext(candidates, ({ unit }) =>
      this.#options.preferred(unit).filter((kind) => drivers.isReady(kind, unit.spooled.project)),
    );
    if (!next) {
      const restMs = drivers.nextReadyMs();
      if (restMs !== null) this.#retryIn(restMs);
      return false;
    }
    const { unit } = next.candidate;
    const programPath = unit.programs.get(next.kind);
    if (!unit.release || programPath === undefined)
      throw new Error(`unit ${unit.leaseId} is ready without programs`);
    const console = this.#options.consoles.begin(consoleKey(unit));
    const slot = new Slot({
      order: ++this.#orders,
      slotId: this.#freeSlotId(),
      unit,
      release: unit.release,
      kind: next.kind,
      programPath,
      openTree: (signal) => this.#options.openTree(unit, signal),
      jobFolder: desk.spool.jobFolder(unit.leaseId),
      console,
      clock,
      log: this.#options.log,
      onStarted: ({ accelerator, bootMs, restoreMs }) =>
        drivers.started(next.kind, unit.spooled.project, {
          accelerator: accelerator ?? null,
          bootMs,
          restoreMs,
        }),
      onProgress: (events) => {
        if (events > 0) this.#options.onEvents(events);
        this.#options.onChange();
      },
      onLive: this.#options.onLive,
      onBlock: (line) => {
        if (this.#options.histograms.addLine(unit.leaseId, line)) this.#options.onHistograms();
      },
    });
    unit.inSlot = true;
    this.#slots.add(slot);
    const ending = this.#run(slot, console)
      .catch((error) => this.#options.log.error({ err: error, slot: slot.slotId }, 'slot ended in a defect'))
      .finally(() => {
        unit.inSlot = false;
        this.#slots.delete(slot);
        this.#ending.delete(ending);
        this.#options.onChange();
        this.poke();
      });
    this.#ending.add(ending);
    this.#options.onChange();
    return true;
  }

  async #run(slot: Slot, console: ConsoleTail): Promise<void> {
    const { desk, histograms } = this.#options;
    const { unit } = slot;
    const { lease } = unit.spooled;
    if (!(await desk.apply(unit, { event: 'started', capsule: slot.kind }))) {
      if (unit.state.state === 'running') await desk.apply(unit, { event: 'interrupted' });
      return;
    }
    histograms.begin(unit.leaseId, {
      project: unit.spooled.project,
      campaign: lease.campaign,
      campaignTitle: lease.campaignTitle,
      parameters: lease.card.parameters,
      axes: unit.release?.histograms ?? [],
      references: tablesAt(unit.release?.references ?? [], lease.card.parameters),
    });
    try {
      const end = await this.#runInCapsule(slot);
      // The server may have withdrawn the unit while it ran.
      if (unit.state.state !== 'running') return;
      if (end.end === 'outputs') {
        await this.#keepFills(unit);
        histograms.finish(unit.leaseId);
      }
      await this.#note(slot, end, console);
    } finally {
      histograms.drop(unit.leaseId);
      this.#options.onHistograms();
      await this.#options.consoles.end(consoleKey(unit));
    }
  }

  /** Only where every event was told: a part would make this host's share look smaller than it is. */
  async #keepFills(unit: WorkUnit): Promise<void> {
    const { desk, histograms, log } = this.#options;
    const fills = histograms.fillsOf(unit.leaseId);
    if (fills?.events !== unit.spooled.lease.card.events) return;
    try {
      await desk.spool.saveFills(unit.leaseId, fills);
    } catch (error) {
      log.warn(
        { err: error, lease: unit.leaseId },
        'what a unit filled is not kept for the share shown here',
      );
    }
  }

  async #runInCapsule(slot: Slot): Promise<RunEnd> {
    const { drivers, log, desk } = this.#options;
    try {
      return await slot.run(await drivers.driver(slot.kind, slot.unit.spooled.project));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof CapsuleError) {
        log.warn({ err: error, capsule: slot.kind, slot: slot.slotId }, 'capsule did not start or was lost');
      } else if (!desk.noteDiskTrouble(error)) {
        log.error(
          { err: error, capsule: slot.kind, slot: slot.slotId },
          'run ended in a defect of the engine',
        );
      }
      // Either way not the unit's fault: it begins again, after the kind has rested a while.
      return { end: 'interrupted', reason, disk: null };
    }
  }

  async #note(slot: Slot, end: RunEnd, console: ConsoleTail): Promise<void> {
    const { desk, drivers, log } = this.#options;
    const { unit } = slot;
    if (end.end === 'outputs' || end.end === 'broken') {
      this.#options.onComputed(unit.spooled.project, slot.measures().cpuSeconds);
    }
    if (end.end === 'outputs') {
      await desk.apply(unit, { event: 'exited', outcome: end.outcome, measures: slot.measures() });
      return;
    }
    if (end.end === 'unread') {
      log.warn({ lease: unit.leaseId, reason: end.reason }, 'the program could not be read; begun again');
      unit.readAhead = true;
      await desk.apply(unit, { event: 'interrupted' });
      if (unit.state.state === 'ready') await desk.apply(unit, { event: 'programMissing' });
      return;
    }
    const isStopped = slot.isStopping || this.#mode === 'closed';
    if (end.end === 'interrupted' && (isStopped || unit.state.interruptions < LOSSES_FORGIVEN)) {
      if (end.disk) desk.noteDiskTrouble(end.disk);
      if (!isStopped) {
        log.warn({ lease: unit.leaseId, reason: end.reason }, 'run interrupted; begun again');
        drivers.failed(slot.kind, unit.spooled.project);
      }
      await desk.apply(unit, { event: 'interrupted' });
      return;
    }
    const attempt: Attempt = {
      capsule: slot.kind,
      reason: end.reason.slice(0, 500),
      exitStatus: end.end === 'broken' ? end.exitStatus : null,
      consoleTail: console.text(4000),
    };
    const attempts = [...unit.state.attempts, attempt];
    const again = mayTryAgain(attempts, [...unit.programs.keys()]);
    log.warn({ lease: unit.leaseId, attempt, again }, 'run broke');
    await desk.apply(
      unit,
      again ? { event: 'brokeOnce', attempt } : { event: 'brokeForGood', attempt, measures: slot.measures() },
    );
  }

  #retryIn(ms: number): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(ms, () => this.poke());
  }

  #freeSlotId(): string {
    const used = new Set(this.slots.map(({ slotId }) => slotId));
    for (let index = 0; ; index++) if (!used.has(`slot-${index}`)) return `slot-${index}`;
  }
}

function consoleKey({ spooled }: WorkUnit): string {
  return `${spooled.lease.unitId}@${spooled.project}`;
}
