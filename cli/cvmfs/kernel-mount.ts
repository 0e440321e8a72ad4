import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FUSE_TYPE, whyNoFuse } from '../../fuse/index.ts';
import { isAlive } from '../../platform/processes.ts';
import { CliError, EXIT } from '../errors.ts';

/** What /proc/mounts shows as the source: the process that serves it. */
export const OWN_SOURCE = `beamtime-${process.pid}`;

export interface Mounted {
  readonly mountpoint: string;
  readonly type: string;
  readonly source: string;
}

/** proc_pid_mountinfo(5): the mountpoint is field 5; after "-" come type and source. Spaces and the like are octal. */
export function parseMountInfo(text: string): Mounted[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const words = line.split(' ').map(unescaped);
      const dash = words.indexOf('-');
      return { mountpoint: words[4] ?? '', type: words[dash + 1] ?? '', source: words[dash + 2] ?? '' };
    });
}

function unescaped(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Which process of ours serves a mount; null where it is none of ours. */
export function servedBy({ type, source }: Mounted): number | null {
  const match = /^beamtime-(\d+)$/.exec(source);
  return type === FUSE_TYPE && match ? Number(match[1]) : null;
}

/** @throws CliError saying what is missing for Linux to mount what we serve, and what to do */
export async function mustMount(): Promise<void> {
  const instead = '"beamtime cvmfs ls", "cat", "cp" and "find" read without a mount';
  if (process.platform !== 'linux')
    throw new CliError(EXIT.failed, `only on Linux can a repository be mounted; ${instead}`);
  if (process.geteuid?.() !== 0)
    throw new CliError(EXIT.failed, `mounting needs root: run it with sudo. ${instead}`);
  await run('modprobe', ['-q', 'fuse']).catch(() => {});
  const why = await whyNoFuse();
  if (why !== null) throw new CliError(EXIT.failed, `${why}. ${instead}`);
}

/** The folder, to mount at; what a process of ours that was killed left there is unmounted first. */
export async function clearMountpoint(folder: string): Promise<string> {
  const mountpoint = resolve(folder);
  for (const mounted of parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'))) {
    const pid = servedBy(mounted);
    if (mounted.mountpoint !== mountpoint || pid === null) continue;
    if (isAlive(pid))
      throw new CliError(EXIT.failed, `${folder} is mounted already, by the process ${pid}; end it first`);
    await run('umount', ['-l', mountpoint]);
  }
  const found = await stat(mountpoint).catch(() => null);
  if (!found?.isDirectory())
    throw new CliError(EXIT.failed, `${folder} is no folder to mount at; "mkdir -p ${folder}" makes it one`);
  return mountpoint;
}

/** @throws CliError with what the program says */
function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((done, reject) => {
    execFile(program, args, (error, _, stderr) => {
      if (!error) done();
      else {
        const said = stderr.trim().replace(/\s+/g, ' ') || error.message;
        reject(new CliError(EXIT.failed, `${program}: ${said}`, { cause: error }));
      }
    });
  });
}
