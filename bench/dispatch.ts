import { setTimeout as delay } from 'node:timers/promises';
import type { CampaignSpec } from '../protocol/campaign.ts';
import { checkMerged } from './dispatch/check.ts';
import { deliveryOf } from './dispatch/delivery.ts';
import { drive, HOSTS, type Measured, register } from './dispatch/load.ts';
import { computed, generator } from './dispatch/outputs.ts';
import { BenchProject } from './dispatch/project.ts';
import { deliveriesOf, UNITS, unitOutputs } from './dispatch/units.ts';
import { type Bench, type Measure, quantile } from './measure.ts';

/** BEAMTIME_BENCH_SECONDS: shorter, to try the bench itself. */
const SECONDS = Number(process.env.BEAMTIME_BENCH_SECONDS ?? 20);
const GOAL_PER_SECOND = 300;
/** Work units whose results are made ahead; what hosts do beyond that they make while time is taken. */
const AHEAD_PER_SECOND = 400;

/**
 * A cycle is one host's: POST /leases for one work unit; then POST /results with the three files in it, as an engine
 * sends them, which the server checks block by block, stores, merges and credits before it answers. Two requests, each
 * host on a connection of its own, one unit a request. The server is a process of its own on an embedded store in a
 * temporary folder, with every fsync it makes in real life; the simulated hosts share the machine with it.
 */
export const bench: Bench = {
  name: 'dispatch',
  async run(say) {
    const program = await generator(new URL('../', import.meta.url));
    const imitation = await unitOutputs(program);
    const deliveries = await deliveriesOf(imitation, Math.ceil(AHEAD_PER_SECOND * SECONDS));
    /** Runs a load on a fresh project and sees that its outcome is right. */
    const measure = (
      what: string,
      options: {
        hosts?: number;
        quorum: number;
        how: 'engine' | 'uploads';
        cyclesPerSecond: number | null;
        seconds: number;
      },
    ): Promise<Measured> =>
      BenchProject.with({ ...UNITS, validation: { quorum: options.quorum } }, async (project) => {
        const hosts = await register(project.urls);
        try {
          const measured = await drive(project, hosts.slice(0, options.hosts ?? HOSTS), {
            ...options,
            delivery: ({ card }) =>
              options.how === 'engine'
                ? deliveries.of(card)
                : deliveryOf(imitation.outputs(card), options.how),
            warmUpSeconds: Math.min(3, options.seconds / 4),
          });
          const valid = new Set(
            measured.all.filter(({ state }) => state === 'valid').map(({ lease }) => lease.unitId),
          );
          await checkMerged(project, hosts, imitation, valid, options.quorum);
          const { cycles, seconds, serverCpuSeconds } = measured;
          say(
            `${what}: ${options.hosts ?? HOSTS} hosts, ${(cycles.length / seconds).toFixed(0)} cycles/s, server ${(serverCpuSeconds / seconds).toFixed(2)} cores; ${valid.size} units merged exactly once`,
          );
          return measured;
        } finally {
          for (const host of hosts) host.close();
        }
      });

    const full = await measure('as fast as it goes', {
      quorum: 1,
      how: 'engine',
      cyclesPerSecond: null,
      seconds: SECONDS,
    });
    const paced = await measure(`at ${GOAL_PER_SECOND} a second`, {
      quorum: 1,
      how: 'engine',
      cyclesPerSecond: GOAL_PER_SECOND,
      seconds: SECONDS,
    });
    const quorum = await measure('quorum of two', {
      quorum: 2,
      how: 'engine',
      cyclesPerSecond: null,
      seconds: SECONDS / 2,
    });
    const uploads = await measure('each file uploaded by itself', {
      hosts: 100, // a cycle is eight requests: the time measured must be longer than one
      quorum: 1,
      how: 'uploads',
      cyclesPerSecond: null,
      seconds: SECONDS / 2,
    });
    const spotChecks = await spotChecksPerSecond(program, say);
    return [
      per('workUnitsPerSecond', full.cycles.length / full.seconds, `>= ${GOAL_PER_SECOND}`),
      ms('serverCpuMsPerWorkUnit', (1000 * full.serverCpuSeconds) / full.cycles.length),
      ...latencies(
        'lease',
        paced.cycles.map(({ leaseMs }) => leaseMs),
      ),
      ...latencies(
        'report',
        paced.cycles.map(({ deliverMs }) => deliverMs),
      ),
      per(
        'quorumOfTwoUnitsPerSecond',
        quorum.cycles.filter(({ state }) => state === 'valid').length / quorum.seconds,
        null,
        'quorum 1',
      ),
      per('uploadedUnitsPerSecond', uploads.cycles.length / uploads.seconds, null, 'files with the report'),
      per('spotChecksPerSecond', spotChecks, null),
    ];
  },
};

const SPOT_UNITS = 60;

/** Real results of small units (4 blocks of 5,000 events), of each of which the server regenerates one block. */
async function spotChecksPerSecond(program: Uint8Array, say: (line: string) => void): Promise<number> {
  const spec: Partial<CampaignSpec> = {
    sweep: { energyGeV: [91.19] },
    eventsPerUnit: 20_000,
    blockEvents: 5_000,
    events: 20_000 * SPOT_UNITS,
    validation: { spot: 0.25 },
  };
  return BenchProject.with(spec, async (project) => {
    const hosts = await register(project.urls);
    try {
      const work = [];
      for (const host of hosts.slice(0, SPOT_UNITS)) {
        const { leases } = await host.lease();
        const [lease] = leases;
        if (!lease) throw new Error('the server gave no work');
        work.push({
          host,
          lease,
          outputs: await deliveryOf(await computed(program, lease.card, ['blocks.jsonl'])),
        });
      }
      const from = performance.now();
      await Promise.all(work.map(({ host, lease, outputs }) => host.deliver(lease, outputs)));
      while ((await project.merged()).unitsValid < SPOT_UNITS) await delay(100);
      const seconds = (performance.now() - from) / 1000;
      for (const { host, lease } of work) {
        const verdict = await host.verdict(lease);
        if (verdict?.state !== 'valid') throw new Error(`a right result is ${verdict?.state}`);
      }
      say(`spot checks: ${SPOT_UNITS} in ${seconds.toFixed(1)} s, all valid`);
      return SPOT_UNITS / seconds;
    } finally {
      for (const host of hosts) host.close();
    }
  });
}

function per(name: string, value: number, goal: string | null, comparedWith: string | null = null): Measure {
  return { name, value, unit: '/s', goal, comparedWith };
}

function ms(name: string, value: number): Measure {
  return { name, value, unit: 'ms', goal: null, comparedWith: null };
}

function latencies(name: string, samples: readonly number[]): Measure[] {
  return [ms(`${name}P50Ms`, quantile(samples, 0.5)), ms(`${name}P99Ms`, quantile(samples, 0.99))];
}
