import { fileURLToPath } from 'node:url';
import { wasmDriver } from '../../engine/capsules/wasm/index.ts';
import { makeLogger } from '../../platform/log.ts';
import type { Card } from '../../protocol/work-unit.ts';
import { benchCard, root, runInCapsule, withMachines } from '../capsule/run.ts';
import type { Measure, Say } from '../measure.ts';
import { runNatively } from './native.ts';

const at = (path: string) => fileURLToPath(new URL(path, root));
const FILES = ['out/blocks.jsonl', 'out/events.hepmc', 'out/summary.json'];
const EVENTS = { wasm: 1_000_000, vm: 5000 };
const BLOCK = 1000;

/** Every process and stage; the first thousand events with all digits of every particle. */
function wholeEvents(events: number): Card {
  return benchCard(events, BLOCK, { energyGeV: 91.19, hepmcEvents: 1000 });
}

/** Whether all files of a million events are the same bytes natively (musl) and in WebAssembly, and of fewer in the VM. */
export async function identicalMillion(say: Say): Promise<Measure[]> {
  const program = at('build/evgen/evgen-x86_64-linux');
  const compare = async (name: string, events: number, elsewhere: (card: Card) => Promise<string>) => {
    const card = wholeEvents(events);
    const native = (await runNatively(program, card, FILES)).hash;
    const other = await elsewhere(card);
    say(`${name}: ${events} events, native ${native}, there ${other}`);
    const value = native === other ? events : 0;
    return { name, value, unit: 'events', goal: `>= ${events}`, comparedWith: 'native' };
  };
  const wasm = wasmDriver({ log: makeLogger('bench') });
  const inWasm = await compare('identicalMillion', EVENTS.wasm, async (card) => {
    return (await runInCapsule(wasm, at('build/evgen/evgen.wasm'), card, FILES)).hash;
  }).finally(() => wasm.close());
  const inVm = await withMachines((machines) =>
    compare('identicalInVm', EVENTS.vm, async (card) => {
      return (await runInCapsule(machines, program, card, FILES)).hash;
    }),
  ).catch((error) => {
    say(`no comparison with the VM: ${error instanceof Error ? error.message : error}`);
    return null;
  });
  return inVm === null ? [inWasm] : [inWasm, inVm];
}
