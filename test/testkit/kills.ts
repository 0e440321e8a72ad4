import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { pushDocument } from '../../cli/push.ts';
import { bootedBefore } from '../../engine/capsules/qemu/testkit/snapshots.ts';
import { engineFiles } from '../../engine/filenames.ts';
import { EVGEN_VERSION } from '../../engine/testkit/real-project.ts';
import { CampaignDetail } from '../../protocol/campaign.ts';
import { EngineEndpoint } from '../../protocol/engine-api.ts';
import { CampaignList, invitationTo, ProjectInfo } from '../../protocol/project-api.ts';
import { ServerEndpoint, StaffResults } from '../../protocol/staff-api.ts';
import { Block, type Card } from '../../protocol/work-unit.ts';
import { COMPILING } from '../../server/testkit/compiling.ts';
import { command, root, temporaryFolder } from './command.ts';
import { processesOf, settle } from './leftovers.ts';

export interface Plan {
  readonly capsule: 'wasm' | 'qemu';
  readonly kills: number;
  readonly events: number;
  readonly eventsPerUnit: number;
}

const folder = temporaryFolder();
const hasVm = existsSync(join(root, 'build/appliance/appliance.yaml'));

/**
 * Crash-only: engine, capsules and server are killed at random moments while a campaign runs; then it is left to
 * finish. What is merged must be, to the last count, what one native run of each point gives.
 */
export function survivesKills(plan: Plan): void {
  afterAll(() => {
    for (const { pid } of processesOf(folder.path)) kill(pid);
    folder.remove();
  });
  test(`a campaign survives kill -9 of everything, every unit counts exactly once: ${plan.capsule}`, {
    timeout: 900_000,
  }, async ({ skip }) => {
    if (plan.capsule === 'qemu' && !hasVm) skip('there is no micro appliance here (build/appliance)');
    const data = join(folder.path, plan.capsule);
    const seed = Number(process.env.BEAMTIME_TEST_SEED ?? Date.now() % 1_000_000);
    console.log(`seed ${seed} (BEAMTIME_TEST_SEED repeats the order of kills)`);
    const random = generator(seed);
    const port = await freePort();
    const server = new Restarting('server', [
      'server',
      '--data',
      join(data, 'project'),
      '--port',
      String(port),
    ]);
    const endpoint = await server.ready(join(data, 'project/endpoint.json'), (text) =>
      ServerEndpoint.parse(text),
    );
    const invitation = await publish(endpoint, plan);
    if (plan.capsule === 'qemu') await bootedBefore(join(data, 'engine'));
    const engine = new Restarting('engine', [
      'engine',
      '--data',
      join(data, 'engine'),
      '--join',
      invitation,
      '--capsule',
      plan.capsule,
      // Other tests keep the cores busy, and the policy would wait for them.
      '--insist',
    ]);
    const engineEndpoint = engineFiles(join(data, 'engine')).endpoint;
    await engine.ready(engineEndpoint, (text) => EngineEndpoint.parse(text));

    const killed: Record<string, number> = { server: 0, engine: 0, capsule: 0 };
    let kills = 0;
    for (const until = Date.now() + 400_000; kills < plan.kills && Date.now() < until; ) {
      await delay(100 + random() * 1200);
      const choice = random();
      if (choice < 0.2) server.kill();
      else if (choice < 0.45) engine.kill();
      else {
        const capsules = processesOf(data).filter(({ pid }) => pid !== server.pid && pid !== engine.pid);
        const victim = capsules[Math.floor(random() * capsules.length)];
        if (!victim) continue;
        kill(victim.pid);
        killed.capsule = (killed.capsule ?? 0) + 1;
        kills++;
        continue;
      }
      const which = choice < 0.2 ? server : engine;
      killed[which.name] = (killed[which.name] ?? 0) + 1;
      kills++;
      await delay(random() * 600);
      await which.start();
    }
    console.log(`kills: ${JSON.stringify(killed)}`);
    expect(kills).toBe(plan.kills);
    await Promise.all([server.start(), engine.start()]);

    const campaign = await complete(endpoint.url, [server, engine]);
    const results = await validResults(endpoint);
    const units = new Set(results.map((result) => result.unitId));
    expect(campaign.unitsSetAside).toBe(0);
    expect(results.length).toBe(units.size);
    expect(units.size).toBe(campaign.units);
    for (const point of campaign.points) {
      const card = results.find(
        (result) => result.card.parameters.energyGeV === point.parameters.energyGeV,
      )?.card;
      if (!card) throw new Error('a point without a valid result');
      const expected = nativeRun({ ...card, firstEvent: 0, events: plan.events });
      expect(point.eventsValid).toBe(plan.events);
      expect(point.crossSection).toEqual(expected.crossSection);
      expect(point.histograms).toEqual(expected.histograms);
    }
    await engine.stop();
    await server.stop();
    expect(await settle(data)).toEqual([]);
  });
}

async function publish(endpoint: ServerEndpoint, plan: Plan): Promise<string> {
  const { url, staffToken } = endpoint;
  await pushDocument({ file: join(root, 'physics/evgen/release.yaml'), url, staffToken });
  const appliance = join(root, 'build/appliance/appliance.yaml');
  if (existsSync(appliance)) await pushDocument({ file: appliance, url, staffToken });
  const campaign = join(folder.path, 'kills.yaml');
  writeFileSync(
    campaign,
    JSON.stringify({
      kind: 'campaign',
      name: 'kills',
      title: 'Killed often',
      application: 'evgen',
      version: EVGEN_VERSION,
      parameters: { stages: [] },
      sweep: { energyGeV: [89.4, 91.19, 93] },
      events: plan.events,
      eventsPerUnit: plan.eventsPerUnit,
      blockEvents: plan.eventsPerUnit,
      seed: 7,
      validation: { spot: 0.1 },
      leaseMinutes: 30,
    }),
  );
  await pushDocument({ file: campaign, url, staffToken });
  return invitationTo(url, ProjectInfo.parse(await (await fetch(`${url}/api/v1/project`)).json()));
}

/** A `beamtime` process that is started again after each kill. */
class Restarting {
  readonly name: string;
  readonly #args: readonly string[];
  #run: ReturnType<typeof command>;
  #isKilled = false;

  constructor(name: string, args: readonly string[]) {
    this.name = name;
    this.#args = args;
    this.#run = this.#launch();
  }

  #launch() {
    return command(process.execPath, [...COMPILING, join(root, 'cli/main.ts'), ...this.#args]);
  }

  get pid(): number | undefined {
    return this.#run.child.pid;
  }

  kill(): void {
    if (this.pid !== undefined) kill(this.pid);
    this.#isKilled = true;
  }

  /** Where it was killed: again, once it is gone. */
  async start(): Promise<void> {
    if (!this.#isKilled) return;
    await this.#run.done;
    this.#isKilled = false;
    this.#run = this.#launch();
  }

  async ready<T>(file: string, parse: (json: unknown) => T & { pid: number }): Promise<T> {
    for (let tries = 0; tries < 600; tries++) {
      if (existsSync(file)) {
        const endpoint = parse(JSON.parse(readFileSync(file, 'utf8')));
        if (endpoint.pid === this.pid) return endpoint;
      }
      if (this.#run.child.exitCode !== null) break;
      await delay(100);
    }
    throw new Error(`the ${this.name} is not ready: ${this.#run.output().slice(-2000)}`);
  }

  /** For a person who wants to know why nothing goes on. */
  fate(): string {
    const { exitCode, signalCode } = this.#run.child;
    return `${exitCode ?? signalCode ?? 'running'}; ${this.#run.output().slice(-3000)}`;
  }

  async stop(): Promise<void> {
    this.#run.child.kill('SIGTERM');
    await this.#run.done;
  }
}

/** @throws Error with what project and processes say of it, where it takes too long */
async function complete(url: string, processes: readonly Restarting[]): Promise<CampaignDetail> {
  let last = '';
  for (const until = Date.now() + 400_000; Date.now() < until; await delay(500)) {
    try {
      const { campaigns } = CampaignList.parse(await (await fetch(`${url}/api/v1/campaigns`)).json());
      const [campaign] = campaigns;
      last = JSON.stringify(campaign);
      if (campaign?.state !== 'complete') continue;
      return CampaignDetail.parse(await (await fetch(`${url}/api/v1/campaigns/${campaign.id}`)).json());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch: the server is starting
    }
  }
  const fates = processes.map((process) => `the ${process.name}: ${process.fate()}`);
  throw new Error([`the campaign does not complete: ${last}`, ...fates].join('\n'));
}

async function validResults(endpoint: ServerEndpoint) {
  const results = [];
  for (let before: string | null = ''; before !== null; ) {
    const query: string = `state=valid&limit=1000${before ? `&before=${before}` : ''}`;
    const answer = await fetch(`${endpoint.url}/api/v1/staff/results?${query}`, {
      headers: { authorization: `Bearer ${endpoint.staffToken}` },
    });
    const page = StaffResults.parse(await answer.json());
    results.push(...page.results);
    before = page.next;
  }
  return results;
}

/** The sum of the blocks of one native run. */
function nativeRun(card: Card): Pick<Block, 'crossSection' | 'histograms'> {
  const job = join(folder.path, 'native');
  mkdirSync(job, { recursive: true });
  writeFileSync(join(job, 'card.json'), JSON.stringify(card));
  execFileSync(join(root, 'build/evgen/evgen-native'), { cwd: job });
  const lines = readFileSync(join(job, 'out/blocks.jsonl'), 'utf8').trimEnd().split('\n');
  const blocks = lines.map((line) => Block.parse(JSON.parse(line)));
  const [first] = blocks;
  if (!first) throw new Error('no blocks');
  const histograms: Record<string, number[]> = {};
  const crossSection = { maximumPb: first.crossSection.maximumPb, attempted: 0, accepted: 0 };
  for (const block of blocks) {
    crossSection.attempted += block.crossSection.attempted;
    crossSection.accepted += block.crossSection.accepted;
    for (const [name, counts] of Object.entries(block.histograms)) {
      const sum = histograms[name] ?? counts.map(() => 0);
      histograms[name] = sum.map((value, i) => value + (counts[i] ?? 0));
    }
  }
  return { crossSection, histograms };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself just before.
  }
}

/** Below the range systems give out by themselves: no other process gets it while the server is dead. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}

/** mulberry32: a small generator that a seed repeats. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
