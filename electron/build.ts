/**
 * Builds the desktop app into build/desktop: what Electron loads from a clone and what electron-builder packs. Quiet and
 * quick when its inputs are those of the last build; builds beside and renames.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleEngine, bundleShell } from './bundling/bundles.ts';
import { writeAppIcons, writeTrayIcons } from './bundling/icons.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TARGET = join(ROOT, 'build', 'desktop');
const STAMP = '.inputs';
const INPUTS = [
  'electron',
  'cli',
  'engine',
  'ninep',
  'wasi',
  'platform',
  'protocol',
  'package-lock.json',
  'package.json',
];

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  return (await Promise.all(entries.map((entry) => filesBelow(join(path, entry.name))))).flat();
}

async function hashOfInputs(): Promise<string> {
  const files = (await Promise.all(INPUTS.map((input) => filesBelow(join(ROOT, input))))).flat();
  const hash = createHash('sha256');
  for (const file of files.filter((one) => !one.endsWith('.test.ts')).sort()) {
    const data = await readFile(file);
    hash.update(`${relative(ROOT, file)}\0${data.length}\0`).update(data);
  }
  // The pages have been built by now; their own stamp stands for them.
  hash.update(await readFile(join(ROOT, 'build/renderer/.inputs')));
  return hash.digest('hex');
}

/** @returns whether there was anything to build */
export async function buildDesktop(): Promise<boolean> {
  // The pages are built by their own room, as a program: nothing imports renderer/.
  await promisify(execFile)(process.execPath, [join(ROOT, 'renderer/build.ts')]);
  const inputs = await hashOfInputs();
  if ((await readFile(join(TARGET, STAMP), 'utf8').catch(() => null)) === inputs) return false;
  const beside = `${TARGET}.${process.pid}.new`;
  const old = `${TARGET}.${process.pid}.old`;
  try {
    await mkdir(join(beside, 'engine'), { recursive: true });
    await Promise.all([
      bundleEngine(ROOT, join(beside, 'engine')),
      bundleShell(ROOT, beside),
      writeTrayIcons(join(beside, 'icons')),
      writeAppIcons(join(ROOT, 'build', 'icons')),
      cp(join(ROOT, 'build', 'renderer'), join(beside, 'pages'), { recursive: true }),
    ]);
    await cp(join(ROOT, 'build', 'icons', '256x256.png'), join(beside, 'icons', 'app.png'));
    await writeFile(join(beside, STAMP), inputs);
    await rename(TARGET, old).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(beside, TARGET);
  } finally {
    await rm(beside, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now();
  if (await buildDesktop())
    console.error(`built the desktop app in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
