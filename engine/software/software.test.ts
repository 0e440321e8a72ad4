import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineState } from '../../protocol/engine-api.ts';
import { ApiError, SoftwareListing } from '../../protocol/project-api.ts';
import { Release, Signed } from '../../protocol/release.ts';
import { Network } from '../testkit/network.ts';
import { TestEngine } from '../testkit/real-engine.ts';
import { EVGEN_VERSION, TestProject } from '../testkit/real-project.ts';
import { SpooledLease } from '../work/spool.ts';

/** The real engine, a real server and the real generator: what runs comes out of the project's repository, by its tag. */
const PATIENCE = { timeout: 240_000 };
/** Half a second each: long enough to be seen in the spool. */
const SMALL = { units: 1, eventsPerUnit: 300_000 };

let project: TestProject;
let network: Network;
let engine: TestEngine;
/** "GET /path" of all that the engine asked for. */
const asked: string[] = [];
beforeAll(async () => {
  project = await TestProject.start(SMALL);
  network = await Network.start(() => project.server.url);
  network.mischief = {
    request: (chunk) => {
      asked.push(...(chunk.toString('latin1').match(/^(GET|POST|PATCH) \S+/gm) ?? []));
      return chunk;
    },
  };
  engine = await TestEngine.start({ random: () => 0 });
}, 60_000);
afterAll(async () => {
  await engine?.remove();
  await network?.close();
  await project?.remove();
});

/** Waits for nothing that a server or a backoff asks for: a person presses "Try now" again and again. */
async function hurried(): Promise<EngineState> {
  await engine.ask('POST', '/work/retry');
  return engine.state();
}
const WITHIN = { timeout: 90_000, interval: 1000 };
const valid = (count: number) =>
  expect
    .poll(async () => (await hurried()).finished.filter(({ verdict }) => verdict === 'valid').length, WITHIN)
    .toBe(count);
const told = (message: RegExp) =>
  expect.poll(async () => (await hurried()).projects[0]?.message ?? '', WITHIN).toMatch(message);
const listing = async () =>
  SoftwareListing.parse(await (await fetch(`${project.server.url}/api/v1/software`)).json());
const repositoryFolder = async () => join(project.server.folder, 'cvmfs', (await listing()).repository);

/** The tags that units of campaigns are fetched by, as the spool shows it while they are in hand. */
async function tagsWhile(work: Promise<unknown>): Promise<Map<string, string | undefined>> {
  const tags = new Map<string, string | undefined>();
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const spool = join(engine.folder, 'spool');
    for (const unit of await readdir(spool).catch(() => [])) {
      const read = (name: string) => readFile(join(spool, unit, name), 'utf8').catch(() => null);
      const [lease, release] = [await read('lease.json'), await read('release.json')];
      if (!lease || !release) continue;
      const { campaign } = SpooledLease.parse(JSON.parse(lease)).lease;
      if (!tags.has(campaign)) tags.set(campaign, tagOf(Signed.parse(JSON.parse(release))));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await over;
  return tags;
}

function tagOf({ body }: Signed): string | undefined {
  return Release.parse(JSON.parse(body)).software?.tag;
}

/** Changes one bit of a file. @returns what undoes it */
async function damage(path: string): Promise<() => Promise<void>> {
  const sound = await readFile(path);
  const bad = Buffer.from(sound);
  bad[bad.length >> 1] = (bad[bad.length >> 1] ?? 0) ^ 1;
  await writeFile(path, bad);
  return () => writeFile(path, sound);
}

async function objects(): Promise<Set<string>> {
  const data = join(await repositoryFolder(), 'data');
  const found = new Set<string>();
  for (const part of await readdir(data)) {
    if (part === 'txn') continue;
    for (const name of await readdir(join(data, part))) found.add(join(data, part, name));
  }
  return found;
}

describe('software of a project', PATIENCE, () => {
  test('is believed by the master key that the invitation names, and by no other', async () => {
    const invitation = network.invitation(project.server.invitation);
    const other = invitation.replace(/software=..../, 'software=0000');
    const refused = await engine.ask('POST', '/join', { invitation: other });
    expect(ApiError.parse(refused.json).error.message).toContain('the master key of its software');
    expect(engine.state().projects).toEqual([]);
    expect((await engine.ask('POST', '/join', { invitation })).status).toBe(200);
  });

  test('is pulled out of the repository by its tag, and nothing of it from elsewhere', async () => {
    expect(await tagsWhile(valid(1))).toEqual(new Map([['test-1', `evgen-${EVGEN_VERSION}`]]));
    expect(asked.filter((one) => one.includes('/objects/'))).toEqual([]);
    expect(
      asked.some((one) => /^GET \/cvmfs\/software-[0-9a-f]{12}\.beamtime\.local\/data\//.test(one)),
    ).toBe(true);
  });

  test('a new release is used by its campaign without a restart; other campaigns stay on their tag', async () => {
    await project.pushMarked('next');
    await project.push({ ...SMALL, version: 'next' });
    await project.push(SMALL);
    expect(await tagsWhile(valid(3))).toEqual(
      new Map([
        ['test-2', 'evgen-next'],
        ['test-3', `evgen-${EVGEN_VERSION}`],
      ]),
    );
    expect(asked.filter((one) => one.includes('/objects/'))).toEqual([]);
  });

  test('an object that was changed at the server is refused and said so; mended, it runs', async () => {
    const before = await objects();
    await project.pushMarked('damaged');
    const added = [...(await objects())].filter((path) => !before.has(path));
    const sizes = await Promise.all(
      added.map(async (path) => ({ path, bytes: (await readFile(path)).length })),
    );
    const program = sizes.sort((a, b) => b.bytes - a.bytes)[0]?.path ?? '';
    const mend = await damage(program);
    await project.push({ ...SMALL, version: 'damaged' });
    await told(/software of Test is refused: the object .* is not what its name says/);
    expect(engine.state().finished).toHaveLength(3);
    await mend();
    await valid(4);
  });

  test('so is a manifest; the release that was pulled before still runs meanwhile', async () => {
    await project.pushMarked('forged');
    const mend = await damage(join(await repositoryFolder(), '.cvmfspublished'));
    await project.push({ ...SMALL, version: 'forged' });
    await told(/software of Test is refused: .*manifest/);
    await project.push(SMALL);
    await valid(5);
    await mend();
    await valid(6);
  });

  test('what was pulled runs with the network gone, out of the cache of the repository', async () => {
    await project.push({ units: 1, eventsPerUnit: 2_000_000, version: 'next' });
    await engine.ask('POST', '/work/retry');
    await engine.until(({ running }) => running.length === 1, { timeout: 90_000, interval: 50 });
    network.away(true);
    await engine.stop();
    await rm(join(engine.folder, 'objects'), { recursive: true });
    await engine.start();
    const state = await engine.until((now) => now.finished.some(({ verdict }) => verdict === 'unreported'));
    expect(state.projects[0]?.connected).toBe(false);
    const program = (await readdir(join(engine.folder, 'objects')))[0] ?? '';
    const bytes = await readFile(join(engine.folder, 'objects', program));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(program);
    expect(bytes.subarray(-4).toString()).toBe('next');
    network.away(false);
    await valid(7);
  });
});
