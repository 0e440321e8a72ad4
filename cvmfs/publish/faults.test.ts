import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { bundle } from '../testkit/bundle.ts';
import { makePublished, type PublishedRepository } from '../testkit/published.ts';
import { scratch } from '../testkit/sample.ts';
import { checkRepository, FolderPlace, Stopped } from './index.ts';

/** How often a publisher is killed; more in a soak. */
const KILLS = Number(process.env.BEAMTIME_PUBLISH_KILLS ?? 12);
const folder = scratch();
const loop = join(folder, 'loop.mjs');

beforeAll(() => bundle(new URL('../testkit/publish-loop.ts', import.meta.url), loop));

const problemsOf = async (published: PublishedRepository) => {
  const { problems } = await checkRepository({
    place: new FolderPlace(published.folder),
    scratch: folder,
    masterKeys: [createPublicKey(readFileSync(published.masterKeyFile))],
    readObjects: true,
    nowSeconds: 0,
    threads: 1,
  });
  return problems;
};

/** What a reader who comes now finds; all files of a revision say the same. */
async function numberOf(published: PublishedRepository): Promise<number> {
  const { snapshot } = await published.open();
  const said = [];
  for (const path of ['/number', '/a/number', '/b/number'])
    said.push((await snapshot.readFile(path)).toString());
  expect(new Set(said).size, said.join()).toBe(1);
  return Number(said[0]);
}

function start(published: PublishedRepository, source: string, first: number) {
  const child: ChildProcess = spawn(
    process.execPath,
    [loop, published.publisherFolder, source, String(first)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const told = { begun: 0, done: 0, errors: '' };
  let ready = () => {};
  const isReady = new Promise<void>((resolve, reject) => {
    ready = resolve;
    child.on('error', reject);
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  child.stderr?.on('data', (text: Buffer) => {
    told.errors += text;
  });
  child.stdout?.on('data', (text: Buffer) => {
    for (const line of text.toString().split('\n')) {
      const [what, number] = line.split(' ');
      if (what === 'begun' || what === 'done') told[what] = Number(number);
      if (what === 'ready') ready();
    }
  });
  return { child, told, isReady, ended };
}

test(`a publisher that is killed ${KILLS} times leaves the old revision or the new one, whole`, async () => {
  const published = await makePublished(folder);
  const source = join(folder, 'killed');
  let last = 0;
  let turnMs = 200;
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, told, isReady, ended } = start(published, source, last + 1);
    await isReady;
    const begunAt = performance.now();
    if (kill === 0) {
      // How long a turn takes here and now.
      while (told.done < 2 && child.exitCode === null) await sleep(5);
      turnMs = (performance.now() - begunAt) / 2;
    }
    await sleep(Math.random() * 3 * turnMs);
    child.kill('SIGKILL');
    await ended;
    expect(told.errors).toBe('');
    if (told.done === 0 && last === 0) continue;
    // Before anybody puts anything right.
    const found = await numberOf(published);
    expect(found).toBeGreaterThanOrEqual(Math.max(last, told.done));
    expect(found).toBeLessThanOrEqual(Math.max(last, told.begun));
    last = found;
    // The next publisher puts the reflog right, if it was killed between the two renames.
    await published.with((publisher) => publisher.current());
    expect(await problemsOf(published)).toEqual([]);
    await published.close();
  }
  // Some were killed late enough to have published.
  expect(last).toBeGreaterThan(2);
});

test('two readers read whole revisions while a third is published', async () => {
  const published = await makePublished(folder);
  const source = join(folder, 'read');
  mkdirSync(join(source, 'a'), { recursive: true });
  writeFileSync(join(source, 'a/.cvmfscatalog'), '');
  const publishNumber = async (number: number) => {
    for (const path of ['one', 'a/two']) writeFileSync(join(source, path), String(number));
    await published.publish(source, { paranoid: true });
  };
  await publishNumber(1);
  const readers = [await published.open(), await published.open()];
  const seen: number[][] = [[], []];
  let publishing = true;
  const reading = readers.map(async (reader, i) => {
    for (let last = false; !last; ) {
      last = !publishing;
      await reader.refresh();
      const { snapshot } = reader;
      const one = (await snapshot.readFile('/one')).toString();
      expect((await snapshot.readFile('/a/two')).toString()).toBe(one);
      seen[i]?.push(Number(one));
    }
  });
  for (const number of [2, 3, 4, 5]) await publishNumber(number);
  publishing = false;
  await Promise.all(reading);
  for (const numbers of seen) {
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers.at(-1)).toBe(5);
  }
  await published.close();
});

test('a publication that is stopped leaves things as they were, and so does one that fails', async () => {
  const published = await makePublished(folder);
  const source = join(folder, 'stopped');
  mkdirSync(source);
  for (let i = 0; i < 300; i++) writeFileSync(join(source, `file-${i}`), `content ${i}`);
  const before = readFileSync(join(published.folder, '.cvmfspublished'));
  const stopping = new AbortController();
  const publishing = published.publish(source, { stopping: stopping.signal });
  setImmediate(() => stopping.abort());
  await expect(publishing).rejects.toThrow(Stopped);
  await expect(published.publish(join(source, 'none'))).rejects.toThrow('no folder');
  expect(readFileSync(join(published.folder, '.cvmfspublished')).equals(before)).toBe(true);
  expect(await problemsOf(published)).toEqual([]);
  expect(await published.publish(source)).toMatchObject({ revision: 1 });
});

const canMount = (() => {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'pipe' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
})();

test.skipIf(!canMount)(
  'a full disk is said, and the old revision stands (skipped without the right to mount)',
  async () => {
    const place = join(folder, 'full');
    mkdirSync(join(place, 'disk'), { recursive: true });
    const program = join(folder, 'full-disk.mjs');
    await bundle(new URL('../testkit/full-disk.ts', import.meta.url), program);
    // Threads are looked for beside who begins them.
    await bundle(new URL('./worker.ts', import.meta.url), join(folder, 'worker.ts'));
    // A disk of its own, that this process alone sees.
    const script = 'mount -t tmpfs -o size=1536k tmpfs "$1/disk" && exec "$2" "$3" "$1"';
    const args = ['-m', 'sh', '-c', script, 'sh', place, process.execPath, program];
    const lines = execFileSync('unshare', args, { encoding: 'utf8' }).trim().split('\n');
    expect(lines).toEqual([
      'revision 1; 0 problems in revision 1',
      expect.stringMatching(/^StoreFault: cannot write to .*: the disk is full; 0 problems in revision 1$/),
      'revision 2; 0 problems in revision 2',
    ]);
  },
);
