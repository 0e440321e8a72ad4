import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../../platform/log.ts';
import { FileService } from '../../../wasi/file-service.ts';
import {
  type Capsule,
  CapsuleError,
  type CapsuleMetrics,
  type RunOutcome,
  type UnitRun,
} from '../capsule.ts';
import { boundedConsole } from '../console.ts';
import { reportingJob } from '../job-reports.ts';
import { waitedMs } from '../waited.ts';
import { WallLimit } from '../wall-limit.ts';
import type { FromCapsule, ProcessUse, ToCapsule } from './messages.ts';
import { isStopped, processUse } from './process-use.ts';

/** How a capsule is paused: the whole process by SIGSTOP, or the program at its next host call. */
export type Pausing = 'signal' | 'host-call';

/** argv[0], as in the appliance. */
const PROGRAM_NAME = 'program';
/** A program is to yield every few milliseconds; one that does not for so long is not going to. */
const HOLD_PATIENCE_MS = 10_000;
/** A thread that others keep from every core cannot take its stop, but then it uses no processor either. */
const STOP_PATIENCE_MS = 100;

/**
 * One process that runs one work unit.
 *
 *     idle --run()--> running --the program ends, is overdue, or the process dies--> ended
 *     any of these --stop()--> stopped          pause() and resume() apply to the process, whatever the state
 */
export class WasmCapsule implements Capsule {
  readonly startup = { bootMs: null, restoreMs: null };
  readonly #child: ChildProcess;
  readonly #pid: number;
  readonly #pausing: Pausing;
  readonly #log: Logger;
  readonly #gone: Promise<void>;
  #service: FileService | null = null;
  #wall: WallLimit | null = null;
  #finish: ((outcome: RunOutcome | CapsuleError) => void) | null = null;
  #onHeld: (() => void)[] = [];
  #paused = false;
  #started = false;
  #stopping = false;
  #use: ProcessUse = { cpuSeconds: 0, residentBytes: 0 };

  /** @param child spawned and ready */
  constructor(child: ChildProcess, pid: number, pausing: Pausing, log: Logger) {
    this.#child = child;
    this.#pid = pid;
    this.#pausing = pausing;
    this.#log = log;
    this.#gone = new Promise((resolve) => {
      child.once('exit', (status, signal) => {
        this.#lost(signal ?? `status ${status}`);
        resolve();
      });
    });
    child.on('message', (message: FromCapsule) => this.#hear(message));
    child.on('error', (error) => log.warn({ err: error, pid }, 'wasm capsule'));
  }

  run(unit: UnitRun): Promise<RunOutcome> {
    if (this.#started) throw new CapsuleError('a capsule runs one work unit only');
    this.#started = true;
    if (this.#stopping) return Promise.resolve({ state: 'stopped' });
    this.#service = new FileService(reportingJob(unit), boundedConsole(unit.onConsole));
    this.#wall = new WallLimit(unit.wallSeconds, () => this.#overdue(unit.wallSeconds), {
      waited: () => waitedMs(this.#pid),
    });
    const outcome = new Promise<RunOutcome>((resolve, reject) => {
      this.#finish = (how) => {
        this.#finish = null;
        this.#wall?.pause();
        void this.#closeFiles().then(
          () => (how instanceof CapsuleError ? reject(how) : resolve(how)),
          reject,
        );
      };
    });
    const { programPath, memoryMb } = unit;
    this.#tell({ run: { programPath, memoryMb, args: [PROGRAM_NAME, ...unit.args] } });
    if (!this.#paused) this.#wall.run();
    if (!this.#child.connected) this.#lost('its channel closed');
    return outcome;
  }

  async pause(): Promise<void> {
    this.#wall?.pause();
    this.#paused = true;
    if (this.#ended) return;
    if (this.#pausing === 'signal') {
      this.#child.kill('SIGSTOP');
      const patience = performance.now() + STOP_PATIENCE_MS;
      while (this.#paused && !isStopped(this.#pid) && performance.now() < patience) await delay(1);
      return;
    }
    const held = new Promise<'held'>((resolve) => this.#onHeld.push(() => resolve('held')));
    this.#tell({ hold: true });
    const tooLong = new AbortController();
    const late = delay(HOLD_PATIENCE_MS, 'late', { signal: tooLong.signal, ref: false }).catch(() => 'held');
    const how = await Promise.race([held, late]);
    tooLong.abort();
    if (how === 'late' && this.#paused && !this.#ended) {
      throw new CapsuleError('the program cannot be paused: it makes no host call; stop it instead');
    }
  }

  async resume(): Promise<void> {
    if (!this.#paused) return;
    this.#paused = false;
    this.#release();
    if (this.#ended) return;
    if (this.#pausing === 'signal') this.#child.kill('SIGCONT');
    else this.#tell({ hold: false });
    if (this.#finish) this.#wall?.run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#use = processUse(this.#pid) ?? this.#use;
    this.#child.kill('SIGKILL');
    this.#finish?.({ state: 'stopped' });
    await this.#gone;
    await this.#closeFiles();
  }

  metrics(): CapsuleMetrics {
    const ended = this.#ended;
    if (!ended) this.#use = processUse(this.#pid) ?? this.#use;
    return {
      pid: ended ? null : this.#pid,
      cpuSeconds: this.#use.cpuSeconds,
      residentBytes: ended ? 0 : this.#use.residentBytes,
      paused: this.#paused,
    };
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #hear(message: FromCapsule): void {
    if ('ask' in message) void this.#answer(message.ask);
    else if ('held' in message) this.#release();
    else if ('ended' in message) this.#finish?.(message.ended);
    else if ('use' in message) this.#use = message.use;
    else if ('unreadable' in message) {
      this.#finish?.(new CapsuleError(`the program's file cannot be read: ${message.unreadable}`));
    }
  }

  async #answer(ask: Uint8Array): Promise<void> {
    const service = this.#service;
    if (!service) return;
    try {
      this.#tell({ answer: await service.handle(ask) });
    } catch (error) {
      // The tree broke its own rules: our defect, which must not look like the program's.
      this.#finish?.(new CapsuleError("the work unit's files cannot be served", { cause: error }));
    }
  }

  #overdue(seconds: number): void {
    this.#finish?.({ state: 'broken', reason: `the program ran longer than its limit of ${seconds} s` });
    this.#child.kill('SIGKILL');
  }

  #lost(how: string): void {
    this.#release();
    if (!this.#finish) return;
    this.#log.warn({ pid: this.#pid, how }, 'wasm capsule lost');
    this.#finish({ state: 'broken', reason: `the capsule's process ended (${how})`, lost: true });
  }

  #release(): void {
    const waiting = this.#onHeld;
    this.#onHeld = [];
    for (const resolve of waiting) resolve();
  }

  #closeFiles(): Promise<void> {
    const service = this.#service;
    this.#service = null;
    return service?.close() ?? Promise.resolve();
  }

  #tell(message: ToCapsule): void {
    // A process that is just ending says so by its exit, see #lost.
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}
