/**
 * The process of one wasm capsule. Its main thread stays free: it carries file calls to the engine and back, and
 * ends the process when the engine is gone, even while the program spins in its thread.
 */
import { readFile } from 'node:fs/promises';
import * as modules from 'node:module';
import { ProgramThread } from '../../../wasi/thread.ts';
import type { FromCapsule, ToCapsule } from './messages.ts';

const USE_REPORT_MS = 1000;

let thread: ProgramThread | null = null;
let hold = false;
let onAnswer: (answer: Uint8Array) => void = () => {};

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (message: ToCapsule) => {
  if ('answer' in message) onAnswer(message.answer);
  else if ('run' in message) void run(message.run);
  else if (message.hold) void holdProgram();
  else {
    hold = false;
    thread?.release();
  }
});
if (process.platform !== 'linux') {
  setInterval(() => {
    const { user, system } = process.cpuUsage();
    say({ use: { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() } });
  }, USE_REPORT_MS).unref();
}
say({ ready: true });
// It is always ended by a signal, and then writes nothing of what its next start could read (and the Node of an older Electron
// could not).
modules.flushCompileCache?.();

async function run({
  programPath,
  args,
  memoryMb,
}: Extract<ToCapsule, { run: unknown }>['run']): Promise<void> {
  const wasm = await readFile(programPath).catch((error: Error) => error);
  if (wasm instanceof Error) {
    say({ unreadable: wasm.message });
    return;
  }
  thread = new ProgramThread({
    wasm,
    args,
    memoryMb,
    serve: (ask) =>
      new Promise((resolve) => {
        onAnswer = resolve;
        say({ ask });
      }),
  });
  if (hold) void holdProgram();
  say({ ended: await thread.outcome });
}

async function holdProgram(): Promise<void> {
  hold = true;
  await thread?.hold();
  if (hold) say({ held: true });
}

function say(message: FromCapsule): void {
  process.send?.(message);
}
