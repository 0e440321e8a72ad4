/** `node appliance/build.ts`: makes the micro appliance. See README.md. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { sha256, sha256File, writeFileAtomic } from '../platform/files.ts';
import { writeCpio } from './cpio.ts';
import {
  aptListsState,
  DebianError,
  extractMembers,
  fetchPackage,
  findKernelPackage,
  findPackage,
  kernelVersion,
} from './debian.ts';
import { guestEntries, MODULES } from './image.ts';

const ROOT = join(import.meta.dirname, '..');
const CACHE = join(ROOT, '.cache', 'appliance');
const OUTPUT = join(ROOT, 'build', 'appliance');
/** Beside the image: what it was made from. */
const MADE = 'made.json';
/** What a volunteer downloads at most, kernel and initrd together. */
const MOST_BYTES = 10e6;

/**
 * Builds unless what is there came from the same inputs.
 * @param say progress, a line at a time; silent when there is nothing to do
 * @param output the image's folder; what it held is replaced as a whole
 * @throws DebianError where this machine cannot build, with what to do
 */
export async function buildAppliance(say: (line: string) => void, output = OUTPUT): Promise<void> {
  const unasked = await describeInputs([await aptListsState()]);
  if (await isCurrent('unasked', unasked, output)) return;
  const [kernel, busybox] = await Promise.all([findKernelPackage(), findPackage('busybox-static')]);
  const inputs = await describeInputs(
    [kernel, busybox].map((one) => `${one.name} ${one.version} ${one.sha256}`),
  );
  if (await isCurrent('inputs', inputs, output)) {
    const made = JSON.parse(await readFile(join(output, MADE), 'utf8'));
    return writeFileAtomic(join(output, MADE), `${JSON.stringify({ ...made, unasked }, null, 2)}\n`);
  }

  say(`appliance: ${kernel.name} ${kernel.version}, busybox ${busybox.version}`);
  await mkdir(dirname(output), { recursive: true });
  const beside = await mkdtemp(`${output}-new-`);
  try {
    const unpacked = join(beside, 'unpacked');
    await mkdir(unpacked);
    say('appliance: fetching and unpacking the packages');
    const modules = MODULES.map((name) => `./lib/modules/*/${name}.ko`);
    await extractMembers(await fetchPackage(kernel, CACHE), ['./boot/vmlinuz-*', ...modules], unpacked);
    await extractMembers(await fetchPackage(busybox, CACHE), ['./bin/busybox'], unpacked);

    const kernelBytes = await readFile(join(unpacked, 'boot', `vmlinuz-${kernelVersion(kernel)}`));
    const initrdBytes = gzipSync(writeCpio(await guestEntries(unpacked)), { level: 9 });
    if (kernelBytes.length + initrdBytes.length > MOST_BYTES) {
      throw new DebianError(
        `kernel (${kernelBytes.length}) and initrd (${initrdBytes.length} bytes) are more than ${MOST_BYTES} together`,
      );
    }
    await rm(unpacked, { recursive: true });
    await writeFile(join(beside, 'kernel'), kernelBytes);
    await writeFile(join(beside, 'initrd'), initrdBytes);
    await writeFile(
      join(beside, 'appliance.yaml'),
      stringify({
        kind: 'appliance',
        kernel: 'kernel',
        initrd: 'initrd',
        kernelVersion: kernelVersion(kernel),
      }),
    );
    const made = { inputs, unasked, kernel: sha256(kernelBytes), initrd: sha256(initrdBytes) };
    await writeFile(join(beside, MADE), `${JSON.stringify(made, null, 2)}\n`);
    await rm(output, { recursive: true, force: true });
    await rename(beside, output);
    say(`appliance: ${((kernelBytes.length + initrdBytes.length) / 1e6).toFixed(2)} MB in ${output}`);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** Everything the image's bytes depend on, as one hash: our own files, and what is said of the packages. */
async function describeInputs(packages: readonly string[]): Promise<string> {
  const own = ['build.ts', 'cpio.ts', 'image.ts'].map((name) => join(import.meta.dirname, name));
  const guest = join(import.meta.dirname, 'guest');
  const scripts = (await readdir(guest)).sort().map((name) => join(guest, name));
  const hashes = await Promise.all([...own, ...scripts].map((path) => sha256File(path)));
  return sha256([...packages, ...hashes].join('\n'));
}

/** @param key `inputs`, or `unasked`: as long as apt's lists are the same, apt (which is slow) need not be asked */
async function isCurrent(key: 'inputs' | 'unasked', value: string, output: string): Promise<boolean> {
  try {
    return JSON.parse(await readFile(join(output, MADE), 'utf8'))[key] === value;
  } catch {
    return false; // not there, or not written to its end: built anew
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await buildAppliance((line) => console.error(line));
  } catch (error) {
    if (!(error instanceof DebianError)) throw error;
    console.error(`appliance: ${error.message}`);
    process.exitCode = 1;
  }
}
