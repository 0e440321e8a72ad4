import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Batch, BatchDone, WorkerOptions } from './tasks.ts';
import { Work } from './work.ts';

// The pool terminates its threads, which then write nothing of what their next start could read.
flushCompileCache();

/** A thread of the pool. */
const options: WorkerOptions = workerData;
const work = new Work(options);

parentPort?.on('message', ({ tasks }: Batch) => {
  const done: BatchDone = { outcomes: tasks.map((task) => work.outcomeOf(task)) };
  parentPort?.postMessage(done);
});
