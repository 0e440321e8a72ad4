import { spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Checked,
  checkRepository,
  collectGarbage,
  FolderPlace,
  folderSource,
  Publisher,
  publish,
} from '../publish/index.ts';
import { ObjectCache, Repository } from '../read/index.ts';
import { bundle } from './bundle.ts';

/** A few revisions with their catalogs: the cache of the readers throws away all the time. */
const QUOTA_BYTES = 400_000;
/** Between two kills at most, in turns of a publisher or a reader. */
const MOST_TURNS = 2.5;

export interface SoakOptions {
  readonly repository: {
    readonly name: string;
    readonly folder: string;
    readonly publisherFolder: string;
    /** The master key, private or public. */
    readonly masterKeyFile: string;
    readonly masterPublicFile: string;
    readonly url: string;
  };
  readonly scratch: string;
  /** Half of them of publishers, half of readers. */
  readonly kills: number;
  /** Ends early. */
  readonly untilMs?: number;
  readonly say?: (line: string) => void;
}

export interface Soaked {
  /** By what was going on. */
  readonly kills: Record<'publishing' | 'collecting' | 'between' | 'reading', number>;
  readonly revisions: number;
  readonly reads: number;
  readonly problems: readonly string[];
  /** Objects that a last garbage collection left and nothing needs. */
  readonly garbage: number;
}

/**
 * A publisher, who also collects garbage, and a reader with a cache that is too small are killed (SIGKILL) at random and begun
 * again. After each publisher: a reader finds the old revision or the new one, and every object is what its name says.
 */
export async function soak({ repository, scratch, kills, untilMs, say }: SoakOptions): Promise<Soaked> {
  const { name, folder, publisherFolder, url } = repository;
  const source = join(scratch, 'source');
  const cacheFolder = join(scratch, 'cache');
  for (const made of [source, cacheFolder]) mkdirSync(made, { recursive: true });
  const programs = { publish: join(scratch, 'publish-loop.mjs'), read: join(scratch, 'read-loop.mjs') };
  await bundle(new URL('./publish-loop.ts', import.meta.url), programs.publish);
  await bundle(new URL('./read-loop.ts', import.meta.url), programs.read);
  const masterKeys = [createPublicKey(readFileSync(repository.masterKeyFile))];
  const count = { publishing: 0, collecting: 0, between: 0, reading: 0 };
  const problems: string[] = [];
  const tell = (kill: number, problem: string) => {
    problems.push(`kill ${kill}: ${problem}`);
    say?.(`kill ${kill}: ${problem}`);
  };
  const check = (): Promise<Checked> =>
    checkRepository({
      ...{
        place: new FolderPlace(folder),
        scratch,
        masterKeys,
        readObjects: true,
        nowSeconds: 0,
        threads: 1,
      },
    });
  let [last, reads] = [0, 0];
  let turnMs = 0;
  const killed = () => Object.values(count).reduce((sum, one) => sum + one, 0);
  while (killed() < kills && Date.now() < (untilMs ?? Number.POSITIVE_INFINITY)) {
    const publisher = looping([programs.publish, publisherFolder, source, String(last + 1)]);
    const reader =
      last === 0
        ? null
        : looping([programs.read, name, url, repository.masterPublicFile, cacheFolder, String(QUOTA_BYTES)]);
    await publisher.isReady;
    await reader?.isReady;
    if (last === 0) {
      // How long a turn takes here and now.
      const begunAt = performance.now();
      while (publisher.told('over') < 2 && publisher.isRunning) await sleep(5);
      turnMs = (performance.now() - begunAt) / 2;
    }
    await sleep(Math.random() * MOST_TURNS * turnMs);
    const errors = [...(await publisher.kill()), ...((await reader?.kill()) ?? [])];
    for (const error of errors) tell(killed(), error);
    const [begun, done, over] = (['begun', 'done', 'over'] as const).map((what) => publisher.told(what));
    count[(done ?? 0) < (begun ?? 0) ? 'publishing' : (over ?? 0) < (done ?? 0) ? 'collecting' : 'between']++;
    if (reader) {
      count.reading++;
      reads += reader.lines('read');
    }
    // Before anybody puts anything right.
    const found = await numberOf();
    const [least, most] = [Math.max(last, done ?? 0), Math.max(last, begun ?? 0)];
    if (found < least || found > most) tell(killed(), `revision ${found} is there, not ${least} to ${most}`);
    last = found;
    // The next publisher puts the reflog right, if it was killed between the two renames.
    await withPublisher((one) => one.current());
    for (const problem of (await check()).problems) tell(killed(), problem);
    if (killed() % 50 < 2) say?.(`${killed()} kills, revision ${last}, ${reads} whole reads`);
  }
  // What all the killed have left goes with the next garbage collection.
  const garbage = await withPublisher(async (publisher) => {
    await publish(publisher, folderSource(source), { paranoid: true, threads: 1 });
    const nowSeconds = Math.floor(Date.now() / 1000) + 10;
    await collectGarbage(publisher, { revisions: 1, days: 0 }, { nowSeconds });
    return (await check()).others;
  });
  for (const left of readdirSync(join(folder, 'data/txn'))) tell(killed(), `${left} was left in data/txn`);
  if (existsSync(join(publisherFolder, 'scratch'))) tell(killed(), 'the publisher’s scratch was left');
  const cache = await ObjectCache.open(cacheFolder, QUOTA_BYTES);
  if (cache.bytes > 2 * QUOTA_BYTES) tell(killed(), `the cache holds ${cache.bytes} bytes`);
  for (const part of ['making', 'open'])
    for (const left of readdirSync(join(cacheFolder, part)))
      tell(killed(), `${part}/${left} was left in the cache`);
  return { kills: count, revisions: last, reads, problems, garbage };

  async function withPublisher<T>(use: (publisher: Publisher) => Promise<T>): Promise<T> {
    const publisher = await Publisher.open(publisherFolder);
    try {
      return await use(publisher);
    } finally {
      await publisher.close();
    }
  }

  /** What a reader who comes now, with nothing cached, finds. */
  async function numberOf(): Promise<number> {
    const fresh = join(scratch, `fresh-${killed()}`);
    const opened = await Repository.open({
      ...{ repository: name, servers: [url], masterKeys, stateFolder: fresh },
      cache: await ObjectCache.open(fresh, 1e9),
    });
    try {
      const said: string[] = [];
      for (const path of ['/number', '/a/number', '/b/number'])
        said.push((await opened.snapshot.readFile(path)).toString());
      if (new Set(said).size > 1) tell(killed(), `a revision says ${said.join()}`);
      return Number(said[0]);
    } finally {
      await opened.close();
      rmSync(fresh, { recursive: true });
    }
  }
}

/** A process that says what it does, one word and a number a line. */
function looping(args: readonly string[]) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const told = new Map<string, number>();
  const lines = new Map<string, number>();
  let [errors, text] = ['', ''];
  let isRunning = true;
  let ready = () => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.on('close', (_, signal) => {
      isRunning = false;
      ready();
      resolve(signal);
    }),
  );
  child.stderr.on('data', (data: Buffer) => {
    errors += data;
  });
  child.stdout.on('data', (data: Buffer) => {
    text += data;
    const whole = text.split('\n');
    text = whole.pop() ?? '';
    for (const line of whole) {
      const [what = '', number] = line.split(' ');
      if (what === 'ready') ready();
      told.set(what, Number(number));
      lines.set(what, (lines.get(what) ?? 0) + 1);
    }
  });
  return {
    isReady,
    get isRunning() {
      return isRunning;
    },
    told: (what: string) => told.get(what) ?? 0,
    lines: (what: string) => lines.get(what) ?? 0,
    /** @returns what it has complained of */
    async kill(): Promise<string[]> {
      child.kill('SIGKILL');
      const signal = await ended;
      if (errors !== '') return [errors];
      return signal === 'SIGKILL' ? [] : ['it ended by itself'];
    },
  };
}
