import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Platform } from '../../protocol/release.ts';

const run = promisify(execFile);
const PRODUCTS = fileURLToPath(new URL('../../build/testkit/', import.meta.url));
/** No contraction, so that floating-point numbers have the same bits on both. */
const FLAGS = ['-std=gnu17', '-O2', '-ffp-contract=off', '-Wall', '-Werror'];
const COMPILERS: Readonly<Record<Platform, readonly string[]>> = {
  'x86_64-linux': ['musl-gcc', '-static'],
  'wasm32-wasi': ['clang', '--target=wasm32-wasi'],
};

/**
 * Compiles one C file for a platform; once for the same source.
 * @param source path of the C file
 * @returns the program's path
 * @throws the compiler's message, where there is none the remedy
 */
export async function compileForTest(source: string, platform: Platform): Promise<string> {
  const [compiler = '', ...flags] = COMPILERS[platform];
  const hash = createHash('sha256')
    .update(await readFile(source))
    .update(JSON.stringify([compiler, flags, FLAGS]));
  const product = join(PRODUCTS, `${basename(source, '.c')}-${platform}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(product)) return product;
  await mkdir(PRODUCTS, { recursive: true });
  const beside = `${product}.${randomBytes(6).toString('hex')}`;
  try {
    await run(compiler, [...flags, ...FLAGS, '-o', beside, source]);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(
        `${compiler} is not installed: apt install musl-tools clang lld wasi-libc libclang-rt-14-dev-wasm32`,
      );
    }
    throw error;
  }
  await rename(beside, product);
  return product;
}
