import { CALLS, type CallName, type Calls, WASI_ERRNO, WasiError } from './abi.ts';
import { fileCalls } from './calls-files.ts';
import { pathCalls } from './calls-paths.ts';
import { processCalls } from './calls-process.ts';
import type { CallingSide } from './channel.ts';
import { Descriptors } from './descriptors.ts';
import { FileClient } from './file-client.ts';
import { GuestMemory } from './guest-memory.ts';
import { CountedClock, FixedRandom, type Machine } from './machine.ts';

/**
 * The functions a program imports, by the table in abi.ts. Each waits first while the capsule is held.
 * @param memory answers the program's memory; asked at the first call, when the program is there
 */
export function makeImports(
  args: readonly string[],
  channel: CallingSide,
  memory: () => WebAssembly.Memory,
): Record<CallName, (...args: (number | bigint)[]) => number> {
  let calls: Calls<CallName> | null = null;
  const answering = () => {
    const machine: Machine = {
      args,
      memory: new GuestMemory(memory()),
      descriptors: new Descriptors(),
      files: new FileClient(channel),
      clock: new CountedClock(),
      random: new FixedRandom(),
    };
    calls = { ...processCalls(machine), ...fileCalls(machine), ...pathCalls(machine) };
    return calls;
  };
  const one = (name: CallName) => {
    // JavaScript gets i32 as a signed number and i64 as a signed bigint.
    const unsigned = (value: number | bigint) =>
      typeof value === 'bigint' ? BigInt.asUintN(64, value) : value >>> 0;
    return (...values: (number | bigint)[]) => {
      channel.pass();
      try {
        const call = (calls ?? answering())[name] as (...values: (number | bigint)[]) => void;
        call(...values.map(unsigned));
        return WASI_ERRNO.SUCCESS;
      } catch (error) {
        if (error instanceof WasiError) return WASI_ERRNO[error.errno];
        throw error;
      }
    };
  };
  const names = Object.keys(CALLS) as CallName[];
  return Object.fromEntries(names.map((name) => [name, one(name)])) as ReturnType<typeof makeImports>;
}
