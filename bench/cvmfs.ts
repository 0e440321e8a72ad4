import { execFile, spawn } from 'node:child_process';
import { appendFileSync, createReadStream, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { create, folderSource, Publisher, publish, type Source } from '../cvmfs/publish/index.ts';
import { bundle } from '../cvmfs/testkit/bundle.ts';
import { soak } from '../cvmfs/testkit/soak.ts';
import { coldStart } from './cvmfs/cold-start.ts';
import { mounted } from './cvmfs/mounted.ts';
import { copyOfUsr, syntheticSource } from './cvmfs/tree.ts';
import { type Bench, type Measure, quantile } from './measure.ts';

const NAME = 'bench.example.org';
const FILES = 20_000;
const BYTES = 300e6;
const CHANGED = 10;
const ENTRIES = Number(process.env.BEAMTIME_BENCH_ENTRIES ?? 1_000_000);
const KILLS = Number(process.env.BEAMTIME_BENCH_KILLS ?? 1000);
const SOAK_MINUTES = Number(process.env.BEAMTIME_BENCH_MINUTES ?? 60);
/** Of an odd number the median is one of them. */
const ROUNDS = Number(process.env.BEAMTIME_BENCH_ROUNDS ?? 3);

const run = promisify(execFile);

/**
 * Publishing real files beside packing the same by tar and gzip on as many cores, taking turns; publishing a few that have
 * changed; and a reader of a large tree, in a process of its own, bundled as the product is.
 */
export const bench: Bench = {
  name: 'cvmfs',
  run: (say) =>
    inFolder(async (folder) => [...(await publishing(folder, say)), ...(await reading(folder, say))]),
  long: {
    reading: (say) => inFolder((folder) => reading(folder, say)),
    mounted: (say) => inFolder((folder) => mounting(folder, say)),
    coldStart,
    soak: (say) => inFolder((folder) => soaking(folder, say)),
  },
};

async function inFolder(measure: (folder: string) => Promise<Measure[]>): Promise<Measure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-cvmfs-'));
  try {
    return await measure(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function publishing(folder: string, say: (line: string) => void): Promise<Measure[]> {
  const tree = join(folder, 'tree');
  const { files, bytes } = copyOfUsr(tree, FILES, BYTES);
  say(`${files} files, ${(bytes / 1e6).toFixed(0)} MB of what is below /usr`);
  // Once, so that both read from memory.
  await packed(tree, join(folder, 'packed'));
  const seconds = {
    publish: [] as number[],
    tar: [] as number[],
    again: [] as number[],
    changed: [] as number[],
  };
  for (let round = 0; round < ROUNDS; round++) {
    const place = join(folder, `round-${round}`);
    await made(place);
    seconds.publish.push(await published(place, folderSource(tree)));
    seconds.tar.push(await packed(tree, join(folder, 'packed')));
    seconds.again.push(await published(place, folderSource(tree)));
    for (let i = 0; i < CHANGED; i++) appendFileSync(await changedFile(tree, i), `${round}\n`);
    seconds.changed.push(await published(place, folderSource(tree)));
    await rm(place, { recursive: true });
    const [first, second, third, fourth] = [seconds.publish, seconds.tar, seconds.again, seconds.changed].map(
      (all) => (all.at(-1) ?? 0).toFixed(2),
    );
    say(`publish ${first} s, tar and gzip ${second} s, again ${third} s, ${CHANGED} changed ${fourth} s`);
  }
  const median = (samples: readonly number[]) => quantile(samples, 0.5);
  const [publishSeconds, tarSeconds] = [median(seconds.publish), median(seconds.tar)];
  const of = `${files} files, ${(bytes / 1e6).toFixed(0)} MB, median of ${ROUNDS}`;
  return [
    {
      name: 'publishFilesPerSecond',
      value: files / publishSeconds,
      unit: '/s',
      goal: '>= 2500',
      comparedWith: of,
    },
    {
      name: 'publishMbPerSecond',
      value: bytes / 1e6 / publishSeconds,
      unit: 'MB/s',
      goal: '>= 40',
      comparedWith: of,
    },
    {
      name: 'publishPerTarGzip',
      value: tarSeconds / publishSeconds,
      unit: 'ratio',
      goal: '>= 0.5',
      comparedWith: `tar and gzip -6 on ${availableParallelism()} cores ${tarSeconds.toFixed(2)} s, ours ${publishSeconds.toFixed(2)} s`,
    },
    {
      name: 'republishUnchangedSeconds',
      value: median(seconds.again),
      unit: 's',
      goal: null,
      comparedWith: of,
    },
    {
      name: 'republishTenChangedSeconds',
      value: median(seconds.changed),
      unit: 's',
      goal: '<= 1',
      comparedWith: of,
    },
  ];
}

async function reading(folder: string, say: (line: string) => void): Promise<Measure[]> {
  const place = join(folder, 'large');
  await made(place);
  const publishSeconds = await published(place, syntheticSource(ENTRIES));
  say(`${ENTRIES} entries published in ${publishSeconds.toFixed(1)} s`);
  const server = await serve(join(place, 'repository'));
  try {
    const reader = join(folder, 'reader.mjs');
    await bundle(new URL('./cvmfs/reader.ts', import.meta.url), reader);
    const key = join(place, 'publisher', `${NAME}.pub`);
    const args = [reader, NAME, server.url, key, join(folder, 'cache'), String(ENTRIES)];
    const { stdout } = await run(process.execPath, args);
    const { anywherePerSecond, cpuMicros, againPerSecond, rssMb } = JSON.parse(stdout) as Record<
      string,
      number
    >;
    const of = `a tree of ${ENTRIES} files`;
    return [
      {
        name: 'warmLookupsPerSecond',
        value: anywherePerSecond ?? Number.NaN,
        unit: '/s',
        goal: '>= 20000',
        comparedWith: `${of}, anywhere in it, ${cpuMicros?.toFixed(1)} µs of processor time each`,
      },
      {
        name: 'repeatedLookupsPerSecond',
        value: againPerSecond ?? Number.NaN,
        unit: '/s',
        goal: null,
        comparedWith: `${of}, a thousand paths again and again`,
      },
      {
        name: 'readerRssMb',
        value: rssMb ?? Number.NaN,
        unit: 'MB',
        goal: '<= 64',
        comparedWith: `${of}, after that`,
      },
    ];
  } finally {
    server.close();
  }
}

/** The same real files as publishing() has, through a mount. */
async function mounting(folder: string, say: (line: string) => void): Promise<Measure[]> {
  const tree = join(folder, 'tree');
  const { files, bytes } = copyOfUsr(tree, FILES, BYTES);
  await made(folder);
  await published(folder, folderSource(tree));
  const server = await serve(join(folder, 'repository'));
  try {
    const keyFile = join(folder, 'publisher', `${NAME}.pub`);
    const of = `${files} files, ${(bytes / 1e6).toFixed(0)} MB`;
    return await mounted({ name: NAME, url: server.url, keyFile, scratch: folder, of }, ROUNDS, say);
  } finally {
    server.close();
  }
}

/** Kills of publishers and readers, at random; docs/cvmfs.md says what must hold. */
async function soaking(folder: string, say: (line: string) => void): Promise<Measure[]> {
  await made(folder);
  const server = await serve(join(folder, 'repository'));
  try {
    const publisherFolder = join(folder, 'publisher');
    const { kills, revisions, reads, problems, garbage } = await soak({
      repository: {
        name: NAME,
        folder: join(folder, 'repository'),
        publisherFolder,
        masterKeyFile: join(folder, 'master.key'),
        masterPublicFile: join(publisherFolder, `${NAME}.pub`),
        url: server.url,
      },
      scratch: folder,
      kills: KILLS,
      untilMs: Date.now() + SOAK_MINUTES * 60_000,
      say,
    });
    const all = Object.values(kills).reduce((sum, one) => sum + one, 0);
    const of = Object.entries(kills).map(([phase, count]) => `${count} ${phase}`);
    const beside = `${of.join(', ')}; ${revisions} revisions, ${reads} whole reads`;
    return [
      { name: 'soakKills', value: all, unit: '', goal: '>= 1000', comparedWith: beside },
      { name: 'soakProblems', value: problems.length, unit: '', goal: '<= 0', comparedWith: null },
      { name: 'soakGarbage', value: garbage, unit: 'objects', goal: '<= 0', comparedWith: 'after a last gc' },
    ];
  } finally {
    server.close();
  }
}

async function made(place: string): Promise<void> {
  await create({
    repository: NAME,
    folder: join(place, 'repository'),
    publisherFolder: join(place, 'publisher'),
    masterKeyFile: join(place, 'master.key'),
    whitelistDays: 30,
    nowSeconds: Math.floor(Date.now() / 1000),
  });
}

async function published(place: string, source: Source): Promise<number> {
  const publisher = await Publisher.open(join(place, 'publisher'));
  try {
    return (await publish(publisher, source)).seconds;
  } finally {
    await publisher.close();
  }
}

/** tar and gzip on every core: each packs its share of the files. On the disk at its end, as what is published is. */
async function packed(tree: string, into: string): Promise<number> {
  const cores = availableParallelism();
  const share = (core: number) =>
    `awk 'NR % ${cores} == ${core}' "$2.list" | tar c --no-recursion -C "$1" -T - | gzip -6 > "$2.${core}" &`;
  const script = `( cd "$1" && find . -type f ) > "$2.list"
    ${Array.from({ length: cores }, (_, core) => share(core)).join('\n')}
    wait
    sync -f "$2.0"`;
  const begunAt = performance.now();
  const child = spawn('sh', ['-c', script, 'sh', tree, into], { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`tar and gzip ended with ${code}`);
  return (performance.now() - begunAt) / 1000;
}

/** Ten files far from one another. */
async function changedFile(tree: string, i: number): Promise<string> {
  const { stdout } = await run('sh', [
    '-c',
    'find "$1" -type f | sort | awk "NR == $2"',
    'sh',
    tree,
    String(1000 + i * 1700),
  ]);
  return stdout.trim();
}

async function serve(folder: string): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    const path = join(folder, (request.url ?? '').slice(`/cvmfs/${NAME}`.length));
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile()) response.writeHead(404).end();
    // A small object in one write: two would wait for each other's acknowledgement (Nagle).
    else if (stat.size < 1e6) response.end(readFileSync(path));
    else createReadStream(path).pipe(response.writeHead(200, { 'content-length': stat.size }));
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/cvmfs/${NAME}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
