/** `node applications/build.ts NAME`: makes build/applications/NAME/tree out of Debian packages. See README.md. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  aptListsState,
  DebianError,
  extractMembers,
  fetchPackages,
  findPackages,
} from '../appliance/debian.ts';
import { sha256 } from '../platform/files.ts';
import { copyTree } from './copy-tree.ts';

const ROOT = join(import.meta.dirname, '..');
const CACHE = join(ROOT, '.cache', 'applications');
const OUTPUT = join(ROOT, 'build', 'applications');
/** Beside the tree: what it was made from. */
const MADE = 'made';

/** NAME/packages.yaml: which packages, and what of them the program needs. */
const Packages = z.strictObject({
  packages: z.array(z.string()).min(1),
  /** Paths in the packages, `*` as a shell has it. Of executables and libraries all that they are linked with comes too. */
  keep: z.array(z.string()).min(1),
  /** Links that Debian's own scripts would make when a package is installed: path -> target. */
  links: z.record(z.string(), z.string()).default({}),
  /** Our own files beside packages.yaml: path in the tree -> file. They can be run. */
  own: z.record(z.string(), z.string()).default({}),
});
export type Packages = z.infer<typeof Packages>;

/**
 * Builds unless what is there came from the same packages and the same description. No root is needed.
 * @returns the tree's folder
 * @throws DebianError where this machine cannot build, with what to do
 */
export async function buildApplication(name: string, say: (line: string) => void): Promise<string> {
  const source = join(import.meta.dirname, name);
  const text = await readFile(join(source, 'packages.yaml'), 'utf8');
  const wanted = Packages.parse(parse(text));
  const own = await Promise.all(
    Object.values(wanted.own).map((file) => readFile(join(source, file), 'utf8')),
  );
  const code = await Promise.all(
    ['build.ts', 'copy-tree.ts'].map((file) => readFile(join(import.meta.dirname, file), 'utf8')),
  );
  const inputs = sha256(JSON.stringify([await aptListsState(), text, own, code]));
  const output = join(OUTPUT, name);
  const tree = join(output, 'tree');
  if ((await readFile(join(output, MADE), 'utf8').catch(() => '')) === inputs) return tree;

  say(`${name}: fetching and unpacking ${wanted.packages.length} packages`);
  await mkdir(dirname(output), { recursive: true });
  const beside = await mkdtemp(`${output}-new-`);
  try {
    const unpacked = join(beside, 'unpacked');
    await mkdir(unpacked);
    for (const deb of await fetchPackages(await findPackages(wanted.packages), CACHE)) {
      await extractMembers(deb, ['./*'], unpacked);
    }
    const bytes = await copyTree(unpacked, wanted, source, join(beside, 'tree'));
    await rm(unpacked, { recursive: true });
    await writeFile(join(beside, MADE), inputs);
    await rm(output, { recursive: true, force: true });
    await rename(beside, output);
    say(`${name}: ${(bytes / 1e6).toFixed(1)} MB in ${tree}`);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
  return tree;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    for (const name of process.argv.slice(2)) await buildApplication(name, (line) => console.error(line));
  } catch (error) {
    if (!(error instanceof DebianError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
