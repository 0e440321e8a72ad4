import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, findCompiler, sourceFiles } from '../build.ts';

const run = promisify(execFile);
const compiler = await findCompiler('native');
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evgen-units-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function buildUnits(name: string, flags: readonly string[]): Promise<string> {
  const sources = (await sourceFiles()).filter((file) => file.endsWith('.c') && file !== 'main.c');
  const output = join(folder, name);
  await compile(compiler?.command ?? '', {
    flags: ['-D_POSIX_C_SOURCE=200809L', ...flags],
    libraries: ['-lm'],
    sources: ['tests/unit.c', ...sources],
    output,
  });
  return output;
}

const SANITIZERS = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** Some compilers come without the sanitizers' libraries. */
async function hasSanitizers(): Promise<boolean> {
  if (!compiler) return false;
  const probe = await mkdtemp(join(tmpdir(), 'evgen-probe-'));
  try {
    const child = run('sh', [
      '-c',
      `echo 'int main(void){return 0;}' | ${compiler.command} -x c - ${SANITIZERS.join(' ')} -o ${probe}/p && ${probe}/p`,
    ]);
    return await child.then(
      () => true,
      () => false,
    );
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

const sanitizers = await hasSanitizers();

describe.skipIf(!compiler)('parts in C: known answers, maths, conservation, JSON and card reader', () => {
  it('pass their checks', async () => {
    const { stdout } = await run(await buildUnits('unit', []), ['1000000']);
    expect(stdout).toMatch(/^\d+ checks, 0 failed\n$/);
  });

  it.skipIf(!sanitizers)('step outside of no memory and no defined behaviour', async () => {
    const { stdout } = await run(await buildUnits('unit-sanitized', SANITIZERS), ['300000']);
    expect(stdout).toMatch(/^\d+ checks, 0 failed\n$/);
  });
});
