import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wasmDriver } from '../engine/capsules/wasm/index.ts';
import { makeLogger } from '../platform/log.ts';
import { benchCard, root, runInCapsule, withMachines } from './capsule/run.ts';
import { type Bench, type Measure, quantile } from './measure.ts';
import { identicalMillion } from './physics/million.ts';
import { inFolder, runNatively } from './physics/native.ts';

const ROUNDS = 3;
const EVENTS = { fast: 60_000, emulated: 2000 };
const BLOCK = 1000;
const STARTS = 20;
/** Z -> hadrons with all that happens to them, every histogram filled. */
const HADRONS = {
  energyGeV: 91.19,
  processes: ['d', 'u', 's', 'c', 'b'],
  stages: ['corrections', 'shower', 'hadronisation', 'decays'],
};
const at = (path: string) => fileURLToPath(new URL(path, root));

/**
 * Events Z -> hadrons, fully analysed, a second on one core: native (musl build), in the WebAssembly capsule and in the VM, one after
 * the other in each round; medians. Every run must write the same blocks. Then what the program takes: time to start and end with
 * one event, memory, size.
 */
export const bench: Bench = {
  name: 'physics',
  long: { identicalMillion },
  async run(say) {
    const program = at('build/evgen/evgen-x86_64-linux');
    const wasmProgram = at('build/evgen/evgen.wasm');
    const fast = benchCard(EVENTS.fast, BLOCK, HADRONS);
    const rates = { native: [] as number[], wasm: [] as number[] };
    const resident: number[] = [];
    let blocks = '';
    const wasm = wasmDriver({ log: makeLogger('bench') });
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const native = await runNatively(program, fast);
        const inWasm = await runInCapsule(wasm, wasmProgram, fast);
        if (inWasm.blocks !== native.blocks)
          throw new Error('native and wasm did not compute the same blocks');
        blocks = native.blocks;
        rates.native.push(EVENTS.fast / native.seconds);
        rates.wasm.push(EVENTS.fast / inWasm.runSeconds);
        resident.push(native.residentMb);
        say(
          `round ${round + 1} of ${ROUNDS}: native ${rates.native.at(-1)?.toFixed(0)}, wasm ${rates.wasm.at(-1)?.toFixed(0)} events/s`,
        );
      }
    } finally {
      await wasm.close();
    }
    const native = quantile(rates.native, 0.5);
    const vm = await inMachine(program, blocks).catch((error) => {
      say(`no figure of the VM: ${error instanceof Error ? error.message : error}`);
      return null;
    });
    const measure = (name: string, value: number, unit: string, goal: string | null): Measure => ({
      name,
      value,
      unit,
      goal,
      comparedWith: name.endsWith('PerNative') ? 'native, same run' : null,
    });
    return [
      measure('nativeEventsPerSecond', native, 'events/s', '>= 13000'),
      measure('wasmPerNative', quantile(rates.wasm, 0.5) / native, 'ratio', '>= 0.7'),
      ...(vm === null ? [] : [measure('vmPerNative', vm / native, 'ratio', null)]),
      measure('startMs', await startMs(program), 'ms', '<= 20'),
      measure('rssMb', Math.max(...resident), 'MB', '<= 32'),
      measure('binaryBytes', (await stat(program)).size, 'bytes', '<= 500e3'),
      measure('wasmBytes', (await stat(wasmProgram)).size, 'bytes', '<= 400e3'),
    ];
  },
};

/** @returns events a second; the run must write the beginning of the same blocks */
function inMachine(program: string, blocks: string): Promise<number> {
  return withMachines(async (machines) => {
    const inVm = await runInCapsule(machines, program, benchCard(EVENTS.emulated, BLOCK, HADRONS));
    if (!blocks.startsWith(inVm.blocks)) throw new Error('native and VM did not compute the same blocks');
    return EVENTS.emulated / inVm.runSeconds;
  });
}

/** From starting the program to its end, for one event. */
function startMs(program: string): Promise<number> {
  return inFolder(benchCard(1, 1, HADRONS), async (folder) => {
    const times: number[] = [];
    for (let i = 0; i < STARTS; i++) {
      const startedAt = performance.now();
      await promisify(execFile)(program, { cwd: folder });
      times.push(performance.now() - startedAt);
    }
    return quantile(times, 0.5);
  });
}
