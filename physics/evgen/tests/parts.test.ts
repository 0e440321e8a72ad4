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
  folder = await mkdtemp(join(tmpdir(), 'evgen-parts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Each is told how many events to make; the sanitizers' programs are many times slower. */
describe.skipIf(!NATIVE_COMPILER).each([
  {
    what: 'known answers, maths, conservation, JSON and card reader',
    name: 'unit',
    events: ['1000000', '50000'],
  },
  {
    what: 'decay table, shower kernels, first emission, whole events',
    name: 'hadrons',
    events: ['8000', '800'],
  },
])('parts in C: $what', ({ name, events: [many = '', few = ''] }) => {
  it('pass their checks', async () => {
    const { stdout } = await run(await buildTestProgram(name, join(folder, name), []), [many]);
    expect(stdout).toMatch(/^\d+ checks, 0 failed\n$/);
  });

  it.skipIf(!sanitizers)('step outside of no memory and no defined behaviour', async () => {
    const program = await buildTestProgram(name, join(folder, `${name}-sanitized`), SANITIZERS);
    const { stdout } = await run(program, [few]);
    expect(stdout).toMatch(/^\d+ checks, 0 failed\n$/);
  });
});
