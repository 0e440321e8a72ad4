import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type PublishError, SourceFault, Stopped, StoreFault } from './errors.ts';
import type { Answers, Batch, BatchDone, Outcome, Task, TaskKind, WorkerOptions } from './tasks.ts';
import { Work } from './work.ts';

/** A message to a thread costs as much as a small file: so many go at once. */
const BATCH_TASKS = 64;
const BATCH_BYTES = 1024 * 1024;
/** Batches at a thread, so that it need not wait for the next. */
const BATCHES_AHEAD = 2;
/** Who makes tasks waits while there are more. */
const MOST_WAITING = 20_000;
const MOST_WAITING_BYTES = 128 * 1024 * 1024;

interface Asked {
  readonly task: Task;
  readonly resolve: (answer: Answers[TaskKind]) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly batches: (readonly Asked[])[];
}

/** So much is done by the thread that asks. */
const LITTLE_TASKS = 64;
const LITTLE_BYTES = 2 * 1024 * 1024;

/** The file was written to while it was read; reading it anew may do better. */
export class Unsteady extends SourceFault {}

/** Threads that read, compress, hash and store, one for each core. */
export class Pool {
  readonly #options: WorkerOptions;
  readonly #most: number;
  readonly #here: Work;
  readonly #doneHere = { tasks: 0, bytes: 0 };
  /** Begun as they are needed: a small publication is done before a second one would be there. */
  readonly #threads: Thread[] = [];
  readonly #queue: Asked[] = [];
  #at = 0;
  #waiting = 0;
  #waitingBytes = 0;
  #onRoom: (() => void)[] = [];
  #ended: Error | null = null;
  #scheduled = false;

  constructor(options: WorkerOptions, threads = availableParallelism()) {
    this.#options = options;
    this.#most = threads;
    this.#here = new Work(options);
  }

  /** @throws SourceFault, StoreFault, Stopped */
  ask<K extends TaskKind>(task: Extract<Task, { kind: K }>): Promise<Answers[K]> {
    const answered = new Promise<Answers[TaskKind]>((resolve, reject) => {
      if (this.#ended) reject(this.#ended);
      else this.#queue.push({ task, resolve, reject });
    });
    this.#waiting++;
    this.#waitingBytes += held(task);
    // Tasks that are asked for in one go fill a batch.
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#send();
      });
    }
    // What answers a task is of its kind: worker.ts
    return answered as Promise<Answers[K]>;
  }

  /** Resolves when more may be asked for. */
  async room(): Promise<void> {
    while (!this.#ended && (this.#waiting > MOST_WAITING || this.#waitingBytes > MOST_WAITING_BYTES)) {
      await new Promise<void>((resolve) => this.#onRoom.push(resolve));
    }
    if (this.#ended) throw this.#ended;
  }

  /** Nothing is answered any more. */
  async close(reason: PublishError = new Stopped()): Promise<void> {
    this.#end(reason);
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #send(): void {
    if (this.#isLittle()) {
      this.#doHere();
      return;
    }
    for (let ahead = 1; ahead <= BATCHES_AHEAD; ahead++) {
      for (let i = 0; i < this.#most && this.#at < this.#queue.length; i++) {
        const thread = this.#threads[i] ?? this.#begin();
        if (thread.batches.length >= ahead) continue;
        const asked = this.#nextBatch();
        thread.batches.push(asked);
        const batch: Batch = { tasks: asked.map(({ task }) => task) };
        thread.worker.postMessage(batch);
      }
    }
    if (this.#at > 10_000 || this.#at === this.#queue.length) {
      this.#queue.splice(0, this.#at);
      this.#at = 0;
    }
  }

  /** Less than what it costs to begin a thread. */
  #isLittle(): boolean {
    if (this.#threads.length > 0) return false;
    const waiting = this.#queue.slice(this.#at, this.#at + LITTLE_TASKS + 1);
    const bytes = waiting.reduce((sum, { task }) => sum + task.bytes, this.#doneHere.bytes);
    return waiting.length + this.#doneHere.tasks <= LITTLE_TASKS && bytes <= LITTLE_BYTES;
  }

  #doHere(): void {
    const asked = this.#nextBatch();
    const outcomes = asked.map(({ task }) => this.#here.outcomeOf(task));
    for (const { task } of asked) {
      this.#doneHere.tasks++;
      this.#doneHere.bytes += task.bytes;
    }
    this.#settle(asked, outcomes);
  }

  #begin(): Thread {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: this.#options,
      execArgv: [],
    });
    const thread: Thread = { worker, batches: [] };
    worker.on('message', (done: BatchDone) => this.#done(thread, done));
    worker.on('error', (error) => this.#end(error));
    this.#threads.push(thread);
    return thread;
  }

  #nextBatch(): Asked[] {
    const batch: Asked[] = [];
    let bytes = 0;
    while (batch.length < BATCH_TASKS && bytes < BATCH_BYTES) {
      const next = this.#queue[this.#at];
      if (!next) break;
      this.#at++;
      bytes += next.task.bytes;
      batch.push(next);
    }
    return batch;
  }

  #done(thread: Thread, { outcomes }: BatchDone): void {
    this.#settle(thread.batches.shift() ?? [], outcomes);
  }

  #settle(asked: readonly Asked[], outcomes: readonly Outcome[]): void {
    this.#waiting -= asked.length;
    for (const { task } of asked) this.#waitingBytes -= held(task);
    for (const [i, one] of asked.entries()) settle(one, outcomes[i]);
    if (this.#at < this.#queue.length) this.#send();
    this.#tellRoom();
  }

  #tellRoom(): void {
    const told = this.#onRoom;
    this.#onRoom = [];
    for (const tell of told) tell();
  }

  #end(reason: Error): void {
    if (this.#ended) return;
    this.#ended = reason;
    const asked = [...this.#threads.flatMap(({ batches }) => batches.flat()), ...this.#queue.slice(this.#at)];
    for (const { reject } of asked) reject(reason);
    this.#tellRoom();
  }
}

function held(task: Task): number {
  return task.kind === 'bytes' ? task.bytes : 0;
}

function settle(asked: Asked, outcome: Outcome | undefined): void {
  if (!outcome) asked.reject(new Error('a thread answered fewer tasks than it was given'));
  else if ('answer' in outcome) asked.resolve(outcome.answer);
  else if ('defect' in outcome) asked.reject(outcome.defect);
  else {
    const Kind = outcome.changed ? Unsteady : outcome.source ? SourceFault : StoreFault;
    asked.reject(new Kind(outcome.fault));
  }
}
