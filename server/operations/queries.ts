/** $1 now. A row a host is read; who has work is known by an index. */
export const HOSTS = `
  SELECT host.engine_version, host.os, coalesce(account.country, '') AS country, count(*) AS hosts, count(busy.host_id) AS working,
         count(*) FILTER (WHERE host.quarantined_until > $1::timestamptz) AS quarantined
  FROM host LEFT JOIN (SELECT DISTINCT host_id FROM lease WHERE state = 'out') AS busy ON busy.host_id = host.id
    LEFT JOIN account ON account.id = host.account_id
  GROUP BY host.engine_version, host.os, account.country`;

export interface HostsRow {
  readonly engine_version: string;
  readonly os: string;
  readonly country: string;
  readonly hosts: number;
  readonly working: number;
  readonly quarantined: number;
}

/** $1 how many of the last, $2 no older than. As many however many results there are. */
const RECENT = `
  SELECT last.campaign_id, last.unit_id, last.host_id, last.capsule, last.state, last.seconds, last.reported_at, unit.events
  FROM (
    SELECT campaign_id, unit_id, host_id, capsule, state, least(seconds, 604800) AS seconds, reported_at
    FROM result ORDER BY lease_id DESC LIMIT $1
  ) AS last JOIN unit ON unit.id = last.unit_id
  WHERE last.reported_at >= $2`;

/** Hosts by what their results came from, and how fast that is, as they say. */
export const CAPSULES = `
  SELECT capsule, count(DISTINCT host_id) AS hosts, count(*) AS results,
         coalesce(sum(events) FILTER (WHERE state IN ('valid', 'pending')), 0)::bigint AS events,
         coalesce(sum(seconds) FILTER (WHERE state IN ('valid', 'pending')), 0)::double precision AS seconds,
         min(reported_at - seconds * interval '1 second') AS since
  FROM (${RECENT}) AS recent GROUP BY capsule ORDER BY count(*) DESC, capsule`;

export interface CapsulesRow {
  readonly capsule: string;
  readonly hosts: number;
  readonly results: number;
  readonly events: number;
  readonly seconds: number;
  readonly since: Date;
}

/** Events of work units that became valid, each once. */
export const MERGED = `
  SELECT campaign_id, sum(events)::bigint AS events
  FROM (SELECT DISTINCT campaign_id, unit_id, events FROM (${RECENT}) AS recent WHERE state = 'valid') AS merged
  GROUP BY campaign_id`;

export interface MergedRow {
  readonly campaign_id: number;
  readonly events: number;
}

/** $1 how many of the last. */
export const FAILURES = `
  SELECT bad.state, exit_status, count(*) AS results, count(DISTINCT host_id) AS hosts,
         array_agg(DISTINCT campaign.name) AS campaigns, max(reported_at) AS last,
         (array_agg(json_build_object('cause', bad.reason, 'unit', unit_id, 'host', host_id, 'capsule', capsule,
                                      'console', console_tail) ORDER BY lease_id DESC))[1] AS sample
  FROM (
    SELECT lease_id, campaign_id, unit_id, host_id, state, reason, exit_status, console_tail, capsule, reported_at
    FROM result WHERE state IN ('failed', 'invalid') ORDER BY lease_id DESC LIMIT $1
  ) AS bad JOIN campaign ON campaign.id = bad.campaign_id
  GROUP BY bad.state, exit_status, regexp_replace(coalesce(bad.reason, ''), '[0-9]+', '#', 'g')
  ORDER BY count(*) DESC, max(lease_id) DESC LIMIT 20`;

export interface FailuresRow {
  readonly state: 'failed' | 'invalid';
  readonly exit_status: number | null;
  readonly results: number;
  readonly hosts: number;
  readonly campaigns: string[];
  readonly last: Date;
  readonly sample: {
    readonly cause: string | null;
    readonly unit: number;
    readonly host: number;
    readonly capsule: string;
    readonly console: string | null;
  };
}

/** $1 now. */
export const OVERDUE = `
  SELECT extract(epoch FROM $1::timestamptz - min(deadline))::double precision AS seconds
  FROM lease WHERE state = 'out' AND deadline < $1::timestamptz`;

/** $1 now, $2 how many. */
export const QUARANTINED = `
  SELECT id, cores, os, engine_version, quarantined_until, caught, results_valid, results_invalid, results_failed
  FROM host WHERE quarantined_until > $1::timestamptz ORDER BY quarantined_until, id LIMIT $2`;

export interface QuarantinedRow {
  readonly id: number;
  readonly cores: number;
  readonly os: string;
  readonly engine_version: string;
  readonly quarantined_until: Date;
  readonly caught: number;
  readonly results_valid: number;
  readonly results_invalid: number;
  readonly results_failed: number;
}
