import { API_PREFIX, type Lease } from '../protocol/project-api.ts';
import { openPostgresql } from '../server/store/postgresql.ts';
import { noPostgresql, type PostgresqlServer, postgresqlServer } from '../server/testkit/postgresql.ts';
import { checkMerged } from './dispatch/check.ts';
import { type Deliveries, deliveryOf } from './dispatch/delivery.ts';
import { SimulatedHost } from './dispatch/host.ts';
import { Connection } from './dispatch/http.ts';
import { drive, HOSTS, register } from './dispatch/load.ts';
import { generator, type Imitation } from './dispatch/outputs.ts';
import { BenchProject } from './dispatch/project.ts';
import { deliveriesOf, UNITS, unitOutputs } from './dispatch/units.ts';
import type { Where } from './dispatch/with-server.ts';
import { type Bench, type Measure, quantile, type Say } from './measure.ts';
import { fill } from './server/fill.ts';
import { kills } from './server/kills.ts';
import { embeddedMergesPerSecond, mergesPerSecond } from './server/merges.ts';
import { postgresqlCpuSeconds } from './server/postgresql-cpu.ts';
import { streams } from './server/streams.ts';

/** BEAMTIME_BENCH_SECONDS: shorter, to try the bench itself. */
const SECONDS = Number(process.env.BEAMTIME_BENCH_SECONDS ?? 12);
const ROWS = Number(process.env.BEAMTIME_BENCH_ROWS ?? 1e6);
const LISTENERS = Number(process.env.BEAMTIME_BENCH_LISTENERS ?? 10_000);
const FEW_ROWS = 1e4;
const SERVERS = 2;
/** Of the rate that it can: a steady load that leaves the machine, which the hosts share, room. What a lease takes then is the store's time. */
const PACE = 1 / 3;
/** BEAMTIME_BENCH_HOSTS: fewer, where the machine is slow. */
const BUSY_HOSTS = Number(process.env.BEAMTIME_BENCH_HOSTS ?? HOSTS);
const LOOKS = 2000;
/** Work units whose results are made ahead; what hosts do beyond that they make while time is taken. */
const AHEAD = Number(process.env.BEAMTIME_BENCH_AHEAD ?? 600 * SECONDS);

/** Debian's defaults, but for memory of a small machine of today. */
const SETTINGS = { shared_buffers: '512MB', max_wal_size: '4GB', checkpoint_timeout: '15min' };

/**
 * The same hosts do the same cycles with two server processes on a PostgreSQL server and with one on the embedded store, side
 * by side, every fsync included; then on a PostgreSQL store that has had a million results. Hosts, servers and PostgreSQL
 * share the machine.
 */
async function run(say: Say, rows: number): Promise<Measure[]> {
  if (noPostgresql !== null) throw new Error(`this bench needs Debian's PostgreSQL: ${noPostgresql}`);
  const imitation = await unitOutputs(await generator(new URL('../', import.meta.url)));
  const deliveries = await deliveriesOf(imitation, AHEAD);
  const cycles = (project: BenchProject, what: string, postgresql: PostgresqlServer | null = null) =>
    cyclesOf({ project, what, imitation, deliveries, say, postgresql });
  const embedded = await BenchProject.with(UNITS, (project) => cycles(project, 'embedded'));
  const embeddedMerges = await embeddedMergesPerSecond();
  const few = await onPostgresql(async ({ project, postgresql }) => {
    fill(postgresql, FEW_ROWS);
    const measured = await cycles(project, `PostgreSQL, ${FEW_ROWS} rows`, postgresql);
    const shown = await streams(project, LISTENERS, () => oneUnit(project, imitation));
    say(
      `${LISTENERS} listeners: ${(shown.bytesEach / 1000).toFixed(1)} kB each, the last heard after ${shown.lastMs.toFixed(0)} ms`,
    );
    return { ...measured, shown };
  });
  const alone = await onPostgresql(({ project }) => cycles(project, 'PostgreSQL, one server'), 1);
  const many = await onPostgresql(async ({ project, postgresql }) => {
    const from = performance.now();
    fill(postgresql, rows);
    say(`${rows} rows made in ${((performance.now() - from) / 1000).toFixed(0)} s`);
    const measured = await cycles(project, `PostgreSQL, ${rows} rows`, postgresql);
    const looks = await look(project, rows);
    const stores = await Promise.all([1, 2].map(() => openPostgresql({ url: postgresql.url })));
    const merges = await mergesPerSecond(stores);
    for (const store of stores) await store.close();
    const [bytes] = postgresql.sql("SELECT pg_database_size('postgres')").split('\n');
    return { ...measured, looks, merges, bytes: Number(bytes) };
  });
  return [
    per('workUnitsPerSecond', few.perSecond, '>= 1000', 'two servers on PostgreSQL'),
    per('workUnitsPerSecondOneServer', alone.perSecond, null, 'one server on PostgreSQL'),
    per('workUnitsPerSecondEmbedded', embedded.perSecond, null, 'the embedded store'),
    ms('p50LeaseMs', few.p50LeaseMs, null),
    ms('p99LeaseMs', few.p99LeaseMs, '<= 100'),
    ms('p99LeaseMsEmbedded', embedded.p99LeaseMs, null),
    ms('p99ReportMs', few.p99ReportMs, null),
    ms('p99ReportMsEmbedded', embedded.p99ReportMs, null),
    ms('serverCpuMsPerWorkUnit', few.cpuMs, null),
    ms('serverCpuMsPerWorkUnitEmbedded', embedded.cpuMs, null),
    ms('postgresqlCpuMsPerWorkUnit', few.storeCpuMs, null),
    ms('serverCpuMsPerWorkUnitManyRows', many.cpuMs, null),
    ms('postgresqlCpuMsPerWorkUnitManyRows', many.storeCpuMs, null),
    per('workUnitsPerSecondManyRows', many.perSecond, null, `${rows} finished rows`),
    {
      name: 'manyRowsPerFew',
      value: many.perSecond / few.perSecond,
      unit: '',
      goal: '>= 0.8',
      comparedWith: `${FEW_ROWS} rows`,
    },
    ms('p99LeaseMsManyRows', many.p99LeaseMs, '<= 100'),
    { name: 'storeBytesPerRow', value: many.bytes / rows, unit: 'B', goal: null, comparedWith: null },
    { name: 'listeners', value: few.shown.listeners, unit: '', goal: '>= 10000', comparedWith: null },
    { name: 'listenerKb', value: few.shown.bytesEach / 1000, unit: 'kB', goal: null, comparedWith: null },
    ms('listenersLastMs', few.shown.lastMs, null),
    per('mergePerSecond', many.merges, null, 'two writers of one campaign'),
    per('mergePerSecondEmbedded', embeddedMerges, null, 'the embedded store'),
    ms('catalogueUnitP99Ms', many.looks.unit, null),
    ms('catalogueSearchP99Ms', many.looks.search, null),
  ];
}

async function onPostgresql<T>(
  use: (on: { readonly project: BenchProject; readonly postgresql: PostgresqlServer }) => Promise<T>,
  servers = SERVERS,
): Promise<T> {
  const postgresql = await postgresqlServer(SETTINGS);
  try {
    const where: Where = { database: postgresql.url, servers };
    return await BenchProject.with(UNITS, (project) => use({ project, postgresql }), where);
  } finally {
    await postgresql.remove();
  }
}

async function cyclesOf({
  project,
  what,
  imitation,
  deliveries,
  say,
  postgresql,
}: {
  readonly project: BenchProject;
  readonly what: string;
  readonly imitation: Imitation;
  readonly deliveries: Deliveries;
  readonly say: Say;
  readonly postgresql: PostgresqlServer | null;
}) {
  const hosts = await register(project.urls);
  try {
    const common = { delivery: ({ card }: Lease) => deliveries.of(card) };
    const storeCpu = () => (postgresql ? postgresqlCpuSeconds(postgresql) : 0);
    const before = storeCpu();
    const busy = hosts.slice(0, BUSY_HOSTS);
    const full = await drive(project, busy, {
      ...common,
      cyclesPerSecond: null,
      warmUpSeconds: 3,
      seconds: SECONDS,
    });
    // Warm-up and end are in it, as they are in all cycles.
    const storeCpuMs = (1000 * (storeCpu() - before)) / full.all.length;
    const perSecond = full.cycles.length / full.seconds;
    const pace = PACE * perSecond;
    const paced = await drive(project, busy, {
      ...common,
      cyclesPerSecond: pace,
      warmUpSeconds: 2,
      seconds: SECONDS,
    });
    const all = [...full.all, ...paced.all];
    const valid = new Set(all.filter(({ state }) => state === 'valid').map(({ lease }) => lease.unitId));
    await checkMerged(project, hosts, imitation, valid, 1);
    const leases = paced.cycles.map(({ leaseMs }) => leaseMs);
    const reports = paced.cycles.map(({ deliverMs }) => deliverMs);
    say(
      `${what}: ${perSecond.toFixed(0)} cycles/s, servers ${(full.serverCpuSeconds / full.seconds).toFixed(2)} cores; at ${pace.toFixed(0)}/s a lease p99 ${quantile(leases, 0.99).toFixed(0)} ms; ${valid.size} units merged exactly once`,
    );
    return {
      perSecond,
      storeCpuMs,
      cpuMs: (1000 * full.serverCpuSeconds) / full.cycles.length,
      p50LeaseMs: quantile(leases, 0.5),
      p99LeaseMs: quantile(leases, 0.99),
      p99ReportMs: quantile(reports, 0.99),
    };
  } finally {
    for (const host of hosts) host.close();
  }
}

/** Somebody's unit is merged: a change that all who follow the campaign are told. */
async function oneUnit(project: BenchProject, imitation: Imitation): Promise<void> {
  const host = new SimulatedHost(project.url);
  try {
    await host.register();
    const [lease] = (await host.lease()).leases;
    if (!lease) throw new Error('the server gave no work');
    await host.deliver(lease, await deliveryOf(imitation.outputs(lease.card)));
  } finally {
    host.close();
  }
}

/** One merged unit with what hosts gave, and a page of a campaign's, anywhere in it. */
async function look(project: BenchProject, rows: number): Promise<{ unit: number; search: number }> {
  const connection = new Connection(project.url);
  const time = async (path: string) => {
    const from = performance.now();
    const { status, body } = await connection.send('GET', API_PREFIX + path, null);
    if (status !== 200) throw new Error(`${path}: ${status} ${body.toString('utf8').slice(0, 200)}`);
    return performance.now() - from;
  };
  try {
    const unit: number[] = [];
    const search: number[] = [];
    for (let i = 0; i < LOOKS; i++) {
      unit.push(await time(`/results/l${1 + Math.floor(Math.random() * rows)}`));
      if (i % 10 === 0) {
        const after = `${i % 3}.${100 * Math.floor((Math.random() * rows) / 3)}`;
        search.push(await time(`/campaigns/finished/provenance?after=${after}&limit=100`));
      }
    }
    return { unit: quantile(unit, 0.99), search: quantile(search, 0.99) };
  } finally {
    connection.close();
  }
}

function per(name: string, value: number, goal: string | null, comparedWith: string | null): Measure {
  return { name, value, unit: '/s', goal, comparedWith };
}

function ms(name: string, value: number, goal: string | null): Measure {
  return { name, value, unit: 'ms', goal, comparedWith: null };
}

export const bench: Bench = {
  name: 'server',
  run: (say) => run(say, ROWS),
  long: { tenMillion: (say) => run(say, 1e7), kills },
};
