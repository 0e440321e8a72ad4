import { readFile } from 'node:fs/promises';
import type { Tree } from '../ninep/tree.ts';
import { FileService } from './file-service.ts';
import { type ProgramOutcome, ProgramThread } from './thread.ts';

export type { ProgramOutcome } from './thread.ts';

export interface ProgramRun {
  /** The program built for wasm32-wasi: its bytes, or the path of its file on this host. */
  readonly wasm: Uint8Array | string;
  /** argv, the program's name included. */
  readonly args: readonly string[];
  /** What the program sees as "/", which is its working directory. */
  readonly tree: Tree;
  /** Of the program's own memory; the thread around it takes some 10 MB more. */
  readonly memoryMb: number;
  readonly wallSeconds: number;
  /** Ends the run early, with state `stopped`. */
  readonly signal: AbortSignal;
  /** What the program prints on stdout and stderr. */
  readonly onConsole: (chunk: Uint8Array) => void;
}

/** What a person may want to read of a run that goes wrong; the rest of a flood is dropped. */
const MAX_CONSOLE_BYTES = 1_000_000;

/**
 * Runs one program to its end in a worker thread of this process. The same program on a tree with the same content
 * leaves the same bytes and status, on every machine (README.md says what it sees).
 * @throws the file system's error where `wasm` is a path that cannot be read, and defects of the tree
 */
export async function runProgram(run: ProgramRun): Promise<ProgramOutcome> {
  const wasm = typeof run.wasm === 'string' ? await readFile(run.wasm) : run.wasm;
  if (run.signal.aborted) return { state: 'stopped' };
  let printed = 0;
  const service = new FileService(run.tree, (chunk) => {
    run.onConsole(chunk.subarray(0, Math.max(0, MAX_CONSOLE_BYTES - printed)));
    printed += chunk.length;
    return printed < MAX_CONSOLE_BYTES;
  });
  const thread = new ProgramThread({
    wasm,
    args: run.args,
    memoryMb: run.memoryMb,
    serve: (message) => service.handle(message),
  });
  const overdue = setTimeout(
    () =>
      void thread.stop({
        state: 'broken',
        reason: `the program ran longer than its limit of ${run.wallSeconds} s`,
      }),
    run.wallSeconds * 1000,
  );
  const stop = () => void thread.stop();
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    return await thread.outcome;
  } finally {
    clearTimeout(overdue);
    run.signal.removeEventListener('abort', stop);
    await thread.stop();
    await service.close();
  }
}
