import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sha256File } from '../platform/files.ts';

const run = promisify(execFile);
const LISTS = '/var/lib/apt/lists';

/** What apt knows of a package; the hash comes from Debian's signed lists. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** Building the appliance is not possible here; the message says what to install or run. */
export class DebianError extends Error {
  override readonly name = 'DebianError';
}

/** Changes whenever apt may know of other packages: after `apt-get update`. */
export async function aptListsState(): Promise<string> {
  try {
    const names = (await readdir(LISTS)).sort();
    const stats = await Promise.all(names.map((name) => stat(join(LISTS, name))));
    return names.map((name, i) => `${name} ${stats[i]?.size} ${stats[i]?.mtimeMs}`).join('\n');
  } catch (cause) {
    if (isMissing(cause)) return 'no lists';
    throw cause;
  }
}

/** The current candidate of a package, from apt's local lists (no network). */
export async function findPackage(name: string): Promise<DebianPackage> {
  const [found] = await findPackages([name]);
  if (!found) throw unknownPackage(name);
  return found;
}

/** As findPackage, for many at once: asking apt takes more than a second, however much is asked. */
export async function findPackages(names: readonly string[]): Promise<DebianPackage[]> {
  const paragraphs = (await aptCache(['show', '--no-all-versions', ...names])).split(/\n{2,}/);
  return names.map((name) => {
    const text = paragraphs.find((one) => one.startsWith(`Package: ${name}\n`)) ?? '';
    const field = (key: string) => new RegExp(`^${key}: (.+)$`, 'm').exec(text)?.[1];
    const version = field('Version');
    const sha256 = field('SHA256');
    if (!version || !sha256) throw unknownPackage(name);
    return { name, version, sha256 };
  });
}

/** The package that `linux-image-amd64` stands for today. */
export async function findKernelPackage(): Promise<DebianPackage> {
  const text = await aptCache(['depends', 'linux-image-amd64']);
  const name = /Depends: (linux-image-\S+)/.exec(text)?.[1];
  if (!name) throw unknownPackage('linux-image-amd64');
  return findPackage(name);
}

async function aptCache(args: string[]): Promise<string> {
  try {
    return (await run('apt-cache', args, { maxBuffer: 16e6 })).stdout;
  } catch (cause) {
    if (isMissing(cause)) throw needsDebian('apt-cache', cause);
    throw unknownPackage(args.at(-1) ?? '', cause);
  }
}

/**
 * Downloads the package into the cache folder unless it is there, and checks its hash.
 * @returns path of the .deb
 */
export async function fetchPackage(wanted: DebianPackage, cacheFolder: string): Promise<string> {
  const [path = ''] = await fetchPackages([wanted], cacheFolder);
  return path;
}

/** As fetchPackage, for many at once. */
export async function fetchPackages(
  wanted: readonly DebianPackage[],
  cacheFolder: string,
): Promise<string[]> {
  const pathOf = (one: DebianPackage) => join(cacheFolder, `${one.name}-${one.sha256.slice(0, 16)}.deb`);
  const missing: DebianPackage[] = [];
  for (const one of wanted) if (!(await isIntact(pathOf(one), one))) missing.push(one);
  if (missing.length === 0) return wanted.map(pathOf);
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, 'download-'));
  try {
    await run('apt-get', ['download', '-q', ...missing.map((one) => `${one.name}=${one.version}`)], {
      cwd: folder,
    });
    const names = await readdir(folder);
    for (const one of missing) {
      const name = names.find((candidate) => candidate.startsWith(`${one.name}_`));
      if (!name || !(await isIntact(join(folder, name), one))) {
        throw new DebianError(`${one.name}: the download does not match apt's lists; run apt-get update`);
      }
      await rename(join(folder, name), pathOf(one));
    }
  } catch (cause) {
    if (cause instanceof DebianError) throw cause;
    if (isMissing(cause)) throw needsDebian('apt-get', cause);
    const what = missing.map((one) => `${one.name} ${one.version}`).join(', ');
    throw new DebianError(`apt-get could not download ${what}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return wanted.map(pathOf);
}

async function isIntact(path: string, wanted: DebianPackage): Promise<boolean> {
  try {
    await stat(path);
  } catch {
    return false;
  }
  return (await sha256File(path)) === wanted.sha256;
}

/**
 * Takes the named files out of a .deb without unpacking the rest (a kernel package holds 400 MB of modules).
 * @param members patterns as tar's --wildcards reads them, for example "./boot/vmlinuz-*"
 */
export async function extractMembers(deb: string, members: readonly string[], folder: string): Promise<void> {
  const unpack = spawn('dpkg-deb', ['--fsys-tarfile', deb], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pick = spawn('tar', ['-x', '-C', folder, '--no-same-owner', '--wildcards', ...members], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  unpack.stdout.pipe(pick.stdin);
  const [unpacked, picked] = await Promise.all([ended(unpack, 'dpkg-deb'), ended(pick, 'tar')]);
  if (unpacked !== 0 || picked !== 0)
    throw new DebianError(`${deb}: could not take out ${members.join(' ')}`);
}

function ended(child: ReturnType<typeof spawn>, name: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(isMissing(cause) ? needsDebian(name, cause) : cause));
    child.once('close', (status) => resolve(status));
  });
}

/** The kernel version as `uname -r` says it, from the package's name. */
export function kernelVersion(kernel: DebianPackage): string {
  return kernel.name.replace(/^linux-image-/, '');
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

function needsDebian(tool: string, cause: unknown): DebianError {
  return new DebianError(
    `${tool} is missing: the appliance is built on Debian or Ubuntu (amd64). Elsewhere nobody needs to build it: a project hands it out.`,
    { cause },
  );
}

function unknownPackage(name: string, cause?: unknown): DebianError {
  return new DebianError(`apt does not know the package ${name}; run: apt-get update`, { cause });
}
