import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Whole-system tests take minutes and wait much; begun first, they run beside the others and not after them. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const isLong = (file: TestSpecification) =>
      /\/test\/|\/faults\.|\/qemu\/|\/wasm\/|\/projects\.|commands\.|\/server\/(kill|server)\.|linux-client/.test(
        file.moduleId,
      );
    return [...others.filter(isLong), ...others.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'build/**', '.beamtime/**', '.cache/**'],
    pool: 'forks',
    // PGlite is 9 MB of WebAssembly: compiled as it is needed and not optimised, a server's start costs a third less.
    execArgv: ['--liftoff-only', '--wasm-lazy-compilation'],
    // On two cores: a quarter of the time here is spent waiting for processes and deadlines.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    // Others may have the cores just then.
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
