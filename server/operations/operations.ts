import { statfs } from 'node:fs/promises';
import type { CampaignSummary } from '../../protocol/campaign.ts';
import type { Operations } from '../../protocol/operations.ts';
import { campaignSummaries } from '../campaigns/read.ts';
import { readId, showId } from '../ids.ts';
import { IN_HAND, type InHandRow, TOTALS, type TotalsRow } from '../metrics/queries.ts';
import type { Project } from '../project.ts';
import type { Database } from '../store/database.ts';
import * as sql from './queries.ts';

const LAST_RESULTS = 5000;
const LATELY_MS = 3_600_000;
const LAST_FAILURES = 1000;
const MOST_QUARANTINED = 100;
const MOST_GROUPS = 20;

/** Everything on the page of operations, as the store has it now. */
export async function operations({ db, files, folderSizes, now }: Project): Promise<Operations> {
  const at = now();
  const recent = [LAST_RESULTS, new Date(at.getTime() - LATELY_MS).toISOString()];
  const hosts = await db.query<sql.HostsRow>(sql.HOSTS, [at.toISOString()]);
  const capsules = await db.query<sql.CapsulesRow>(sql.CAPSULES, recent);
  const merged = await db.query<sql.MergedRow>(sql.MERGED, recent);
  const seconds = latelySeconds(capsules, at);
  const running = (await campaignSummaries(db, at)).filter(({ state }) => state === 'running');
  const total = (key: 'hosts' | 'working' | 'quarantined') => hosts.reduce((sum, row) => sum + row[key], 0);
  const [totals] = await db.query<TotalsRow>(TOTALS);
  const { bavail, bsize } = await statfs(files.dataFolder);
  return {
    at: at.toISOString(),
    hosts: {
      joined: total('hosts'),
      working: total('working'),
      quarantined: total('quarantined'),
      byVersion: grouped(hosts, ({ engine_version }) => engine_version),
      bySystem: grouped(hosts, ({ os }) => os),
      byCountry: grouped(hosts, ({ country }) => country),
      byCapsule: capsules.slice(0, MOST_GROUPS).map((row) => ({
        name: row.capsule,
        hosts: row.hosts,
        results: row.results,
        eventsPerSecond: row.seconds > 0 ? row.events / row.seconds : 0,
      })),
    },
    lately: {
      seconds,
      results: capsules.reduce((sum, row) => sum + row.results, 0),
      events: merged.reduce((sum, row) => sum + row.events, 0),
    },
    queues: await queues(db, at),
    campaigns: running.map((one) => paced(one, merged, seconds)),
    failures: await failures(db),
    quarantined: await quarantined(db, at),
    bytes: {
      database: totals?.store_bytes ?? 0,
      ...(await folderSizes.get(at.getTime())),
      diskFree: bavail * bsize,
    },
  };
}

/** From when the first of the last results was begun, an hour ago at most. */
function latelySeconds(capsules: readonly sql.CapsulesRow[], at: Date): number {
  const begun = Math.min(...capsules.map(({ since }) => since.getTime()));
  return Number.isFinite(begun) ? Math.max(1, Math.min(LATELY_MS, at.getTime() - begun) / 1000) : 0;
}

function grouped(
  rows: readonly sql.HostsRow[],
  nameOf: (row: sql.HostsRow) => string,
): Operations['hosts']['byVersion'] {
  const groups = new Map<string, { name: string; hosts: number; working: number }>();
  for (const row of rows) {
    const name = nameOf(row);
    const group = groups.get(name) ?? { name, hosts: 0, working: 0 };
    groups.set(name, {
      name,
      hosts: group.hosts + row.hosts,
      working: group.working + row.working,
    });
  }
  return [...groups.values()].sort((a, b) => b.hosts - a.hosts).slice(0, MOST_GROUPS);
}

async function queues(db: Database, at: Date): Promise<Operations['queues']> {
  const [row] = await db.query<InHandRow>(IN_HAND, [at.toISOString()]);
  const [overdue] = await db.query<{ seconds: number | null }>(sql.OVERDUE, [at.toISOString()]);
  if (!row) return [];
  return [
    { name: 'units-wanted', length: row.units_wanted, oldestSeconds: null },
    { name: 'leases-overdue', length: row.leases_overdue, oldestSeconds: overdue?.seconds ?? null },
    {
      name: 'results-pending',
      length: row.results_pending,
      oldestSeconds: atLeastNone(row.results_pending_seconds),
    },
    { name: 'spot-checks', length: row.spot_checks, oldestSeconds: atLeastNone(row.spot_checks_seconds) },
  ];
}

/** Another server's clock may be ahead. */
const atLeastNone = (seconds: number | null) => (seconds === null ? null : Math.max(0, seconds));

function paced(
  { id, name, title, unitsSetAside, eventsValid, eventsWanted }: CampaignSummary,
  merged: readonly sql.MergedRow[],
  seconds: number,
): Operations['campaigns'][number] {
  const events = merged.find(({ campaign_id }) => campaign_id === readId('c', id))?.events ?? 0;
  const eventsPerSecond = seconds > 0 ? events / seconds : 0;
  const left = Math.max(0, eventsWanted - eventsValid);
  return {
    ...{ name, title, unitsSetAside, eventsValid, eventsWanted, eventsPerSecond },
    secondsLeft: eventsPerSecond > 0 ? left / eventsPerSecond : null,
  };
}

async function failures(db: Database): Promise<Operations['failures']> {
  const rows = await db.query<sql.FailuresRow>(sql.FAILURES, [LAST_FAILURES]);
  return rows.map(({ state, exit_status, results, hosts, campaigns, last, sample }) => ({
    ...{ state, results, hosts, campaigns, last: last.toISOString() },
    cause: sample.cause ?? '',
    exitStatus: exit_status,
    sample: {
      unitId: showId('u', sample.unit),
      hostId: showId('h', sample.host),
      capsule: sample.capsule,
      console: sample.console,
    },
  }));
}

async function quarantined(db: Database, at: Date): Promise<Operations['quarantined']> {
  const rows = await db.query<sql.QuarantinedRow>(sql.QUARANTINED, [at.toISOString(), MOST_QUARANTINED]);
  return rows.map((row) => ({
    hostId: showId('h', row.id),
    cores: row.cores,
    system: row.os,
    version: row.engine_version,
    until: row.quarantined_until.toISOString(),
    caught: row.caught,
    results: { valid: row.results_valid, invalid: row.results_invalid, failed: row.results_failed },
  }));
}
