/** Builds test programs in C out of tests/NAME.c and all parts of evgen but its main, with and without sanitizers. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compile, findCompiler, sourceFiles } from '../build.ts';

const run = promisify(execFile);

/** Null where this machine has no compiler. */
export const NATIVE_COMPILER = await findCompiler('native');

export const SANITIZERS = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** Returns the program's path. */
export async function buildTestProgram(
  name: string,
  output: string,
  flags: readonly string[],
): Promise<string> {
  const sources = (await sourceFiles()).filter((file) => file.endsWith('.c') && file !== 'main.c');
  await compile(NATIVE_COMPILER?.command ?? '', {
    flags: ['-D_POSIX_C_SOURCE=200809L', ...flags],
    libraries: ['-lm'],
    sources: [`tests/${name}.c`, ...sources],
    output,
  });
  return output;
}

/** Some compilers come without the sanitizers' libraries. */
export async function hasSanitizers(): Promise<boolean> {
  if (!NATIVE_COMPILER) return false;
  const probe = await mkdtemp(join(tmpdir(), 'evgen-probe-'));
  try {
    const child = run('sh', [
      '-c',
      `echo 'int main(void){return 0;}' | ${NATIVE_COMPILER.command} -x c - ${SANITIZERS.join(' ')} -o ${probe}/p && ${probe}/p`,
    ]);
    return await child.then(
      () => true,
      () => false,
    );
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}
