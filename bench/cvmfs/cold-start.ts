import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildApplication } from '../../applications/build.ts';
import { pushDocument } from '../../cli/push.ts';
import type { CapsuleDriver } from '../../engine/capsules/capsule.ts';
import { qemuDriver } from '../../engine/capsules/qemu/index.ts';
import { builtAppliance } from '../../engine/capsules/qemu/testkit/appliance.ts';
import { filesIn } from '../../engine/capsules/qemu/testkit/driver.ts';
import { bootedOnce } from '../../engine/capsules/qemu/testkit/snapshots.ts';
import { type Member, programTree, Software } from '../../engine/software/index.ts';
import { memoryTree, writeFile } from '../../ninep/index.ts';
import { makeLogger } from '../../platform/log.ts';
import { fillRelease } from '../../platform/templates.ts';
import { ProjectInfo } from '../../protocol/project-api.ts';
import { Release, Signed } from '../../protocol/release.ts';
import { testServer } from '../../server/testkit/server.ts';
import { benchCard, root } from '../capsule/run.ts';
import { type Measure, quantile, type Say } from '../measure.ts';
import { type SlowLine, slowLine } from './slow-line.ts';

const BITS_PER_SECOND = 20e6;
const ROUND_TRIP_MS = 100;
const ROUNDS = Number(process.env.BEAMTIME_BENCH_ROUNDS ?? 3);
const LINE = `${BITS_PER_SECOND / 1e6} Mbit/s, ${ROUND_TRIP_MS} ms`;
const at = (path: string) => fileURLToPath(new URL(path, root));

/**
 * The start of LAMMPS as Debian ships it (some fifty shared libraries) in a virtual machine, up to its first step, out of a
 * project's repository over a slow line into an empty cache: from opening the repository to the program's end.
 */
export async function coldStart(say: Say): Promise<Measure[]> {
  await buildApplication('lammps', say);
  const server = await testServer();
  const folder = await mkdtemp(join(tmpdir(), 'bench-cold-'));
  const line = await slowLine(new URL(server.url), BITS_PER_SECOND, ROUND_TRIP_MS);
  try {
    await pushDocument({
      file: at('applications/lammps/release.yaml'),
      url: server.url,
      staffToken: server.staffToken,
    });
    const ask = async (path: string): Promise<unknown> =>
      (await fetch(`${server.url}/api/v1/${path}`)).json();
    const info = ProjectInfo.parse(await ask('project'));
    const release = Release.parse(JSON.parse(Signed.parse(await ask('releases/lammps/0.1.0')).body));
    const member: Member = {
      url: line.url,
      name: info.name,
      keyFingerprint: 'bench',
      software: info.software ?? null,
    };
    return await withBootedMachine(join(folder, 'machines'), async (driver) => {
      const start = async (software: Software) => started(driver, software, member, release);
      const open = (name: string) =>
        new Software({ folder: join(folder, name), quotaBytes: () => 4e9, pace: async () => {} });
      const unprofiled: number[] = [];
      const profiled: number[] = [];
      const transfers: number[] = [];
      const warm: number[] = [];
      let megabytes = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const name = `round-${round}`;
        unprofiled.push(await start(open(name)));
        warm.push(await start(open(name)));
        await rm(join(folder, name, 'objects'), { recursive: true });
        const before = line.bytes();
        profiled.push(await start(open(name)));
        megabytes = (line.bytes() - before) / 1e6;
        transfers.push(await transferred(line.bytes() - before));
        const [cold, all, kept, bytes] = [unprofiled, profiled, warm, transfers].map((all) =>
          (all.at(-1) ?? 0).toFixed(2),
        );
        say(
          `cold ${cold} s, with a profile ${all} s, all here ${kept} s, ${megabytes.toFixed(1)} MB alone ${bytes} s`,
        );
      }
      const median = (samples: readonly number[]) => quantile(samples, 0.5);
      const of = `LAMMPS in a virtual machine, ${LINE}, median of ${ROUNDS}`;
      const transfer = median(transfers);
      return [
        {
          name: 'coldStartPerTransfer',
          value: median(profiled) / transfer,
          unit: 'ratio',
          goal: '<= 2',
          comparedWith: `${megabytes.toFixed(1)} MB in one answer over the same line ${transfer.toFixed(2)} s; ${of}`,
        },
        { name: 'coldStartSeconds', value: median(profiled), unit: 's', goal: null, comparedWith: of },
        {
          name: 'coldStartWithoutProfileSeconds',
          value: median(unprofiled),
          unit: 's',
          goal: null,
          comparedWith: of,
        },
        {
          name: 'warmStartSeconds',
          value: median(warm),
          unit: 's',
          goal: null,
          comparedWith: 'the same with all in the cache',
        },
      ];
    });
  } finally {
    await line.close();
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Booted before, as on every day but the first. */
async function withBootedMachine<T>(folder: string, use: (driver: CapsuleDriver) => Promise<T>): Promise<T> {
  const driver = qemuDriver({
    files: { ...filesIn(folder), ...(await bootedOnce()) },
    appliance: await builtAppliance(),
    log: makeLogger('bench'),
  });
  try {
    return await use(driver);
  } finally {
    await driver.close();
  }
}

/** @returns seconds */
async function started(
  driver: CapsuleDriver,
  software: Software,
  member: Member,
  release: Release,
): Promise<number> {
  const { signal } = new AbortController();
  const { memoryMb } = release.limits;
  const capsule = await driver.start({ slotId: 'bench', memoryMb, signal });
  const card = benchCard(1, 1, { cells: 4, temperature: 3 });
  const filled = fillRelease(release, card);
  const job = memoryTree({ quotaBytes: 64_000_000 });
  await writeFile(job, 'card.json', Buffer.from(JSON.stringify(card)));
  await writeFile(job, 'out/log.lammps', Buffer.alloc(0));
  for (const [path, text] of filled.files) await writeFile(job, path, Buffer.from(text));
  let console = '';
  const begunAt = performance.now();
  const placed = await programTree(release, member, software, signal);
  if (!placed) throw new Error('LAMMPS is no tree in a repository');
  try {
    const outcome = await capsule.run({
      unitId: 'bench',
      programPath: '',
      ...(release.command === undefined ? {} : { command: release.command }),
      software: placed.tree,
      args: filled.args,
      environment: release.environment ?? {},
      job,
      memoryMb,
      wallSeconds: 600,
      onConsole: (chunk) => {
        console += Buffer.from(chunk).toString();
      },
      onProgress: () => {},
      onLive: () => {},
    });
    const seconds = (performance.now() - begunAt) / 1000;
    if (outcome.state !== 'exited' || outcome.exitStatus !== 0)
      throw new Error(
        `LAMMPS ended with ${JSON.stringify(outcome)}: ${placed.trouble()?.message ?? console}`,
      );
    return seconds;
  } finally {
    await capsule.stop();
    await placed.close();
  }
}

/** So many bytes in one answer over a line of its own. @returns seconds */
async function transferred(bytes: number): Promise<number> {
  const server = createServer((_, response) => response.end(Buffer.alloc(bytes)));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  let line: SlowLine | null = null;
  try {
    line = await slowLine(new URL(`http://127.0.0.1:${port}`), BITS_PER_SECOND, ROUND_TRIP_MS);
    const begunAt = performance.now();
    const body = await (await fetch(line.url)).arrayBuffer();
    if (body.byteLength !== bytes) throw new Error('the line loses bytes');
    return (performance.now() - begunAt) / 1000;
  } finally {
    await line?.close();
    server.closeAllConnections();
    server.close();
  }
}
