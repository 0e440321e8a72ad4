import { sha256 } from '../platform/files.ts';
import { outputHash } from '../platform/output-hash.ts';
import type { Lease } from '../protocol/project-api.ts';
import { pushCampaign } from '../server/campaigns/push.ts';
import { campaignDetail } from '../server/campaigns/read.ts';
import { type BareProject, bareProject } from '../server/testkit/bare-project.ts';
import type { Bench, Measure, Say } from './measure.ts';
import { reported, WAYS, type Way } from './trust/hosts.ts';
import { BLOCK_EVENTS, BLOCKS_PER_UNIT, blockOf, blocksOf, line, program } from './trust/program.ts';

const CHEATING = 0.05;
const PER_MILLION = 500;
const SEED = 7;
const UNIT_EVENTS = BLOCKS_PER_UNIT * BLOCK_EVENTS;

/** How many hosts, and how many units there are for each. */
interface Size {
  readonly hosts: number;
  readonly unitsPerHost: number;
}
/** All of them new: what is found out of whom, and what that costs where nobody stays. */
const MANY: Size = sizeFrom(process.env.BEAMTIME_BENCH_MANY, { hosts: 10_000, unitsPerHost: 3 });
/** What it costs where they stay for a while, as volunteers do. */
const STAYING: Size = sizeFrom(process.env.BEAMTIME_BENCH_STAYING, { hosts: 400, unitsPerHost: 40 });

/** @param text "600x10": to try the bench itself */
function sizeFrom(text: string | undefined, usual: Size): Size {
  const [hosts = usual.hosts, unitsPerHost = usual.unitsPerHost] = text?.split('x').map(Number) ?? [];
  return { hosts, unitsPerHost };
}

/**
 * Hosts on one campaign of an adaptive project: the project's own functions on its embedded store, all but HTTP; a minute
 * is a step of a clock that is turned on. The program is a function, and so is what the server regenerates blocks with.
 * One host in twenty cheats, in five ways. Whether it is found depends on nothing but what it reports; what it costs
 * depends on how long hosts stay, for each is compared once at first.
 */
export const bench: Bench = {
  name: 'trust',
  async run(say) {
    const staying = await simulated(STAYING, say);
    const many = await simulated(MANY, say);
    const each = ({ hosts, unitsPerHost }: Size) =>
      `${hosts} hosts, ${unitsPerHost} units of ${BLOCKS_PER_UNIT} blocks for each`;
    const both = (name: keyof Outcome, unit: string, goal: string | null): Measure => ({
      name,
      value: many[name] + staying[name],
      unit,
      goal,
      comparedWith: `${each(MANY)}; ${each(STAYING)}`,
    });
    const percent = (name: string, value: number, goal: string | null, size: Size): Measure => ({
      name,
      value,
      unit: '%',
      goal,
      comparedWith: each(size),
    });
    return [
      both('wrongAccepted', 'results', '<= 0'),
      both('wrongBins', 'bins', '<= 0'),
      both('honestHostsHurt', 'hosts', '<= 0'),
      percent('overheadPercent', staying.overheadPercent, '<= 5', STAYING),
      percent('overheadPercentNewcomers', many.overheadPercent, null, MANY),
      both('wrongWithdrawn', 'results', null),
      both('cheating', 'hosts', null),
      both('cheatsCaught', 'hosts', null),
      {
        name: 'resultsPerSecond',
        value: (many.computed + staying.computed) / (many.seconds + staying.seconds),
        unit: '/s',
        goal: null,
        comparedWith: null,
      },
    ];
  },
};

interface SimulatedHost {
  readonly id: number;
  readonly way: Way | null;
  readonly minutesPerUnit: number;
  inHand: Lease | null;
  /** Minute from which it has something to do. */
  from: number;
  done: number;
}

async function simulated(size: Size, say: Say): Promise<Outcome> {
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  let regenerated = 0;
  const bare = await bareProject({
    now: () => new Date(nowMs),
    regenerate: async (_wasm, _release, card) => {
      regenerated++;
      return line(blockOf(card.seed, card.firstEvent));
    },
  });
  try {
    const began = performance.now();
    const units = size.hosts * size.unitsPerHost;
    await begin(bare, units);
    const random = generator(1);
    const plan = planned(size, random);
    const hosts: SimulatedHost[] = [];
    let minute = 0;
    let computed = 0;
    for (; ; minute++) {
      if (minute > 40 * size.unitsPerHost + 200) throw new Error(`not complete after ${minute} minutes`);
      nowMs += 60_000;
      const joining = plan.filter((one) => one.joins === minute);
      hosts.push(...(await Promise.all(joining.map((one) => join(bare, one, minute)))));
      const due = hosts.filter((host) => host.from <= minute);
      const reporting = due.filter((host) => host.inHand);
      computed += reporting.length;
      await Promise.all(reporting.map((host) => deliver(bare, host, random)));
      await bare.settled();
      if (minute % 20 === 19) await bare.project.db.maintain();
      await Promise.all(due.map((host) => fetchWork(bare, host, minute, random)));
      if (minute % 10 !== 0) continue;
      const { unitsValid, state } = await merged(bare);
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      say(
        `minute ${minute}: ${hosts.length} hosts, ${computed} results, ${unitsValid} units valid, ${seconds} s`,
      );
      if (state === 'complete') break;
    }
    const seconds = (performance.now() - began) / 1000;
    return await judged(bare, hosts, units, { computed, regenerated, seconds }, say);
  } finally {
    await bare.remove();
  }
}

async function join(bare: BareProject, plan: Plan, minute: number): Promise<SimulatedHost> {
  const { way, network, minutesPerUnit } = plan;
  const registration = { cores: 1, os: 'simulated', engineVersion: '0' };
  const { hostId } = await bare.project.hosts.register(registration, bare.project.now(), network);
  return { id: Number(hostId.slice(1)), way, minutesPerUnit, inHand: null, from: minute, done: 0 };
}

async function begin({ project }: BareProject, units: number): Promise<void> {
  const bytes = Buffer.from('a program, by name only');
  const blob = { sha256: sha256(bytes), bytes: bytes.length };
  await project.objects.put(blob.sha256, once(bytes), 1000);
  await project.releases.put({ ...program, programs: { 'wasm32-wasi': blob } }, project.now());
  const spec = {
    kind: 'campaign',
    name: 'bench',
    title: 'Bench',
    application: program.application,
    version: program.version,
    events: units * UNIT_EVENTS,
    eventsPerUnit: UNIT_EVENTS,
    blockEvents: BLOCK_EVENTS,
    seed: SEED,
    validation: { adaptive: PER_MILLION },
  };
  await pushCampaign(project.db, project.releases, JSON.stringify(spec), project.now());
}

async function* once(bytes: Buffer) {
  yield bytes;
}

interface Plan {
  readonly joins: number;
  readonly way: Way | null;
  readonly network: string;
  readonly minutesPerUnit: number;
}

/** They join over a while and take 1 to 8 minutes for a unit. Volunteers in 16,000 networks; the colluding group has every twenty-five of its in one. */
function planned({ hosts, unitsPerHost }: Size, random: () => number): Plan[] {
  const cheats = Math.round(hosts * CHEATING);
  return Array.from({ length: hosts }, (_, i) => {
    const way = i < cheats ? (WAYS[i % WAYS.length] ?? null) : null;
    const joins = Math.floor(random() * 2 * unitsPerHost);
    const minutesPerUnit = 1 + Math.floor(random() * 8);
    const somewhere = `n${Math.floor(random() * 16_000)}`;
    const network = way === 'colluding' ? `group ${Math.floor(i / WAYS.length / 25)}` : somewhere;
    return { joins, way, network, minutesPerUnit };
  });
}

async function deliver({ project }: BareProject, host: SimulatedHost, random: () => number): Promise<void> {
  const lease = host.inHand;
  if (!lease) return;
  host.inHand = null;
  const bytes = Buffer.from(textOf(reported(host.way, lease.card, host.done++, random)));
  const file = { path: 'blocks.jsonl', sha256: sha256(bytes), bytes: bytes.length };
  const data = bytes.toString('base64');
  await project.report(host.id, {
    lease: lease.id,
    outcome: { state: 'finished', outputHash: outputHash([file]), files: [{ ...file, data }] },
    capsule: 'wasm',
    seconds: 60,
  });
}

function textOf(blocks: ReturnType<typeof blocksOf>): string {
  return blocks.map((block) => `${line(block)}\n`).join('');
}

async function fetchWork(
  { project }: BareProject,
  host: SimulatedHost,
  minute: number,
  random: () => number,
): Promise<void> {
  const { leases } = await project.lease(host.id, { want: 1, platforms: ['wasm32-wasi'], held: [] });
  host.inHand = leases[0] ?? null;
  host.from = minute + (host.inHand ? host.minutesPerUnit : 3 + Math.floor(random() * 5));
}

async function merged({ project }: BareProject) {
  const detail = await campaignDetail(project.db, project.releases, 'bench', project.now());
  if (!detail) throw new Error('the campaign is not there');
  return detail;
}

interface Effort {
  /** Results that hosts reported. */
  readonly computed: number;
  /** Blocks that the server made. */
  readonly regenerated: number;
  readonly seconds: number;
}

type Outcome = Awaited<ReturnType<typeof judged>>;

async function judged(
  bare: BareProject,
  hosts: readonly SimulatedHost[],
  units: number,
  { computed, regenerated, seconds }: Effort,
  say: Say,
) {
  const { points } = await merged(bare);
  const ways = new Map(hosts.map((host) => [host.id, host.way]));
  const outcome = await bare.project.db.query<{ host_id: number; state: string; n: number }>(
    'SELECT host_id, state, count(*) AS n FROM result GROUP BY host_id, state',
  );
  const rows = await bare.project.db.query<{ id: number }>('SELECT id FROM host WHERE caught > 0');
  const caught = new Set(rows.map(({ id }) => id));
  const isHonest = (id: number) => ways.get(id) === null;
  const invalid = outcome.filter(({ state }) => state === 'invalid').map(({ host_id }) => host_id);
  const hurt = new Set([...caught, ...invalid].filter(isHonest));
  const cheating = hosts.filter((host) => host.way !== null);
  for (const way of WAYS) {
    const all = cheating.filter((host) => host.way === way);
    say(`${way}: ${all.filter((host) => caught.has(host.id)).length} of ${all.length} caught`);
  }
  const wrong = await wrongOf(bare, ways);
  const late = outcome.filter(({ state }) => state === 'late').reduce((sum, { n }) => sum + n, 0);
  say(`${units} units: ${computed} results, ${late} of them late, ${regenerated} blocks regenerated`);
  return {
    wrongAccepted: wrong.accepted,
    wrongWithdrawn: wrong.withdrawn,
    wrongBins: wrongBins(points[0]?.histograms.x ?? [], units),
    overheadPercent: 100 * ((computed + regenerated / BLOCKS_PER_UNIT) / units - 1),
    honestHostsHurt: hurt.size,
    cheating: cheating.length,
    cheatsCaught: cheating.filter((host) => caught.has(host.id)).length,
    computed,
    seconds,
  };
}

/** Of results of hosts that cheat, those that are wrong and believed to the end, and those withdrawn. */
async function wrongOf({ project }: BareProject, ways: ReadonlyMap<number, Way | null>) {
  const cheats = [...ways].filter(([, way]) => way !== null).map(([id]) => id);
  const rows = await project.db.query<{ state: string; output_hash: string; first_event: number }>(
    `SELECT result.state, result.output_hash, unit.first_event FROM result JOIN unit ON unit.id = result.unit_id
     WHERE result.host_id = ANY($1) AND (result.state = 'valid' OR result.reason LIKE 'withdrawn%')`,
    [cheats],
  );
  let accepted = 0;
  let withdrawn = 0;
  for (const row of rows) {
    const card = { seed: SEED, firstEvent: row.first_event, events: UNIT_EVENTS, blockEvents: BLOCK_EVENTS };
    const bytes = Buffer.from(textOf(blocksOf({ ...card, parameters: {} })));
    const right = outputHash([{ path: 'blocks.jsonl', sha256: sha256(bytes) }]);
    if (row.output_hash === right) continue;
    if (row.state === 'valid') accepted++;
    else withdrawn++;
  }
  return { accepted, withdrawn };
}

/** Bins in which the merged histogram is not that of one honest run of all events. */
function wrongBins(counts: readonly number[], units: number): number {
  const right = counts.map(() => 0);
  for (let first = 0; first < units * UNIT_EVENTS; first += BLOCK_EVENTS) {
    const { x = [] } = blockOf(SEED, first).histograms;
    for (let i = 0; i < right.length; i++) right[i] = (right[i] ?? 0) + (x[i] ?? 0);
  }
  return right.filter((count, i) => count !== counts[i]).length;
}

/** mulberry32: what hosts do is the same each time; what the server draws is not. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
