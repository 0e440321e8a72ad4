import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wasmDriver } from '../engine/capsules/wasm/index.ts';
import { makeLogger } from '../platform/log.ts';
import { benchCard, root, runInCapsule, withMachines } from './capsule/run.ts';
import { type Bench, type Measure, quantile } from './measure.ts';

const ROUNDS = 5;
/** A few seconds each, so that starting the program is nothing beside computing. */
const EVENTS = { fast: 20_000_000, emulated: 4_000_000 };
const BLOCK = 250_000;
const at = (path: string) => fileURLToPath(new URL(path, root));
const run = promisify(execFile);

/**
 * Events per second of the generator natively (musl build), in the WebAssembly capsule and in the VM, one after the other
 * in each round; medians over the rounds. Starting a capsule is not in it (bench boot), starting the program is.
 * Every run must write the same blocks.
 */
export const bench: Bench = {
  name: 'capsules',
  async run(say) {
    const program = at('build/evgen/evgen-x86_64-linux');
    const wasmProgram = at('build/evgen/evgen.wasm');
    const wasm = wasmDriver({ log: makeLogger('bench') });
    const rates = { native: [] as number[], wasm: [] as number[], vm: [] as number[] };
    const fast = benchCard(EVENTS.fast, BLOCK);
    const emulated = benchCard(EVENTS.emulated, BLOCK);
    let accelerator = '';
    try {
      await withMachines(async (machines) => {
        accelerator = machines.facts().accelerator ?? '';
        for (let round = 0; round < ROUNDS; round++) {
          const native = await runNatively(program, EVENTS.fast);
          const inWasm = await runInCapsule(wasm, wasmProgram, fast);
          const inVm = await runInCapsule(machines, program, emulated);
          if (inWasm.blocks !== native.blocks || !native.blocks.startsWith(inVm.blocks))
            throw new Error('the capsules did not compute the same blocks');
          rates.native.push(EVENTS.fast / native.seconds);
          rates.wasm.push(EVENTS.fast / inWasm.runSeconds);
          rates.vm.push(EVENTS.emulated / inVm.runSeconds);
          say(
            `round ${round + 1} of ${ROUNDS}: native ${millions(rates.native.at(-1))}, wasm ${millions(rates.wasm.at(-1))}, VM ${millions(rates.vm.at(-1))}`,
          );
        }
      });
    } finally {
      await wasm.close();
    }
    const median = (values: number[]) => quantile(values, 0.5);
    const native = median(rates.native);
    const rate = (name: string, value: number): Measure => ({
      name,
      value,
      unit: 'events/s',
      goal: null,
      comparedWith: null,
    });
    return [
      rate('nativeEventsPerSecond', native),
      rate('wasmEventsPerSecond', median(rates.wasm)),
      rate('vmEventsPerSecond', median(rates.vm)),
      {
        name: 'wasmPerNative',
        value: median(rates.wasm) / native,
        unit: 'ratio',
        goal: '>= 0.7',
        comparedWith: 'native, same rounds',
      },
      {
        name: 'vmPerNative',
        value: median(rates.vm) / native,
        unit: 'ratio',
        goal: null,
        comparedWith: `native, same rounds; accelerator ${accelerator}`,
      },
    ];
  },
};

async function runNatively(program: string, events: number): Promise<{ seconds: number; blocks: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-bench-'));
  try {
    await mkdir(join(folder, 'job'));
    await writeFile(join(folder, 'job/card.json'), JSON.stringify(benchCard(events, BLOCK)));
    const startedAt = performance.now();
    await run(program, [], { cwd: join(folder, 'job') });
    const seconds = (performance.now() - startedAt) / 1000;
    return { seconds, blocks: await readFile(join(folder, 'job/out/blocks.jsonl'), 'utf8') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const millions = (rate = 0) => `${(rate / 1e6).toFixed(2)}e6 events/s`;
