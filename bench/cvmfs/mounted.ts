import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Measure, quantile, type Say } from '../measure.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const run = promisify(execFile);

export interface Mountable {
  readonly name: string;
  readonly url: string;
  readonly keyFile: string;
  readonly scratch: string;
  /** What is in it, in words. */
  readonly of: string;
}

/**
 * `beamtime cvmfs mount` on this computer: reading each file and looking at each, with nothing cached, again, and mounted
 * anew without the server's being asked for any object. As root, with FUSE.
 */
export async function mounted(what: Mountable, rounds: number, say: Say): Promise<Measure[]> {
  const seconds = new Map<string, number[]>();
  let rssMb = 0;
  for (let round = 0; round < rounds; round++) {
    const took = async (name: string, script: string, at: string) => {
      const begunAt = performance.now();
      await run('sh', ['-c', script, 'sh', at]);
      const some = (performance.now() - begunAt) / 1000;
      seconds.set(name, [...(seconds.get(name) ?? []), some]);
      say(`${name} ${some.toFixed(2)} s`);
    };
    await withMount(what, 'found', async (at) => {
      await took('findCold', FIND, at);
      await took('findWarm', FIND, at);
    });
    await withMount(what, 'read', async (at) => {
      await took('treeCold', READ, at);
      await took('treeWarm', READ, at);
    });
    await withMount(what, 'read', async (at, child) => {
      await took('treeRemounted', READ, at);
      const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(child.pid)]);
      rssMb = (Number(stdout) * 1024) / 1e6;
    });
    for (const cache of ['found', 'read']) await rm(join(what.scratch, cache), { recursive: true });
  }
  const goals: Readonly<Record<string, string>> = {
    treeCold: '<= 10.1',
    treeWarm: '<= 1.7',
    findCold: '<= 0.8',
  };
  return [
    ...[...seconds].map(([name, all]) => ({
      name: `${name}Seconds`,
      value: quantile(all, 0.5),
      unit: 's',
      goal: goals[name] ?? null,
      comparedWith: `${what.of}, median of ${rounds}`,
    })),
    { name: 'mountRssMb', value: rssMb, unit: 'MB', goal: null, comparedWith: 'after that' },
  ];
}

const FIND = 'find "$1" -ls > /dev/null';
const READ = 'cd "$1" && find . -type f -print0 | xargs -0 cat > /dev/null';

/** Mounts with a cache folder of this name, and unmounts. */
async function withMount(
  { name, url, keyFile, scratch }: Mountable,
  cache: string,
  use: (mountpoint: string, child: ChildProcess) => Promise<void>,
): Promise<void> {
  const at = join(scratch, 'mountpoint');
  await mkdir(at, { recursive: true });
  const args = [name, at, '--server', url, '--key', keyFile, '--cache', join(scratch, cache)];
  const child = spawn(process.execPath, [MAIN, 'cvmfs', 'mount', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  try {
    const said = await Promise.race([once(child.stdout, 'data'), ended.then(() => null)]);
    if (!said) throw new Error('it could not be mounted');
    await use(at, child);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}
