/**
 * Builds spectra for WebAssembly where this machine has a compiler for it: `node physics/spectra/build.ts`. Nothing is done where sources
 * and product are unchanged; it is built beside and renamed.
 */
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256, writeFileAtomic } from '../../platform/files.ts';
import { compile, FLAGS, findCompiler, flagsOf } from '../evgen/build.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PRODUCTS = fileURLToPath(new URL('../../build/spectra/', import.meta.url));
const PROGRAM = join(PRODUCTS, 'spectra.wasm');
const EVGEN = join(HERE, '..', 'evgen');
const SOURCES = [
  join(HERE, 'main.c'),
  join(HERE, 'events.c'),
  join(EVGEN, 'io', 'json.c'),
  join(EVGEN, 'analysis', 'particles.c'),
];
const HEADERS = [join(HERE, 'events.h'), join(EVGEN, 'io', 'json.h'), join(EVGEN, 'analysis', 'particles.h')];

/** The sources, how they are compiled, and what came of it. */
async function stampOf(program: Buffer, compiler: string): Promise<string> {
  const flags = [FLAGS, flagsOf('wasm32-wasi'), compiler];
  const texts = await Promise.all([...SOURCES, ...HEADERS].map((path) => readFile(path, 'utf8')));
  return `${sha256(JSON.stringify([flags, texts.map((text) => text.replaceAll('\r\n', '\n'))]))} ${sha256(program)}\n`;
}

const compiler = await findCompiler('wasm32-wasi');
if (!compiler) console.error('spectra: skipped (apt install clang lld wasi-libc libclang-rt-14-dev-wasm32)');
else {
  await mkdir(PRODUCTS, { recursive: true });
  const [built, stamp] = await Promise.all([
    readFile(PROGRAM).catch(() => null),
    readFile(`${PROGRAM}.stamp`, 'utf8').catch(() => ''),
  ]);
  if (!built || (await stampOf(built, compiler.version)) !== stamp) {
    const beside = `${PROGRAM}.${process.pid}.new`;
    await compile(compiler.command, {
      flags: flagsOf('wasm32-wasi'),
      libraries: [],
      sources: SOURCES,
      output: beside,
    });
    await rename(beside, PROGRAM);
    await writeFileAtomic(
      `${PROGRAM}.stamp`,
      await stampOf(await readFile(PROGRAM), compiler.version),
      0o644,
    );
    console.error(`spectra: built (${compiler.version})`);
  }
}
