import { type Connection, serveStream, union } from '../../../ninep/index.ts';
import type { Logger } from '../../../platform/log.ts';
import {
  type Capsule,
  CapsuleError,
  type CapsuleMetrics,
  type RunOutcome,
  type StartupTimes,
  type UnitRun,
} from '../capsule.ts';
import { boundedConsole } from '../console.ts';
import { reportingJob } from '../job-reports.ts';
import { waitedMs } from '../waited.ts';
import { WallLimit } from '../wall-limit.ts';
import { GuestControl, type GuestStatus } from './guest-control.ts';
import { ownedByJob, type Software, softwareOf } from './guest-trees.ts';
import { keepConsole, Tail } from './kept-console.ts';
import { outcomeOf } from './outcome.ts';
import type { QemuProcess } from './process.ts';
import type { QmpClient } from './qmp.ts';
import type { Snapshot } from './snapshots.ts';
import { throttle } from './throttle.ts';
import { processState, processUsage } from './usage.ts';

/** How long QEMU may take to stop by itself before it is stopped from outside; pause() promises 50 ms. */
const QMP_STOP_MS = 15;
/** At the lowest priority on a busy machine QEMU may be long in answering; one that is longer is stuck. */
const QMP_CONT_MS = 120_000;

export interface VmCapsuleOptions {
  readonly slotId: string;
  readonly memoryMb: number;
  readonly machine: QemuProcess;
  readonly qmp: QmpClient;
  readonly snapshot: Snapshot;
  readonly startup: StartupTimes;
  readonly consolesFolder: string;
  /** Running time in which the machine must have read its work unit; else its snapshot is no good. */
  readonly lifeSignSeconds: number;
  /** The machine died before it did anything: its snapshot is to be thrown away. */
  readonly onBadSnapshot: () => Promise<void>;
  readonly log: Logger;
}

/**
 * One restored machine.
 *
 *     idle      restored, not running, waits for run()
 *     running   the guest runs; or is held: by QMP `stop`, and by SIGSTOP so that QEMU itself is still too
 *     over      QEMU is gone, for whatever reason; the outcome is known
 *
 * QMP `stop` alone would do, were QEMU's own thread sure to run soon: at the lowest priority on a busy machine, which is
 * when we are asked to pause, it is not. SIGSTOP alone would do, but the guest's clock would go on.
 */
export class VmCapsule implements Capsule {
  readonly startup: StartupTimes;
  readonly #options: VmCapsuleOptions;
  readonly #console = new Tail();
  readonly #stopped: Promise<RunOutcome>;
  #stop: () => void = () => {};
  #connections: Connection[] = [];
  #state: 'idle' | 'running' | 'over' = 'idle';
  #paused = false;
  /** Changes of the machine's state follow one another. */
  #changes: Promise<void> = Promise.resolve();
  #limits: WallLimit[] = [];
  #lastUsage = { cpuSeconds: 0, residentBytes: 0 };

  constructor(options: VmCapsuleOptions) {
    this.#options = options;
    this.startup = options.startup;
    this.#stopped = new Promise((resolve) => {
      this.#stop = () => resolve({ state: 'stopped' });
    });
  }

  async run(unit: UnitRun): Promise<RunOutcome> {
    if (this.#state !== 'idle') throw new CapsuleError('A capsule runs one work unit only.');
    if (unit.memoryMb > this.#options.memoryMb) {
      throw new CapsuleError(
        `This slot has ${this.#options.memoryMb} MB, the work unit needs ${unit.memoryMb} MB.`,
      );
    }
    this.#state = 'running';
    try {
      return await this.#running(unit, await softwareOf(unit));
    } finally {
      await this.#end();
      await this.#keepConsole(unit.unitId);
    }
  }

  async #running(unit: UnitRun, software: Software): Promise<RunOutcome> {
    const { machine, snapshot, lifeSignSeconds, onBadSnapshot, log } = this.#options;
    const control = this.#control(unit);
    const job = ownedByJob(reportingJob(unit));
    const onError = (error: unknown) => log.warn({ err: error, unit: unit.unitId }, 'guest 9P');
    this.#connections = [
      serveStream(machine.software, { tree: software.tree, resume: snapshot.software, onError }),
      serveStream(machine.tree, { tree: union({ job, ctl: control.tree }), resume: snapshot.tree, onError }),
    ];
    let isAlive = false;
    const wall = this.#limit(
      unit.wallSeconds,
      `The program ran longer than its limit of ${unit.wallSeconds} s.`,
    );
    const life = this.#limit(lifeSignSeconds, 'The virtual machine did not take up its work unit.');
    void control.taken.then(() => {
      isAlive = true;
      life.limit.pause();
      this.#limits = [wall.limit];
    });
    const lost = Promise.race([
      machine.ended.then((how) => this.#whyEnded(how)),
      life.over.then((reason) => (isAlive ? new Promise<never>(() => {}) : reason)),
    ]).then(async (reason): Promise<RunOutcome> => {
      if (!isAlive) await onBadSnapshot();
      return { state: 'broken', reason, lost: true };
    });
    control.run({
      program: software.program,
      args: unit.args,
      environment: unit.environment ?? {},
      memoryBytes: unit.memoryMb * 1024 * 1024,
    });
    await this.#change(() => this.#let());
    return Promise.race([
      this.#stopped,
      control.status.then((status: GuestStatus | null) => outcomeOf(status, unit.memoryMb)),
      wall.over.then((reason): RunOutcome => ({ state: 'broken', reason })),
      lost,
    ]);
  }

  #control(unit: UnitRun): GuestControl {
    const bounded = boundedConsole(unit.onConsole);
    const hold = throttle();
    return new GuestControl(async (data, signal) => {
      this.#console.push(data);
      bounded(Buffer.from(data));
      await hold(data.length, signal);
    });
  }

  #limit(seconds: number, reason: string): { limit: WallLimit; over: Promise<string> } {
    let isOver = () => {};
    const over = new Promise<string>((resolve) => {
      isOver = () => resolve(reason);
    });
    const limit = new WallLimit(seconds, isOver, { waited: () => waitedMs(this.#options.machine.pid) });
    this.#limits.push(limit);
    return { limit, over };
  }

  #whyEnded(how: string): string {
    const { kernelConsole } = this.#options.machine;
    const panic = /Kernel panic[^\n\r]*/.exec(kernelConsole.text())?.[0];
    return panic ? `The virtual machine's kernel stopped: ${panic}.` : `The virtual machine ${how}.`;
  }

  async pause(): Promise<void> {
    this.#paused = true;
    await this.#change(() => (this.#paused ? this.#hold() : Promise.resolve()));
  }

  async resume(): Promise<void> {
    this.#paused = false;
    await this.#change(() => this.#let());
  }

  /** One after the other, and none once the machine is gone. */
  #change(change: () => Promise<void>): Promise<void> {
    const done = this.#changes.then(() => (this.#state === 'running' ? change() : undefined));
    this.#changes = done.catch(() => {});
    return done;
  }

  async #hold(): Promise<void> {
    const { machine, qmp } = this.#options;
    for (const limit of this.#limits) limit.pause();
    await qmp.execute('stop', {}, QMP_STOP_MS).catch(() => {});
    machine.signal('SIGSTOP');
    // The signal reaches each thread when it next leaves the kernel or is interrupted: at once, but not yet.
    for (let i = 0; i < 20 && !['T', null].includes(processState(machine.pid)); i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async #let(): Promise<void> {
    if (this.#paused) return;
    const { machine, qmp } = this.#options;
    machine.signal('SIGCONT');
    try {
      await qmp.execute('cont', {}, QMP_CONT_MS);
    } catch (cause) {
      if (machine.hasEnded || this.#state !== 'running') return; // run() tells why
      this.#options.log.warn({ err: cause }, 'a virtual machine cannot be resumed');
      machine.signal('SIGKILL');
      return;
    }
    for (const limit of this.#limits) limit.run();
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#state = 'over';
    const { machine, qmp } = this.#options;
    for (const limit of this.#limits) limit.pause();
    this.metrics();
    await machine.kill();
    qmp.close();
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  async #keepConsole(unitId: string): Promise<void> {
    const { consolesFolder, slotId, machine, log } = this.#options;
    const parts = [
      `work unit ${unitId}\n`,
      this.#console.text(),
      '\n--- kernel ---\n',
      machine.kernelConsole.text(),
      '\n--- QEMU ---\n',
      machine.messages,
      '\n',
    ];
    try {
      await keepConsole(consolesFolder, slotId, Date.now(), parts.join(''));
    } catch (error) {
      log.warn({ err: error }, 'the console of a run could not be kept');
    }
  }

  metrics(): CapsuleMetrics {
    const { machine } = this.#options;
    const usage = machine.hasEnded ? null : processUsage(machine.pid);
    if (usage) this.#lastUsage = usage;
    return {
      pid: machine.hasEnded ? null : machine.pid,
      cpuSeconds: this.#lastUsage.cpuSeconds,
      residentBytes: usage?.residentBytes ?? 0,
      paused: this.#paused,
    };
  }
}
