import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { EngineState } from '../protocol/engine-api.ts';
import { serverFiles } from '../server/files.ts';
import { openPglite } from '../server/store/pglite.ts';
import { SkippingClock } from './testkit/clock.ts';
import { LentProjects } from './testkit/lent-projects.ts';
import { Network } from './testkit/network.ts';
import { TestEngine, WITHIN } from './testkit/real-engine.ts';
import type { CampaignSize } from './testkit/real-project.ts';
import { UnitState } from './work/machine.ts';

/**
 * What goes wrong between an engine and its project, with the real engine, the real server, the real generator and a
 * network that can be away, cut and damage.
 */
const PATIENCE = { timeout: 240_000 };
const HOUR_MS = 3600_000;
const lent = new LentProjects();
const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** Short backoffs: jitter has its own tests. */
const soon = () => 0;

async function setUp(size: CampaignSize, options: Parameters<typeof TestEngine.start>[0] = {}) {
  const project = await lent.take(size);
  undo.push(() => lent.giveBack(project));
  const network = await Network.start(() => project.server.url);
  undo.push(() => network.close());
  const invitation = network.invitation(project.server.invitation);
  const engine = await TestEngine.start({ invitation, random: soon, ...options });
  undo.push(() => engine.remove());
  return { project, network, engine };
}

const ONE = { units: 1, eventsPerUnit: 200_000 };
const verdicts = ({ finished }: EngineState) => finished.map(({ verdict }) => verdict);
const allValid = (count: number) => (state: EngineState) =>
  verdicts(state).filter((verdict) => verdict === 'valid').length === count;

/** States of the units in the engine's spool. */
async function spooled(engine: TestEngine): Promise<string[]> {
  const folder = join(engine.folder, 'spool');
  const names = await readdir(folder).catch(() => []);
  const states = names.map(async (name) => {
    const text = await readFile(join(folder, name, 'state.json'), 'utf8').catch(() => null);
    return text === null ? [] : [UnitState.parse(JSON.parse(text)).state];
  });
  return (await Promise.all(states)).flat();
}

describe('the project is away', PATIENCE, () => {
  test('for a while: work goes on, is kept, and counts once it is back', async () => {
    const { project, network, engine } = await setUp({ units: 3, eventsPerUnit: 800_000 });
    // Its buffer is filled; then the network goes.
    await engine.until(({ running }) => running.some(({ state }) => state === 'running'));
    network.away(true);
    const alone = await engine.until(
      (state) => verdicts(state).includes('unreported') && state.projects[0]?.connected === false,
    );
    expect(alone.projects[0]?.message).toMatch(/does not answer|cannot be reached|connect/i);
    expect(verdicts(alone)).not.toContain('valid');
    await engine.until(({ status }) => status.state === 'offline');
    network.away(false);
    const state = await engine.until((now) => allValid(3)(now) && now.contribution.unitsValid === 3);
    expect(state.projects[0]?.connected).toBe(true);
    expect(state.contribution).toMatchObject({ unitsValid: 3, eventsValid: 2_400_000, unitsPending: 0 });
    expect((await project.campaign()).state).toBe('complete');
  });

  test('for three days: it asks now and then, and forgets nothing, not even over a restart', async () => {
    const clock = new SkippingClock();
    const { project, network, engine } = await setUp(ONE, { clock, random: () => 0.5 });
    await engine.until(({ running }) => running.some(({ state }) => state === 'running'));
    network.away(true);
    await engine.until((state) => verdicts(state).includes('unreported'));
    const before = network.connections;
    // A quarter of an hour at a time, and a moment for what falls due to be tried and to fail.
    const quarters = 48;
    for (let quarter = 0; quarter < quarters; quarter++) {
      clock.skip(HOUR_MS / 4);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const tries = network.connections - before;
    expect(tries).toBeGreaterThan(5);
    // Two loops have something to ask for; once they have given up hope, neither asks twice in a quarter.
    expect(tries).toBeLessThan(2 * 2 * quarters + 40);
    clock.skip(60 * HOUR_MS);
    await engine.stop();
    await engine.start();
    expect(verdicts(engine.state())).toEqual(['unreported']);
    network.away(false);
    clock.skip(HOUR_MS);
    await engine.until(allValid(1));
    expect((await project.campaign()).eventsValid).toBe(ONE.eventsPerUnit);
  });

  test('when it is first joined: the engine says so, and joins when it can', async () => {
    const project = await lent.take(ONE);
    undo.push(() => lent.giveBack(project));
    const network = await Network.start(() => project.server.url);
    undo.push(() => network.close());
    network.away(true);
    const engine = await TestEngine.start({
      invitation: network.invitation(project.server.invitation),
      random: soon,
    });
    undo.push(() => engine.remove());
    const state = await engine.until(({ status }) => status.state === 'attention');
    expect(state.projects).toEqual([]);
    network.away(false);
    await engine.until(allValid(1));
  });

  test('and has forgotten this computer when it is back: it registers anew', async () => {
    const { project, network, engine } = await setUp(ONE);
    await engine.until(allValid(1));
    network.away(true);
    await project.server.stop();
    const store = await openPglite(serverFiles(project.server.folder).database);
    await store.execute('TRUNCATE host CASCADE');
    await store.close();
    await project.server.restart();
    network.away(false);
    await project.push({ ...ONE, units: 2 });
    await engine.until(allValid(3));
  });
});

describe('the network damages', PATIENCE, () => {
  /** Flips a bit of the program wherever it passes: the one file that is read out of the project's repository. */
  function damageProgram(network: Network, times: number): () => number {
    let damaged = 0;
    let isNext = false;
    network.mischief = {
      request: (chunk) => {
        isNext = /^GET \/cvmfs\/\S+\/data\/[0-9a-f]{2}\/[0-9a-f]{38} /m.test(chunk.toString('latin1'));
        return chunk;
      },
      answer: (chunk) => {
        if (!isNext || damaged >= times || chunk.length < 2000) return chunk;
        isNext = false;
        damaged++;
        const changed = Buffer.from(chunk);
        changed[1500] = (changed[1500] ?? 0) ^ 1;
        return changed;
      },
    };
    return () => damaged;
  }

  test('a download: it is refused, fetched anew, and then used', async () => {
    const project = await lent.take(ONE);
    undo.push(() => lent.giveBack(project));
    const network = await Network.start(() => project.server.url);
    undo.push(() => network.close());
    const damaged = damageProgram(network, 1);
    const engine = await TestEngine.start({
      invitation: network.invitation(project.server.invitation),
      random: soon,
    });
    undo.push(() => engine.remove());
    await engine.until(allValid(1));
    expect(damaged()).toBe(1);
  });

  test('every download: nothing of it ever runs, the person is told, and it works when that ends', async () => {
    const project = await lent.take(ONE);
    undo.push(() => lent.giveBack(project));
    const network = await Network.start(() => project.server.url);
    undo.push(() => network.close());
    const damaged = damageProgram(network, Number.POSITIVE_INFINITY);
    const engine = await TestEngine.start({
      invitation: network.invitation(project.server.invitation),
      random: soon,
    });
    undo.push(() => engine.remove());
    await expect.poll(damaged, WITHIN).toBeGreaterThan(3);
    expect(await readdir(join(engine.folder, 'objects'))).not.toContainEqual(
      expect.stringMatching(/^[0-9a-f]{64}$/),
    );
    expect(engine.state().finished).toEqual([]);
    expect(await engine.log()).toMatch(
      /software of Test is refused: the object .* is not what its name says/,
    );
    network.mischief = {};
    await engine.until(allValid(1));
  });

  test('an upload is cut again and again: it goes on where the server has it', async () => {
    const size = { units: 1, eventsPerUnit: 200_000, parameters: { hepmcEvents: 10_000 } };
    let cuts = 0;
    const offsets: number[] = [];
    const project = await lent.take(size);
    undo.push(() => lent.giveBack(project));
    const network = await Network.start(() => project.server.url);
    undo.push(() => network.close());
    network.mischief = {
      request: (chunk, soFar) => {
        for (const [, offset] of chunk.toString('latin1').matchAll(/upload-offset: (\d+)/gi))
          offsets.push(Number(offset));
        if (cuts >= 3 || soFar < 1_300_000) return chunk;
        cuts++;
        return null;
      },
    };
    const engine = await TestEngine.start({
      invitation: network.invitation(project.server.invitation),
      random: soon,
    });
    undo.push(() => engine.remove());
    await engine.until(allValid(1));
    expect(cuts).toBe(3);
    expect(offsets.filter((offset) => offset > 0).length).toBeGreaterThanOrEqual(3);
  });
});

describe('this computer', PATIENCE, () => {
  test('sets its clock years ahead and back while work runs: deadlines and sums do not mind', async () => {
    const clock = new SkippingClock();
    const { engine } = await setUp({ units: 2, eventsPerUnit: 800_000 }, { clock });
    await engine.until(({ running }) => running.some(({ state }) => state === 'running'));
    clock.jumpWall(5 * 365 * 24 * HOUR_MS);
    await engine.until((state) => state.finished.length > 0);
    clock.jumpWall(-8 * 365 * 24 * HOUR_MS);
    // The sum is told a little after what it is made of.
    const state = await engine.until((now) => allValid(2)(now) && now.contribution.unitsValid === 2);
    for (const unit of state.finished) expect(unit.seconds).toBeLessThan(WITHIN.timeout / 1000);
  });

  test('holds no more work than its buffer', async () => {
    const { engine } = await setUp({ units: 6, eventsPerUnit: 200_000 });
    expect(
      (await engine.ask('PUT', '/preferences', { maxCores: 1, bufferPerCore: 2, keepFreeMemoryMb: 0 }))
        .status,
    ).toBe(200);
    let most = 0;
    for (let done = false; !done; ) {
      const states = await spooled(engine);
      most = Math.max(most, states.filter((state) => ['leased', 'ready', 'running'].includes(state)).length);
      done = allValid(6)(engine.state());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
  });

  const cannotMount = process.platform !== 'linux' || process.getuid?.() !== 0;
  test.skipIf(cannotMount)(
    'has a full disk: it says so, loses nothing, and goes on when there is room (needs root)',
    async () => {
      const disk = mkdtempSync(join(tmpdir(), 'beamtime-disk-'));
      undo.push(() => rmSync(disk, { recursive: true }));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]);
      undo.push(() => void execFileSync('umount', ['--lazy', disk]));
      const ballast = join(disk, 'ballast');
      const { engine } = await setUp(
        { units: 3, eventsPerUnit: 1_500_000 },
        { dataFolder: join(disk, 'engine') },
      );
      await engine.until(({ running }) => running.some(({ state }) => state === 'running'));
      await fill(ballast);
      const full = await engine.until(({ status }) => status.state === 'attention');
      expect(full.status.reason).toMatch(/^The disk is full; free some space/);
      await rm(ballast);
      const state = await engine.until(allValid(3));
      expect(verdicts(state).filter((verdict) => verdict !== 'valid')).toEqual([]);
    },
  );
});

/** Takes all room there is. */
async function fill(path: string): Promise<void> {
  for (let bytes = 1_000_000; bytes >= 1; bytes = Math.floor(bytes / 10)) {
    for (;;) {
      const isFull = await writeFile(path, Buffer.alloc(bytes, 1), { flag: 'a' }).then(
        () => false,
        () => true,
      );
      if (isFull) break;
    }
  }
}
