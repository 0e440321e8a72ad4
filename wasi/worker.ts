import * as modules from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { CALLS, WASI_MODULE } from './abi.ts';
import { CallingSide } from './channel.ts';
import { makeImports } from './host.ts';
import { ProgramExit } from './machine.ts';
import { PAGE_BYTES, UnfitProgram } from './module-limits.ts';
import type { ThreadData, ThreadMessage } from './thread.ts';

// A thread that is terminated writes nothing of what its next start could read (and the Node of an older Electron
// could not).
modules.flushCompileCache?.();

/** The thread a program runs in: it compiles, runs, says how it ended, and ends. */
const { module, args, memoryMb, channel }: ThreadData = workerData;
const say = (message: ThreadMessage) => parentPort?.postMessage(message);

let memory: WebAssembly.Memory | undefined;
try {
  say({ ended: { state: 'exited', exitStatus: await run() } });
} catch (error) {
  if (error instanceof UnfitProgram) say({ ended: { state: 'broken', reason: error.message } });
  else if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError) {
    say({ ended: { state: 'broken', reason: `the program file is damaged: ${error.message}` } });
  } else if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    say({ ended: { state: 'broken', reason: crash(error) } });
  } else throw error;
}

async function run(): Promise<number> {
  const program = await WebAssembly.compile(module);
  for (const { module: from, name, kind } of WebAssembly.Module.imports(program)) {
    if (from !== WASI_MODULE || kind !== 'function' || !Object.hasOwn(CALLS, name)) {
      throw new UnfitProgram(
        `the program needs ${from}.${name}, which is not offered: build it for ${WASI_MODULE}`,
      );
    }
  }
  const calls = makeImports(args, new CallingSide(channel, (signal) => say({ signal })), () => {
    if (!memory) throw new UnfitProgram('the program calls its host before it is there');
    return memory;
  });
  const { exports } = await WebAssembly.instantiate(program, { [WASI_MODULE]: calls });
  if (!(exports.memory instanceof WebAssembly.Memory) || typeof exports._start !== 'function') {
    throw new UnfitProgram('the program lacks _start or memory: build it as a WASI command');
  }
  memory = exports.memory;
  try {
    exports._start();
    return 0;
  } catch (error) {
    if (error instanceof ProgramExit) return error.exitStatus;
    throw error;
  }
}

/** V8's words for what the processor or the kernel would say; and the likely cause where memory is nearly used up. */
function crash(error: Error): string {
  if (error instanceof RangeError) return 'the program crashed: it called itself too deeply';
  const used = memory ? memory.buffer.byteLength : 0;
  const limit = memoryMb * 2 ** 20;
  const full = used > limit - Math.max(limit / 8, 4 * PAGE_BYTES);
  const hint = full ? `; it had used up its ${memoryMb} MB of memory` : '';
  return `the program crashed: ${error.message}${hint}`;
}
