/**
 * Builds the volunteer's pages into build/renderer and the project's into build/console. Does nothing, and says nothing, when the inputs are those of the last build;
 * builds beside and renames, so that a reader finds a whole page or the one before.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Source -> below build/. In this order: the last ones lie in the folder of the project's page, which takes them along when it is replaced. */
const PAGES = { app: 'renderer', console: 'console', people: 'console/people', root: 'console/root' };
const STAMP = '.inputs';
const INPUTS = ['renderer', 'protocol', 'resources', 'vite.config.ts', 'package-lock.json'];

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const nested = await Promise.all(entries.map((entry) => filesBelow(join(path, entry.name))));
  return nested.flat();
}

/** Changes when any file does that the built page may depend on; tests do not count. */
async function hashOfInputs(): Promise<string> {
  const files = (await Promise.all(INPUTS.map((input) => filesBelow(join(ROOT, input)))))
    .flat()
    .filter((file) => !file.endsWith('.test.ts'))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) {
    const data = await readFile(file);
    hash.update(`${relative(ROOT, file)}\0${data.length}\0`).update(data);
  }
  return hash.digest('hex');
}

/** @returns whether there was anything to build */
export async function buildRenderer(): Promise<boolean> {
  const inputs = await hashOfInputs();
  let built = false;
  for (const [page, name] of Object.entries(PAGES))
    if (await buildPage(join(ROOT, 'renderer', page), join(ROOT, 'build', name), inputs)) built = true;
  return built;
}

async function buildPage(source: string, target: string, inputs: string): Promise<boolean> {
  const built = await readFile(join(target, STAMP), 'utf8').catch(() => null);
  if (built === inputs) return false;
  const beside = `${target}.${process.pid}.new`;
  const old = `${target}.${process.pid}.old`;
  try {
    await mkdir(dirname(target), { recursive: true });
    await build({
      configFile: join(ROOT, 'vite.config.ts'),
      logLevel: 'warn',
      root: source,
      build: { outDir: beside, emptyOutDir: true },
    });
    await writeFile(join(beside, STAMP), inputs);
    await rename(target, old).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(beside, target);
  } finally {
    await rm(beside, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now();
  if (await buildRenderer())
    console.error(`built the pages in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
