import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostFolder, serve9p } from '../ninep/index.ts';
import { bootGuest, type Guest, mountArguments, whyNoGuest } from '../ninep/testkit/guest.ts';
import { compileForTest } from '../wasi/testkit/compile.ts';
import { type Bench, type Measure, quantile } from './measure.ts';

/** Of an odd number the median is one of them. */
const REPETITIONS = Number(process.env.NINEP_REPETITIONS ?? 9);
const FILES = 200;
const FILE_BYTES = 4096;
const SEQUENTIAL_MB = 32;
/** What `find` walks: folders of files. */
const FOLDERS = 20;
const FILES_A_FOLDER = 25;
const DIOD = '/usr/sbin/diod';

const SERVERS = ['ours', 'diod'] as const;
type Server = (typeof SERVERS)[number];
const PORTS: Readonly<Record<Server, number>> = { ours: 5641, diod: 5642 };

/** As appliance/guest/init mounts: the work unit's tree, and the software. */
const TREE = 'msize=131072,access=any,uname=root,cache=mmap';
const SOFTWARE = 'ro,msize=131072,access=any,uname=root,cache=loose';

interface Load {
  readonly name: string;
  readonly mount: string;
  /** Arguments of load.c, a line each. */
  readonly steps: readonly string[];
  readonly goal: string | null;
}

const LOADS: readonly Load[] = [
  {
    name: 'smallFilesPerDiod',
    mount: TREE,
    steps: [`files /mnt/new ${FILES} ${FILE_BYTES}`],
    goal: '>= 1',
  },
  {
    name: 'sequentialPerDiod',
    mount: TREE,
    steps: [`write /mnt/large ${SEQUENTIAL_MB}`, 'read /mnt/large'],
    goal: '>= 1',
  },
  { name: 'findPerDiod', mount: TREE, steps: ['find /mnt/folders'], goal: '>= 1' },
  // Mounted anew each time, so nothing is in the guest's cache yet: a program's first start.
  { name: 'softwareReadPerDiod', mount: SOFTWARE, steps: ['read /mnt/large'], goal: null },
  { name: 'softwareFindPerDiod', mount: SOFTWARE, steps: ['find /mnt/folders'], goal: null },
];

/** Our 9P server beside Debian's diod: one guest, the same kernel client and options, the same files, taking turns. */
export const bench: Bench = {
  name: 'ninep',
  async run(say) {
    const why = whyNoGuest('diod', 'musl-gcc');
    if (why) throw new Error(`bench ninep cannot run here: ${why}`);
    const folder = await mkdtemp(join(tmpdir(), 'bench-ninep-'));
    const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
    try {
      for (const server of SERVERS) await fill(join(folder, server));
      const ours = await serve9p({
        socketPath: join(folder, 'ours.sock'),
        tree: hostFolder(join(folder, 'ours')),
      });
      stops.push(() => ours.close());
      const diod = await startDiod(join(folder, 'diod.sock'), join(folder, 'diod'));
      stops.push(() => ended(diod));
      const guest = await bootGuest({
        servers: { [PORTS.ours]: ours.socketPath, [PORTS.diod]: join(folder, 'diod.sock') },
        files: [
          { kind: 'directory', path: 'mnt', mode: 0o755 },
          { kind: 'file', path: 'bin/load', mode: 0o755, data: await readFile(await loadProgram()) },
        ],
      });
      stops.push(() => guest.close());
      return await measure(guest, join(folder, 'diod'), say);
    } finally {
      for (const stop of stops.reverse()) await stop();
    }
  },
};

async function measure(guest: Guest, diodFolder: string, say: (line: string) => void): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const { name, mount, steps, goal } of LOADS) {
    const seconds: Record<Server, number[]> = { ours: [], diod: [] };
    // The first round warms both servers up and does not count.
    for (let round = 0; round <= REPETITIONS; round++) {
      // Who goes first changes, for what drifts.
      for (const server of round % 2 ? SERVERS : SERVERS.toReversed()) {
        const options = server === 'diod' ? `${mount},aname=${diodFolder}` : mount;
        const taken = await timed(guest, PORTS[server], options, steps);
        if (round > 0) seconds[server].push(taken);
      }
    }
    const median = { ours: quantile(seconds.ours, 0.5), diod: quantile(seconds.diod, 0.5) };
    say(`${name}: ours ${figures(seconds.ours)}; diod ${figures(seconds.diod)}`);
    measures.push({
      name,
      value: median.diod / median.ours,
      unit: 'ratio',
      goal,
      comparedWith: `diod ${median.diod.toFixed(3)} s, ours ${median.ours.toFixed(3)} s, medians of ${REPETITIONS}`,
    });
  }
  return measures;
}

/** @returns seconds that the steps took, added up; mounting does not count */
async function timed(guest: Guest, port: number, options: string, steps: readonly string[]): Promise<number> {
  const { status, output } = await guest.run(
    [
      'set -e',
      `mount ${mountArguments(port, options)} /mnt`,
      ...steps.map((step) => `/bin/load ${step}`),
      'umount /mnt',
      '',
    ].join('\n'),
  );
  if (status !== 0) throw new Error(`the load failed in the guest: ${output}`);
  return output
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0);
}

async function fill(folder: string): Promise<void> {
  for (let i = 0; i < FOLDERS; i++) {
    const path = join(folder, 'folders', `folder-${i}`);
    await mkdir(path, { recursive: true });
    for (let k = 0; k < FILES_A_FOLDER; k++) await writeFile(join(path, `file-${k}`), 'x'.repeat(100));
  }
  await writeFile(join(folder, 'large'), Buffer.alloc(SEQUENTIAL_MB * 1024 * 1024, 'x'));
}

function loadProgram(): Promise<string> {
  return compileForTest(fileURLToPath(new URL('./ninep/load.c', import.meta.url)), 'x86_64-linux');
}

async function startDiod(socketPath: string, folder: string): Promise<ChildProcess> {
  const child = spawn('setpriv', [
    ...['--pdeathsig', 'KILL', DIOD, '--foreground', '--no-auth', '--no-userdb'],
    ...['--config-file', '/dev/null', '--listen', socketPath, '--export', folder, '--logdest', 'stderr'],
  ]);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  for (let i = 0; i < 100 && child.exitCode === null; i++) {
    if (existsSync(socketPath)) return child;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await ended(child);
  throw new Error(`diod does not start: ${said}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill('SIGKILL');
  await closed;
}

function figures(seconds: readonly number[]): string {
  const [least, middle, most] = [Math.min(...seconds), quantile(seconds, 0.5), Math.max(...seconds)];
  return `${middle.toFixed(3)} s (${least.toFixed(3)} to ${most.toFixed(3)})`;
}
