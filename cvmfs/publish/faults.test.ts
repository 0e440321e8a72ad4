import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle } from '../testkit/bundle.ts';
import { makePublished, type PublishedRepository } from '../testkit/published.ts';
import { scratch } from '../testkit/sample.ts';
import { serveRepository } from '../testkit/server.ts';
import { soak } from '../testkit/soak.ts';
import { checkRepository, FolderPlace, Stopped } from './index.ts';

/** `npm run bench -- cvmfs --soak` kills a thousand times. */
const KILLS = 12;
const folder = scratch();
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

test(`publishers and readers that are killed ${KILLS} times leave whole revisions and nothing behind`, async () => {
  const published = await makePublished(folder);
  const server = await serveRepository(published.name, published.folder);
  const soaked = await soak({
    repository: { ...published, url: server.url },
    scratch: join(folder, 'killed'),
    kills: KILLS,
  });
  expect(soaked).toMatchObject({ problems: [], garbage: 0 });
  // Some were killed late enough to have published, and to have read.
  expect(soaked.revisions).toBeGreaterThan(2);
  expect(soaked.reads).toBeGreaterThan(0);
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
