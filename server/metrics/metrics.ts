import { statfs } from 'node:fs/promises';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Project } from '../project.ts';
import { FOLDERS } from './folder-sizes.ts';
import { CAMPAIGNS, type CampaignsRow, IN_HAND, type InHandRow, TOTALS, type TotalsRow } from './queries.ts';
import { Seldom } from './seldom.ts';

const IN_HAND_EVERY_MS = 10_000;
const TOTALS_EVERY_MS = 60_000;
/** prom-client's own is 10 ms: a hundred wake-ups a second of a server that has nothing to do. */
const LOOP_PRECISION_MS = 100;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** What Prometheus is told of a project server; docs/operations.md lists it. */
export class Metrics {
  readonly contentType: string;
  readonly requestSeconds: Histogram<'method' | 'route' | 'status'>;
  readonly #registry = new Registry();
  readonly #project: Project;
  readonly #storeUp: Gauge;
  readonly #diskFree: Gauge;
  /** Those that the store tells; they are left out while it does not. */
  readonly #told: readonly Gauge[];
  readonly #inHand: Seldom<void>;
  readonly #totals: Seldom<void>;
  readonly #folders: Gauge<'folder'>;

  constructor(project: Project) {
    this.#project = project;
    const registers = [this.#registry];
    this.contentType = this.#registry.contentType;
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LOOP_PRECISION_MS });
    this.requestSeconds = new Histogram({
      name: 'beamtime_http_request_seconds',
      help: 'Time until a request had its answer begun, by route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    });
    const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
      new Gauge<L>({ name: `beamtime_${name}`, help, labelNames, registers });
    this.#storeUp = gauge('store_up', '1 where the store answers');
    this.#diskFree = gauge('disk_free_bytes', 'Room on the disk of the data folder');
    const leases = gauge('leases', 'Leases that hosts have in hand', 'state');
    const units = gauge('units', 'Work units of all campaigns', 'state');
    const results = gauge('results', 'Results by state', 'state');
    const ages = gauge('queue_oldest_seconds', 'How long the first in a queue has waited', 'queue');
    const lengths = gauge('queue_length', 'How many wait in a queue', 'queue');
    const campaigns = gauge('campaigns', 'Campaigns by state', 'state');
    const events = gauge('events_valid', 'Validated events of all campaigns');
    const hosts = gauge('hosts', 'Hosts that ever joined');
    const storeBytes = gauge('store_bytes', 'Size of the database');
    this.#folders = gauge('folder_bytes', 'Size of the files beside the database', 'folder');
    this.#told = [leases, units, results, ages, lengths, campaigns, events, hosts, storeBytes];

    this.#inHand = new Seldom(IN_HAND_EVERY_MS, async () => {
      const [row] = await project.db.query<InHandRow>(IN_HAND, [project.now().toISOString()]);
      if (!row) return;
      leases.set({ state: 'out' }, row.leases_out - row.leases_overdue);
      leases.set({ state: 'overdue' }, row.leases_overdue);
      leases.set({ state: 'expired' }, row.leases_expired);
      results.set({ state: 'pending' }, row.results_pending);
      lengths.set({ queue: 'units-wanted' }, row.units_wanted);
      lengths.set({ queue: 'results-pending' }, row.results_pending);
      lengths.set({ queue: 'spot-checks' }, row.spot_checks);
      ages.set({ queue: 'results-pending' }, row.results_pending_seconds ?? 0);
      ages.set({ queue: 'spot-checks' }, row.spot_checks_seconds ?? 0);
      const states = await project.db.query<CampaignsRow>(CAMPAIGNS);
      const sum = (key: 'units' | 'units_valid' | 'units_aside' | 'events_valid') =>
        states.reduce((all, one) => all + one[key], 0);
      campaigns.reset();
      for (const one of states) campaigns.set({ state: one.state }, one.campaigns);
      units.set({ state: 'valid' }, sum('units_valid'));
      units.set({ state: 'aside' }, sum('units_aside'));
      units.set({ state: 'open' }, sum('units') - sum('units_valid') - sum('units_aside'));
      events.set(sum('events_valid'));
    });
    this.#totals = new Seldom(TOTALS_EVERY_MS, async () => {
      const [row] = await project.db.query<TotalsRow>(TOTALS);
      if (!row) return;
      hosts.set(row.hosts);
      for (const state of ['valid', 'invalid', 'failed'] as const) results.set({ state }, row[state]);
      storeBytes.set(row.store_bytes);
    });
  }

  /** In Prometheus's text format. A store that fails is one of the things it tells. */
  async text(): Promise<string> {
    const nowMs = this.#project.now().getTime();
    try {
      await this.#inHand.get(nowMs);
      await this.#totals.get(nowMs);
      this.#storeUp.set(1);
    } catch (error) {
      this.#project.log.error({ err: error }, 'the store does not answer for metrics');
      this.#storeUp.set(0);
      for (const one of this.#told) one.reset();
    }
    const sizes = await this.#project.folderSizes.get(nowMs);
    for (const folder of FOLDERS) this.#folders.set({ folder }, sizes[folder]);
    const { bavail, bsize } = await statfs(this.#project.files.dataFolder);
    this.#diskFree.set(bavail * bsize);
    return this.#registry.metrics();
  }
}
