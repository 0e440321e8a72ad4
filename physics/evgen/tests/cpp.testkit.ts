/** Small C++ programs that read what we write with the libraries physicists use (Debian: libhepmc3-dev, libfastjet-dev). */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export async function compileCpp(
  source: string,
  output: string,
  libraries: readonly string[],
): Promise<void> {
  await run('g++', ['-std=c++17', '-O1', '-Wall', source, '-o', output, ...libraries]);
}

/** Whether a C++ compiler and a header are there. */
export async function hasCpp(header: string): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'evgen-cpp-'));
  try {
    const source = join(folder, 'probe.cc');
    await writeFile(source, `#include <${header}>\nint main() {}\n`);
    await run('g++', ['-std=c++17', '-fsyntax-only', source]);
    return true;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
