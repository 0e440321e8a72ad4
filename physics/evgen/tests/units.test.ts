import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTestProgram, hasSanitizers, NATIVE_COMPILER, SANITIZERS } from './programs.testkit.ts';

const run = promisify(execFile);
const sanitizers = await hasSanitizers();
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evgen-units-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!NATIVE_COMPILER)(
  'parts in C: known answers, maths, conservation, JSON and card reader',
  () => {
    it('pass their checks', async () => {
      const { stdout } = await run(await buildTestProgram('unit', join(folder, 'unit'), []), ['1000000']);
      expect(stdout).toMatch(/^\d+ checks, 0 failed\n$/);
    });

    it.skipIf(!sanitizers)('step outside of no memory and no defined behaviour', async () => {
      const program = await buildTestProgram('unit', join(folder, 'unit-sanitized'), SANITIZERS);
      const { stdout } = await run(program, ['50000']);
      expect(stdout).toMatch(/^\d+ checks, 0 failed\n$/);
    });
  },
);
