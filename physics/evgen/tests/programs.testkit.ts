/** Builds test programs in C out of tests/NAME.c and all parts of evgen but its main, with and without sanitizers. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compile, findCompiler, sourceFiles, sourceHash } from '../build.ts';

const run = promisify(execFile);

/** Null where this machine has no compiler. */
export const NATIVE_COMPILER = await findCompiler('native');

export const SANITIZERS = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

const PRODUCTS = fileURLToPath(new URL('../../../build/testkit/', import.meta.url));

/**
 * All parts of evgen but its main in one object file, compiled once for the same sources and flags: that takes a
 * quarter of a minute, and each test program is these and one file more.
 */
async function parts(flags: readonly string[]): Promise<string> {
  const command = NATIVE_COMPILER?.command ?? '';
  const hash = createHash('sha256').update(
    JSON.stringify([await sourceHash('native'), NATIVE_COMPILER?.version, flags]),
  );
  const product = join(PRODUCTS, `evgen-parts-${hash.digest('hex').slice(0, 16)}.o`);
  if (existsSync(product)) return product;
  await mkdir(PRODUCTS, { recursive: true });
  const beside = `${product}.${process.pid}.o`;
  const sources = (await sourceFiles()).filter((file) => file.endsWith('.c') && file !== 'main.c');
  await compile(command, {
    flags: ['-D_POSIX_C_SOURCE=200809L', ...flags, '-r', '-nostdlib'],
    libraries: [],
    sources,
    output: beside,
  });
  await rename(beside, product);
  return product;
}

/** Returns the program's path. */
export async function buildTestProgram(
  name: string,
  output: string,
  flags: readonly string[],
): Promise<string> {
  await compile(NATIVE_COMPILER?.command ?? '', {
    flags: ['-D_POSIX_C_SOURCE=200809L', ...flags],
    libraries: ['-lm'],
    sources: [`tests/${name}.c`, await parts(flags)],
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
