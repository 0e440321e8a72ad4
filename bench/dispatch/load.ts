import { setTimeout as delay } from 'node:timers/promises';
import type { Lease } from '../../protocol/project-api.ts';
import type { Delivery } from './delivery.ts';
import { SimulatedHost } from './host.ts';
import type { BenchProject } from './project.ts';

export const HOSTS = 1000;

/** One whole cycle of a host. */
interface Cycle {
  readonly leaseMs: number;
  readonly deliverMs: number;
  readonly lease: Lease;
  readonly state: string;
  readonly creditMicroseconds: number;
}

export interface Measured {
  readonly seconds: number;
  /** Cycles that ended within the time measured. */
  readonly cycles: readonly Cycle[];
  /** All there were, warm-up and end included. */
  readonly all: readonly Cycle[];
  readonly serverCpuSeconds: number;
}

export interface Load {
  readonly delivery: (lease: Lease) => Delivery | Promise<Delivery>;
  /** null: each host begins its next cycle as soon as the last has ended. */
  readonly cyclesPerSecond: number | null;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** HOSTS distinct hosts, each registered, with a token and a connection of its own, the servers in turn. */
export async function register(urls: readonly string[]): Promise<SimulatedHost[]> {
  const hosts = Array.from({ length: HOSTS }, (_, i) => new SimulatedHost(urls[i % urls.length] ?? ''));
  await Promise.all(hosts.map((host) => host.register()));
  return hosts;
}

export async function drive(
  project: BenchProject,
  hosts: readonly SimulatedHost[],
  load: Load,
): Promise<Measured> {
  const all: Cycle[] = [];
  let measuring: Cycle[] | null = null;
  let isOver = false;
  const note = (cycle: Cycle) => {
    all.push(cycle);
    measuring?.push(cycle);
  };
  const everyMs = load.cyclesPerSecond === null ? 0 : (1000 * hosts.length) / load.cyclesPerSecond;
  const began = performance.now();
  const running = hosts.map(async (host, i) => {
    // Hosts know nothing of each other: spread, and never in step.
    for (
      let at = began + (everyMs * i) / hosts.length;
      !isOver;
      at += everyMs * (0.9 + 0.2 * Math.random())
    ) {
      const early = at - performance.now();
      if (early > 0) await delay(early);
      if (isOver) break;
      note(await cycle(host, load));
    }
  });
  const failure = Promise.all(running);
  await Promise.race([delay(load.warmUpSeconds * 1000), failure]);
  const cpuBefore = await project.cpuSeconds();
  const from = performance.now();
  const cycles: Cycle[] = [];
  measuring = cycles;
  await Promise.race([delay(load.seconds * 1000), failure]);
  measuring = null;
  const seconds = (performance.now() - from) / 1000;
  const serverCpuSeconds = (await project.cpuSeconds()) - cpuBefore;
  isOver = true;
  await failure;
  return { seconds, cycles, all, serverCpuSeconds };
}

async function cycle(host: SimulatedHost, { delivery }: Load): Promise<Cycle> {
  const from = performance.now();
  const { leases, reason } = await host.lease();
  const leased = performance.now();
  const [lease] = leases;
  if (!lease) throw new Error(`the server gave no work: ${reason}`);
  const { state, creditMicroseconds } = await host.deliver(lease, await delivery(lease));
  return { leaseMs: leased - from, deliverMs: performance.now() - leased, lease, state, creditMicroseconds };
}
