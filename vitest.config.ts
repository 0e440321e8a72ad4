import { matchesGlob, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Whole systems: processes, machines, browsers. They take minutes and wait much. */
const LONG = [
  'test/**/*.test.ts',
  'cli/*-commands.test.ts',
  'engine/*.test.ts',
  'engine/capsules/**/*.test.ts',
  'engine/history/**/*.test.ts',
  'engine/software/**/*.test.ts',
  'engine/work/crash.test.ts',
  '**/linux-client.test.ts',
  'physics/evgen/tests/parts.test.ts',
  'server/*.test.ts',
  'wasi/hostile.test.ts',
  '**/faults.test.ts',
];

/** Begun first, long ones run beside the others and not after them. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) =>
      LONG.some((pattern) => matchesGlob(relative(import.meta.dirname, moduleId), pattern));
    return [...others.filter(isLong), ...others.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'build/**', '.beamtime/**', '.cache/**'],
    // On two cores: a quarter of the time here is spent waiting for processes and deadlines.
    maxWorkers: 3,
    pool: 'forks',
    // A process for each file would start and load the same modules again: a second of each file's time.
    isolate: false,
    sequence: { sequencer: LongFirst },
    // PGlite is 9 MB of WebAssembly: compiled as it is needed and not optimised, a server's start costs a third less.
    // A young generation of some size: half as many collections. A larger one makes each process that is begun dearer.
    execArgv: [
      '--liftoff-only',
      '--wasm-lazy-compilation',
      '--min-semi-space-size=4',
      '--max-semi-space-size=16',
    ],
    // Others may have the cores just then.
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
