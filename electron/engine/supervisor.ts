import { isAlive } from '../../platform/processes.ts';
import type { EngineProcess } from '../../protocol/shell.ts';
import { BackOff } from './back-off.ts';
import { findEngine } from './endpoint.ts';
import type { EngineChild, EngineEnd } from './process.ts';

/** Why there is no engine, for electron/texts.ts to put into words. */
export type NoEngine =
  | { readonly code: 'engine.died'; readonly values: { readonly how: string } }
  | { readonly code: 'engine.cannotStart'; readonly values: { readonly why: string } }
  | { readonly code: 'engine.unreadable'; readonly values: { readonly file: string; readonly why: string } }
  | { readonly code: 'engine.stopped'; readonly values: Record<string, never> };

export interface SupervisorOptions {
  /** engineFiles.endpoint */
  readonly endpointFile: string;
  readonly start: () => EngineChild;
  readonly words: (cause: NoEngine) => string;
  readonly onChange: (state: EngineProcess) => void;
  readonly log: (message: string, details: Record<string, unknown>) => void;
}

/** One that is not our child cannot tell us when it ends. */
const LOOK_EVERY_MS = 1000;
const STOP_WITHIN_MS = 4000;

/**
 * Sees to it that there is an engine, and says honestly where there is none.
 *
 *     starting --one runs in the folder already--> running (not ours) --it crashed--> starting
 *     starting --ours is ready--> running (ours) --it died--> restarting --the time is up--> starting
 *     starting --ours cannot start--> restarting ...            --too often--> failed
 *     running --somebody stopped it in good order--> failed     failed, restarting --startNow()--> starting
 *     any --stop()--> over: ours has ended, another's goes on
 */
export class EngineSupervisor {
  readonly #options: SupervisorOptions;
  readonly #backOff = new BackOff();
  #state: EngineProcess = { state: 'starting' };
  #child: EngineChild | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;
  #attempt = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get state(): EngineProcess {
    return this.#state;
  }

  /** Of the engine that runs, whosever it is. */
  get isOurs(): boolean {
    return this.#child !== null;
  }

  async start(): Promise<void> {
    const attempt = ++this.#attempt;
    this.#clearTimer();
    this.#become({ state: 'starting' });
    const found = await findEngine(this.#options.endpointFile);
    if (this.#isOver || attempt !== this.#attempt) return;
    if (found.kind === 'unreadable') {
      const { file, why } = found;
      this.#none({ code: 'engine.unreadable', values: { file, why } }, 0);
      return;
    }
    if (found.kind === 'running') {
      const { url, token, pid } = found.endpoint;
      this.#become({ state: 'running', url, token, ours: false });
      this.#watch(pid);
      return;
    }
    await this.#startOurs(attempt);
  }

  /** The person does not want to wait, or has changed something. */
  startNow(): void {
    if (this.#isOver || this.#state.state === 'running' || this.#state.state === 'starting') return;
    this.#backOff.forget();
    void this.start();
  }

  /** Ends an engine of ours, asking first and then by force. Resolves when it is gone, in under five seconds. */
  async stop(ask: () => Promise<void>): Promise<void> {
    this.#isOver = true;
    this.#clearTimer();
    const child = this.#child;
    if (!child) return;
    // One that does not answer is told by a signal, with the same effect.
    const asked = ask().catch(() => child.kill('SIGTERM'));
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await child.ended;
    clearTimeout(late);
    await asked;
  }

  /** From now on an end in good order is what was wanted. Resolves when the engine has ended. */
  async ended(): Promise<void> {
    this.#isOver = true;
    const child = this.#child;
    if (child) await child.ended;
  }

  async #startOurs(attempt: number): Promise<void> {
    const startedAt = performance.now();
    const child = this.#options.start();
    this.#child = child;
    void child.ended.then((end) => this.#ended(child, end, performance.now() - startedAt));
    const ready = await child.ready;
    if (this.#isOver || attempt !== this.#attempt || this.#child !== child) return;
    if ('failed' in ready) this.#failure = ready.failed;
    else this.#become({ state: 'running', ...ready, ours: true });
  }

  /** What it said before it ended, where it could not start. */
  #failure: string | null = null;

  #ended(child: EngineChild, end: EngineEnd, ranForMs: number): void {
    if (this.#child !== child) return;
    this.#child = null;
    if (this.#isOver) return;
    const why = this.#failure;
    this.#failure = null;
    this.#options.log('the engine ended', { how: end.how, ranForMs: Math.round(ranForMs) });
    if (why !== null) this.#none({ code: 'engine.cannotStart', values: { why } }, ranForMs);
    else if (end.orderly) this.#stopped();
    else this.#none({ code: 'engine.died', values: { how: end.how } }, ranForMs);
  }

  #watch(pid: number): void {
    this.#timer = setTimeout(() => {
      if (isAlive(pid)) this.#watch(pid);
      else void this.#othersEnded();
    }, LOOK_EVERY_MS);
  }

  /** One that ended in good order took its file with it: somebody wanted that. */
  async #othersEnded(): Promise<void> {
    const found = await findEngine(this.#options.endpointFile);
    if (this.#isOver) return;
    if (found.kind === 'none' && !found.crashed) this.#stopped();
    else await this.start();
  }

  #stopped(): void {
    this.#become({ state: 'failed', reason: this.#options.words({ code: 'engine.stopped', values: {} }) });
  }

  #none(cause: NoEngine, ranForMs: number): void {
    const inSeconds = this.#backOff.died(ranForMs);
    const reason = this.#options.words(cause);
    this.#options.log('no engine', { reason, inSeconds });
    if (inSeconds === null) {
      this.#become({ state: 'failed', reason });
      return;
    }
    this.#become({ state: 'restarting', inSeconds, reason });
    this.#timer = setTimeout(() => void this.start(), inSeconds * 1000);
  }

  #become(state: EngineProcess): void {
    this.#state = state;
    this.#options.onChange(state);
  }

  #clearTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
