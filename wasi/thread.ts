import { Worker } from 'node:worker_threads';
import { AnsweringSide, makeChannel, type ThreadSignal } from './channel.ts';
import { limitModule, UnfitProgram } from './module-limits.ts';

/** How a program ended. `reason` is plain words for a person. */
export type ProgramOutcome =
  | { readonly state: 'exited'; readonly exitStatus: number }
  | { readonly state: 'broken'; readonly reason: string }
  | { readonly state: 'stopped' };

export interface ThreadOptions {
  /** The program, in WebAssembly's binary format. */
  readonly wasm: Uint8Array;
  /** argv, the program's name included. */
  readonly args: readonly string[];
  readonly memoryMb: number;
  /** Answers the program's file calls (FileService.handle, or a way to one). */
  readonly serve: (message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;
}

/** What worker.ts is given and what it says. */
export interface ThreadData {
  readonly module: Uint8Array<ArrayBuffer>;
  readonly args: readonly string[];
  readonly memoryMb: number;
  readonly channel: SharedArrayBuffer;
}
export type ThreadMessage = { readonly signal: ThreadSignal } | { readonly ended: ProgramOutcome };

/** Our own code in the thread needs little; the program's memory is not counted here. */
const HEAP_MB = 64;

/** All that the thread knows of this machine: where its own code lies compiled, or its start takes twice as long. */
function compileCache(): Record<string, string> {
  const { NODE_COMPILE_CACHE } = process.env;
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
}

/**
 * One program in a worker thread of its own.
 *
 *     running --hold()--> held --release()--> running     at its next host call, see CallingSide.pass
 *     any of these --stop()--> ended
 */
export class ProgramThread {
  /** How it ended; rejects only when answering its file calls met a defect of ours. */
  readonly outcome: Promise<ProgramOutcome>;
  readonly #worker: Worker | null;
  readonly #answers: AnsweringSide;
  #resolve: (outcome: ProgramOutcome) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #onHeld: (() => void)[] = [];
  #ended = false;

  constructor({ wasm, args, memoryMb, serve }: ThreadOptions) {
    const channel = makeChannel();
    this.#answers = new AnsweringSide(channel);
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const module = limited(wasm, memoryMb);
    if (typeof module === 'string') {
      this.#worker = null;
      this.#end({ state: 'broken', reason: module });
      return;
    }
    const data: ThreadData = { module, args, memoryMb, channel };
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: data,
      env: compileCache(),
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16 },
    });
    this.#worker.on('message', (message: ThreadMessage) => {
      if ('ended' in message) this.#end(message.ended);
      else if (message.signal === 'held') this.#held();
      else void this.#answer(serve);
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () =>
      this.#end({ state: 'broken', reason: "the program's thread ended too early" }),
    );
  }

  /** Resolves once the program stands still: at its next host call. */
  hold(): Promise<void> {
    this.#answers.hold = true;
    if (this.#ended || this.#answers.waiting) return Promise.resolve();
    return new Promise((resolve) => this.#onHeld.push(resolve));
  }

  release(): void {
    this.#answers.hold = false;
    this.#held();
  }

  /** Ends the program wherever it is; resolves when its thread is gone. */
  async stop(outcome: ProgramOutcome = { state: 'stopped' }): Promise<void> {
    this.#end(outcome);
    await this.#worker?.terminate();
  }

  async #answer(serve: ThreadOptions['serve']): Promise<void> {
    if (this.#answers.waiting) this.#held();
    try {
      const answer = await serve(this.#answers.question());
      if (!this.#ended) this.#answers.answer(answer);
    } catch (error) {
      this.#fail(error);
    }
  }

  #held(): void {
    const waiting = this.#onHeld;
    this.#onHeld = [];
    for (const resolve of waiting) resolve();
  }

  #end(outcome: ProgramOutcome): void {
    this.#ended = true;
    this.#held();
    this.#resolve(outcome);
  }

  #fail(error: unknown): void {
    this.#ended = true;
    this.#held();
    this.#reject(error);
    void this.#worker?.terminate();
  }
}

/** @returns the limited program, or why it cannot run */
function limited(wasm: Uint8Array, memoryMb: number): Uint8Array<ArrayBuffer> | string {
  try {
    return limitModule(wasm, memoryMb);
  } catch (error) {
    if (error instanceof UnfitProgram) return error.message;
    throw error;
  }
}
