import { execFile } from 'node:child_process';
import { chmod, copyFile, glob, lstat, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { DebianError } from '../appliance/debian.ts';
import type { Packages } from './build.ts';

const run = promisify(execFile);

const LOADER = 'lib64/ld-linux-x86-64.so.2';
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';
/** Packages still name folders that have been links into /usr since Debian 12. */
const UNMERGED = /^(lib|lib64|bin|sbin)\//;
const ELF = '\x7fELF';

/**
 * Copies what is kept, and all libraries it is linked with, out of unpacked packages. Everything lies below usr/, as the
 * guest sees it, and libraries under the name the loader asks for.
 * @returns bytes copied
 */
export async function copyTree(
  unpacked: string,
  { keep, links, own }: Packages,
  source: string,
  output: string,
): Promise<number> {
  let bytes = 0;
  const done = new Set<string>();
  const copy = async (from: string, path: string, mode?: number) => {
    if (done.has(path)) return;
    done.add(path);
    const to = join(output, path);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to);
    const stats = await stat(from);
    await chmod(to, mode ?? stats.mode & 0o755);
    bytes += stats.size;
  };
  const linked: string[] = [];
  for (const pattern of [LOADER, ...keep]) {
    const files: string[] = [];
    for await (const path of glob(pattern, { cwd: unpacked })) {
      if (await isFile(unpacked, path)) files.push(path);
    }
    if (files.length === 0) throw new DebianError(`no package holds ${pattern}`);
    for (const path of files.sort()) {
      const from = await realPath(unpacked, path);
      await copy(from, path.replace(UNMERGED, 'usr/$&'));
      if (await isElf(from)) linked.push(from);
    }
  }
  for (const [name, from] of await librariesOf(unpacked, linked)) await copy(from, `${LIBRARIES}/${name}`);
  for (const [path, file] of Object.entries(own)) await copy(join(source, file), path, 0o755);
  for (const [path, target] of Object.entries(links)) {
    await mkdir(dirname(join(output, path)), { recursive: true });
    await symlink(target, join(output, path));
  }
  return bytes;
}

/** A link in a package may be absolute: it means the packages' own root. */
async function realPath(root: string, path: string): Promise<string> {
  let full = join(root, path);
  for (let hops = 0; hops < 10; hops++) {
    const stats = await lstat(full).catch(() => null);
    if (!stats?.isSymbolicLink()) return full;
    const { stdout } = await run('readlink', [full]);
    const target = stdout.trimEnd();
    full = target.startsWith('/') ? join(root, target) : join(dirname(full), target);
  }
  return full;
}

async function isFile(root: string, path: string): Promise<boolean> {
  return (await stat(await realPath(root, path)).catch(() => null))?.isFile() ?? false;
}

async function isElf(path: string): Promise<boolean> {
  return (await readFile(path)).subarray(0, 4).toString('latin1') === ELF;
}

/**
 * All libraries that some executables and libraries are linked with, as the packages' own loader finds them.
 * @returns name the loader asks for -> file
 */
async function librariesOf(unpacked: string, files: readonly string[]): Promise<Map<string, string>> {
  const loader = await realPath(unpacked, LOADER);
  const folders = [LIBRARIES, 'lib/x86_64-linux-gnu', `${LIBRARIES}/blas`, `${LIBRARIES}/lapack`];
  const path = folders.map((folder) => join(unpacked, folder)).join(':');
  const found = new Map<string, string>();
  for (const file of files) {
    if (file === loader) continue;
    const { stdout } = await run(loader, ['--inhibit-cache', '--library-path', path, '--list', file]).catch(
      (cause: { stdout?: string; stderr?: string }) => {
        throw new DebianError(`${relative(unpacked, file)}: ${cause.stderr || cause.stdout}`, { cause });
      },
    );
    for (const [, name = '', where = ''] of stdout.matchAll(/^\s*(\S+) => (.+?) \(0x/gm)) {
      if (name.startsWith('/')) continue;
      if (!where.startsWith(`${unpacked}/`))
        throw new DebianError(`${relative(unpacked, file)} needs ${name}; name the package it is in`);
      found.set(name, where);
    }
  }
  return found;
}
