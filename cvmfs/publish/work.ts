import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { type ChunkBounds, Chunker } from '../format/chunker.ts';
import { inWords, PublishError, SourceFault } from './errors.ts';
import { problemOf } from './problem.ts';
import { putObject } from './store.ts';
import type { Answers, FileStamp, Outcome, Task, TaskKind, WorkerOptions } from './tasks.ts';

/** What a thread does with tasks: it reads, compresses, hashes and stores. All calls are synchronous. */
export class Work {
  readonly #options: WorkerOptions;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  outcomeOf(task: Task): Outcome {
    try {
      return { answer: this.#answer(task) };
    } catch (error) {
      if (error instanceof PublishError) {
        return {
          fault: error.message,
          source: error instanceof SourceFault,
          changed: error instanceof ChangedMeanwhile,
        };
      }
      return { defect: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  #answer(task: Task): Answers[TaskKind] {
    const { store, bounds } = this.#options;
    switch (task.kind) {
      case 'file': {
        const { value, stamp } = steady(task.path, (file, size) => readUpTo(file, 0, size));
        return { ...putObject(store, value, ''), stamp };
      }
      case 'cuts':
        return cutsOf(task.path, bounds);
      case 'piece':
        return putObject(store, pieceOf(task), task.suffix);
      case 'bytes':
        return putObject(store, task.data, task.suffix);
      case 'verify':
        return { problem: verify(task) };
    }
  }
}

/** It was written to while it was read. */
class ChangedMeanwhile extends SourceFault {}

const TURNS = 3;
const STEP_BYTES = 1024 * 1024;

function cutsOf(path: string, bounds: ChunkBounds): Answers['cuts'] {
  const { value, stamp } = steady(path, (file, size) => {
    const chunker = new Chunker(bounds);
    const step = Buffer.allocUnsafe(STEP_BYTES);
    const cuts: number[] = [];
    for (let at = 0; at < size; ) {
      const count = readSync(file, step, 0, step.length, at);
      if (count === 0) break;
      for (const cut of chunker.feed(step.subarray(0, count))) cuts.push(at + cut);
      at += count;
    }
    return cuts;
  });
  return { cuts: value, stamp };
}

function pieceOf({ path, offset, bytes, stamp }: Extract<Task, { kind: 'piece' }>): Buffer {
  return opened(path, (file) => {
    const piece = readUpTo(file, offset, bytes);
    if (!isSame(stampOf(fstatSync(file, { bigint: true })), stamp)) throw changed(path);
    return piece;
  });
}

/** Reads until the file was the same before and after. */
function steady<T>(path: string, read: (file: number, bytes: number) => T): { value: T; stamp: FileStamp } {
  for (let turn = 0; turn < TURNS; turn++) {
    const found = opened(path, (file) => {
      const before = stampOf(fstatSync(file, { bigint: true }));
      const value = read(file, before.bytes);
      const stamp = stampOf(fstatSync(file, { bigint: true }));
      return isSame(before, stamp) ? { value, stamp } : null;
    });
    if (found) return found;
  }
  throw changed(path);
}

/** Not through a link, and not waiting for the other end of a pipe that took a file's place. */
function opened<T>(path: string, use: (file: number) => T): T {
  let file: number | undefined;
  try {
    file = openSync(
      Buffer.from(path, 'latin1'),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    return use(file);
  } catch (error) {
    throw inWords(error, `cannot read ${shown(path)}`, SourceFault);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readUpTo(file: number, offset: number, bytes: number): Buffer {
  const into = Buffer.allocUnsafe(bytes);
  let done = 0;
  while (done < bytes) {
    const count = readSync(file, into, done, bytes - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return into.subarray(0, done);
}

function stampOf(stat: BigIntStats): FileStamp {
  return { bytes: Number(stat.size), mtimeNs: stat.mtimeNs, ctimeNs: stat.ctimeNs, inode: stat.ino };
}

function isSame(a: FileStamp, b: FileStamp): boolean {
  return a.bytes === b.bytes && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.inode === b.inode;
}

function changed(path: string): ChangedMeanwhile {
  return new ChangedMeanwhile(
    `${shown(path)} is being written to; publish when it is done, or publish a copy of it`,
  );
}

function shown(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

function verify({ path, hash, compression, plainBytes }: Extract<Task, { kind: 'verify' }>): string | null {
  try {
    return problemOf(readFileSync(path), hash, compression, plainBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'is missing';
    throw error;
  }
}
