import { execFile, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SourceFault } from '../errors.ts';
import type { Owner } from './archives.ts';
import { Assembly } from './assembly.ts';
import type { Source } from './source.ts';
import { readTar } from './tar.ts';

const run = promisify(execFile);

/** What a package says of itself. */
export interface DebPackage {
  readonly file: string;
  readonly name: string;
  readonly version: string;
  /** Each is met by any one of its names. */
  readonly needs: readonly (readonly string[])[];
  readonly provides: readonly string[];
}

/** Since Debian 12 these are links into /usr, which no package brings. */
const MERGED = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** Debian packages, unpacked over one another. Their scripts are not run: what those would make is not there. */
export function debSource(files: readonly string[], owner: Owner | null): Source {
  return {
    identity: null,
    async read(intake) {
      const assembly = new Assembly(0, owner);
      for (const name of MERGED) assembly.linkToFolder(`/${name}`, `/usr/${name}`, 0);
      for (const file of files) {
        for await (const member of readTar(contentOf(file))) {
          intake.progress.entries++;
          const node = assembly.add(member);
          if (node) await intake.stream(node, member.bytes, member.body);
        }
      }
      const usr = assembly.root.children?.get('usr');
      for (const name of MERGED) {
        if (usr?.children?.get(name)?.children?.size !== 0) continue;
        usr.children.delete(name);
        assembly.root.children?.delete(name);
      }
      await assembly.copyLinks(intake);
      return assembly.root;
    },
  };
}

/** The data of a package as a tar stream; dpkg-deb knows all compressions that Debian has used. */
async function* contentOf(file: string): AsyncGenerator<Uint8Array> {
  const child = spawn('dpkg-deb', ['--fsys-tarfile', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (text: Buffer) => {
    complaints = `${complaints}${text}`.slice(-1000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  // Looked at below.
  ended.catch(() => {});
  try {
    yield* child.stdout;
    const code = await ended.catch(noTool);
    if (code !== 0) throw new SourceFault(`${file} cannot be unpacked: ${complaints.trim()}`);
  } finally {
    child.kill();
  }
}

/** @throws SourceFault */
export async function readDeb(file: string): Promise<DebPackage> {
  const fields = ['Package', 'Version', 'Depends', 'Pre-Depends', 'Provides'];
  const { stdout } = await run('dpkg-deb', [
    '--show',
    `--showformat=${fields.map((one) => `\${${one}}\\n`).join('')}`,
    file,
  ]).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return noTool(cause);
    throw new SourceFault(`${file} is no Debian package: ${cause.message}`, { cause });
  });
  const [name = '', version = '', depends = '', preDepends = '', provides = ''] = stdout.split('\n');
  return {
    file,
    name,
    version,
    needs: [...names(preDepends), ...names(depends)],
    provides: names(provides).flat(),
  };
}

/** "libc6 (>= 2.3), perl:any | awk": versions and architectures are apt's concern. */
function names(relation: string): string[][] {
  const name = (one: string) => one.trim().replace(/[\s(:[].*$/s, '');
  const choices = relation.split(',').map((one) =>
    one
      .split('|')
      .map(name)
      .filter((each) => each !== ''),
  );
  return choices.filter((one) => one.length > 0);
}

/**
 * The packages asked for and all that they need, in the order in which they are unpacked: what is needed first.
 * @throws SourceFault naming what is missing
 */
export function withDependencies(wanted: readonly string[], all: readonly DebPackage[]): DebPackage[] {
  const byName = new Map<string, DebPackage>();
  for (const one of all) for (const name of one.provides) if (!byName.has(name)) byName.set(name, one);
  for (const one of all) byName.set(one.name, one);
  const taken = new Set<DebPackage>();
  const order: DebPackage[] = [];
  const take = (choices: readonly string[], because: string) => {
    const one = choices.map((name) => byName.get(name)).find((found) => found !== undefined);
    if (!one) throw new SourceFault(`the package ${choices.join(' or ')} is missing; ${because}`);
    if (taken.has(one)) return;
    taken.add(one);
    for (const need of one.needs) take(need, `${one.name} needs it`);
    order.push(one);
  };
  for (const name of wanted) take([name], 'it was asked for');
  return order;
}

/** The packages of a folder. */
export async function debsIn(folder: string): Promise<DebPackage[]> {
  const names = await readdir(folder).catch((cause: Error) => {
    throw new SourceFault(`${folder} cannot be read: ${cause.message}`, { cause });
  });
  const found: DebPackage[] = [];
  for (const name of names.sort()) if (name.endsWith('.deb')) found.push(await readDeb(join(folder, name)));
  return found;
}

/** Has apt fetch packages with all that they need, as for a computer with nothing on it. */
export async function fetchDebs(wanted: readonly string[], folder: string): Promise<DebPackage[]> {
  const bad = wanted.find((name) => !/^[a-z0-9][a-z0-9.+:=~-]*$/i.test(name));
  if (bad !== undefined) throw new SourceFault(`"${bad}" is no name of a Debian package`);
  const options = [
    ...['-o', 'Dir::State::status=/dev/null', '-o', `Dir::Cache::archives=${folder}`],
    ...[
      '-o',
      'Debug::NoLocking=true',
      '-o',
      'APT::Install-Recommends=false',
      '-o',
      'APT::Sandbox::User=root',
    ],
  ];
  await run('apt-get', ['-qq', '-y', '--download-only', ...options, 'install', ...wanted], {
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).catch((cause: NodeJS.ErrnoException & { stderr?: string }) => {
    if (cause.code === 'ENOENT')
      throw new SourceFault('there is no apt-get here; give a folder of packages', { cause });
    throw new SourceFault(`apt-get fetches nothing: ${(cause.stderr ?? cause.message).trim()}`, { cause });
  });
  return debsIn(folder);
}

function noTool(cause: Error): never {
  throw new SourceFault(`Debian packages are unpacked by dpkg-deb, which cannot be run: ${cause.message}`, {
    cause,
  });
}
