import { parentPort, workerData } from 'node:worker_threads';
import type { Batch, BatchDone, WorkerOptions } from './tasks.ts';
import { Work } from './work.ts';

/** A thread of the pool. */
const options: WorkerOptions = workerData;
const work = new Work(options);

parentPort?.on('message', ({ tasks }: Batch) => {
  const done: BatchDone = { outcomes: tasks.map((task) => work.outcomeOf(task)) };
  parentPort?.postMessage(done);
});
