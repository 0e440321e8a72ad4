/**
 * Builds evgen for every platform this machine has a compiler for: `node physics/evgen/build.ts`.
 * Options: --json (the last line of stdout tells the outcomes), --generated (also renews generated/evgen.wasm).
 *
 * Nothing is done where inputs and product are unchanged. A product is built beside and renamed, so there is
 * never half of one. Without a compiler for WebAssembly the committed generated/evgen.wasm is taken.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { sha256, sha256File, writeFileAtomic } from '../../platform/files.ts';

const run = promisify(execFile);

const SOURCES = fileURLToPath(new URL('.', import.meta.url));
const PRODUCTS = fileURLToPath(new URL('../../build/evgen/', import.meta.url));
export const GENERATED = join(SOURCES, 'generated', 'evgen.wasm');

/** No contraction to fused multiply-add and no fast maths: the same bits on every platform. */
export const FLAGS = [
  '-std=c17',
  '-O3',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-Wall',
  '-Wextra',
  '-Wpedantic',
  '-Werror',
];

export type TargetName = 'native' | 'x86_64-linux' | 'wasm32-wasi';

interface Target {
  readonly name: TargetName;
  readonly file: string;
  /** Compilers to try, in order. */
  readonly compilers: readonly string[];
  readonly flags: readonly string[];
  /** Behind the sources: order counts for the linker. */
  readonly libraries: readonly string[];
  /** What to do where there is none. */
  readonly remedy: string;
  readonly possible: boolean;
}

const TARGETS: readonly Target[] = [
  {
    name: 'native',
    file: 'evgen-native',
    compilers: ['cc', 'gcc', 'clang'],
    flags: [],
    libraries: process.platform === 'win32' ? [] : ['-lm'],
    remedy: 'apt install gcc',
    possible: process.platform !== 'win32',
  },
  {
    name: 'x86_64-linux',
    file: 'evgen-x86_64-linux',
    compilers: ['musl-gcc'],
    flags: ['-static', '-s'],
    libraries: [],
    remedy: 'apt install musl-tools',
    possible: process.platform === 'linux' && process.arch === 'x64',
  },
  {
    name: 'wasm32-wasi',
    file: 'evgen.wasm',
    compilers: ['clang'],
    // Vectors of 128 bits, as x86-64 has them natively: without, a third slower. Their lanes round as single numbers do.
    flags: ['--target=wasm32-wasi', '-msimd128', '-Wl,--strip-all'],
    libraries: [],
    remedy: 'apt install clang lld wasi-libc libclang-rt-14-dev-wasm32',
    possible: true,
  },
];

export interface Outcome {
  readonly target: TargetName;
  /** Where the product is, or would be. */
  readonly path: string;
  /** copied: the committed module, as this machine has no compiler for it. */
  readonly state: 'built' | 'current' | 'copied' | 'skipped';
  /** For people: why, and what to do about it. Empty where there is nothing to say. */
  readonly message: string;
}

/** A source does not compile: the compiler's own words. */
export class CompileError extends Error {
  constructor(target: string, output: string, options?: ErrorOptions) {
    super(`evgen does not compile for ${target}:\n${output}`, options);
    this.name = 'CompileError';
  }
}

/** Every .c and .h of the program, by path; tests are not part of it. */
export async function sourceFiles(): Promise<string[]> {
  const entries = await readdir(SOURCES, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.[ch]$/.test(entry.name))
    .map((entry) => relative(SOURCES, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('tests/'))
    .sort();
}

function targetOf(name: TargetName): Target {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (!target) throw new Error(`no such target: ${name}`);
  return target;
}

/** What a target's compiler is told besides FLAGS. */
export function flagsOf(name: TargetName): readonly string[] {
  return targetOf(name).flags;
}

/** Names what a target is made from, whatever compiler makes it. */
export async function sourceHash(name: TargetName): Promise<string> {
  const { flags, libraries } = targetOf(name);
  const hash = createHash('sha256').update(JSON.stringify([FLAGS, flags, libraries]));
  for (const path of await sourceFiles()) {
    const text = (await readFile(join(SOURCES, path), 'utf8')).replaceAll('\r\n', '\n');
    hash.update(`${path}\0${sha256(text)}\n`);
  }
  return hash.digest('hex');
}

interface Stamp {
  readonly sourceHash: string;
  readonly compiler: string;
  readonly sha256: string;
}

async function readStamp(path: string): Promise<Stamp | null> {
  try {
    const stamp: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof stamp !== 'object' || stamp === null) return null;
    const { sourceHash, compiler, sha256 } = stamp as Record<string, unknown>;
    if (typeof sourceHash !== 'string' || typeof compiler !== 'string' || typeof sha256 !== 'string')
      return null;
    return { sourceHash, compiler, sha256 };
  } catch {
    return null; // missing or half-written by something else: as if never built
  }
}

/** What is known of the committed module. */
export async function generatedStamp(): Promise<Stamp | null> {
  return readStamp(`${GENERATED}.json`);
}

/** Compiles for a target into `output`; other main files and flags serve the tests. */
export async function compile(
  compiler: string,
  options: {
    flags: readonly string[];
    libraries: readonly string[];
    sources: readonly string[];
    output: string;
  },
): Promise<void> {
  const { flags, libraries, sources, output } = options;
  await run(compiler, [...FLAGS, ...flags, ...sources, ...libraries, '-o', output], { cwd: SOURCES });
}

export interface Compiler {
  readonly command: string;
  /** First line of its --version. */
  readonly version: string;
}

/** Whether a compiler has all that a target needs: C library, linker. */
async function makesPrograms(command: string, target: Target): Promise<boolean> {
  const scratch = join(PRODUCTS, `probe-${process.pid}-${target.name}-${command}`);
  const source = join(scratch, 'probe.c');
  try {
    await mkdir(scratch, { recursive: true });
    await writeFile(
      source,
      '#include <stdio.h>\n#include <math.h>\nint main(void) { return puts("") < 0; }\n',
    );
    await run(command, [...target.flags, source, ...target.libraries, '-o', join(scratch, 'probe')]);
    return true;
  } catch {
    return false; // its own words are about our probe: they would not help anyone
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The first compiler that makes programs for the target; null where none does. */
export async function findCompiler(name: TargetName): Promise<Compiler | null> {
  const target = targetOf(name);
  for (const command of target.compilers) {
    const version = await versionOf(command);
    if (version !== null && (await makesPrograms(command, target))) return { command, version };
  }
  return null;
}

async function versionOf(command: string): Promise<string | null> {
  return run(command, ['--version']).then(
    ({ stdout }) => stdout.split('\n')[0] ?? command,
    () => null, // not installed
  );
}

async function isCurrent(path: string, source: string, compiler: string | null): Promise<boolean> {
  const stamp = await readStamp(`${path}.json`);
  if (!stamp || stamp.sourceHash !== source || (compiler !== null && stamp.compiler !== compiler))
    return false;
  try {
    return (await sha256File(path)) === stamp.sha256;
  } catch {
    return false; // the product is gone: build it
  }
}

async function adopt(beside: string, path: string, source: string, compiler: string): Promise<void> {
  const stamp: Stamp = { sourceHash: source, compiler, sha256: await sha256File(beside) };
  await rename(beside, path);
  await writeFileAtomic(`${path}.json`, `${JSON.stringify(stamp, null, 2)}\n`, 0o644);
}

async function copyGenerated(path: string, source: string, remedy: string): Promise<Outcome> {
  const outcome = { target: 'wasm32-wasi' as const, path };
  const stamp = await generatedStamp();
  if (stamp?.sourceHash !== source || (await sha256File(GENERATED)) !== stamp.sha256) {
    const message = `no compiler for WebAssembly, and generated/evgen.wasm is of other sources: ${remedy}`;
    return { ...outcome, state: 'skipped', message };
  }
  if (await isCurrent(path, source, null)) return { ...outcome, state: 'current', message: '' };
  const beside = `${path}.${process.pid}.new`;
  await copyFile(GENERATED, beside);
  await adopt(beside, path, source, stamp.compiler);
  return { ...outcome, state: 'copied', message: 'no compiler for WebAssembly: took generated/evgen.wasm' };
}

async function buildTarget(target: Target): Promise<Outcome> {
  const path = join(PRODUCTS, target.file);
  const source = await sourceHash(target.name);
  const outcome = { target: target.name, path };
  if (!target.possible) {
    return { ...outcome, state: 'skipped', message: `${target.name} cannot be built on this system` };
  }
  // The quick way first: asking for a version costs milliseconds, trying a compiler a good part of a second.
  for (const command of target.compilers) {
    const version = await versionOf(command);
    if (version !== null && (await isCurrent(path, source, version)))
      return { ...outcome, state: 'current', message: '' };
  }
  const compiler = await findCompiler(target.name);
  if (!compiler) {
    if (target.name === 'wasm32-wasi') return copyGenerated(path, source, target.remedy);
    return { ...outcome, state: 'skipped', message: `no compiler for ${target.name}: ${target.remedy}` };
  }
  const beside = `${path}.${process.pid}.new`;
  const sources = (await sourceFiles()).filter((file) => file.endsWith('.c'));
  try {
    await compile(compiler.command, { ...target, sources, output: beside });
    await adopt(beside, path, source, compiler.version);
  } catch (error) {
    await rm(beside, { force: true });
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new CompileError(target.name, output, { cause: error });
  }
  return { ...outcome, state: 'built', message: compiler.version };
}

/** Removes what killed builds left; a running one is younger. */
async function sweep(): Promise<void> {
  for (const name of await readdir(PRODUCTS)) {
    if (!/\.new$|^probe-/.test(name)) continue;
    const path = join(PRODUCTS, name);
    const age = await stat(path).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0, // its builder has just renamed it
    );
    if (age > 600_000) await rm(path, { recursive: true, force: true });
  }
}

/**
 * Builds what can be built and is not current.
 * @throws {CompileError} a source does not compile
 */
export async function buildEvgen(): Promise<Outcome[]> {
  await mkdir(PRODUCTS, { recursive: true });
  await sweep();
  return Promise.all(TARGETS.map(buildTarget));
}

/** Renews the committed module from the one just built. */
async function renewGenerated(): Promise<void> {
  const path = join(PRODUCTS, 'evgen.wasm');
  const stamp = await readStamp(`${path}.json`);
  if (!stamp) throw new Error('evgen.wasm is not built here: generated/evgen.wasm stays as it is');
  if (
    (await generatedStamp())?.sha256 === stamp.sha256 &&
    (await generatedStamp())?.sourceHash === stamp.sourceHash
  )
    return;
  await writeFileAtomic(GENERATED, await readFile(path), 0o644);
  await writeFileAtomic(`${GENERATED}.json`, `${JSON.stringify(stamp, null, 2)}\n`, 0o644);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const outcomes = await buildEvgen();
    if (process.argv.includes('--generated')) await renewGenerated();
    for (const { target, state, message } of outcomes) {
      if (state !== 'current') console.error(`evgen ${target}: ${state}${message ? ` (${message})` : ''}`);
    }
    if (process.argv.includes('--json')) console.log(JSON.stringify(outcomes));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
