/** $1: now. What is in hand and what waits; each by an index on what is in hand, never over all that is finished. */
export const IN_HAND = `
  SELECT
    (SELECT count(*) FROM lease WHERE state = 'out') AS leases_out,
    (SELECT count(*) FROM lease WHERE state = 'out' AND deadline < $1::timestamptz) AS leases_overdue,
    (SELECT count(*) FROM lease WHERE state = 'expired') AS leases_expired,
    (SELECT count(*) FROM unit WHERE wanted > 0) AS units_wanted,
    (SELECT count(*) FROM result WHERE state = 'pending') AS results_pending,
    (SELECT extract(epoch FROM $1::timestamptz - min(reported_at))::double precision
     FROM result WHERE state = 'pending') AS results_pending_seconds,
    (SELECT count(*) FROM spot_check) AS spot_checks,
    (SELECT extract(epoch FROM $1::timestamptz - min(result.reported_at))::double precision
     FROM spot_check JOIN result USING (lease_id)) AS spot_checks_seconds`;

export interface InHandRow {
  readonly leases_out: number;
  readonly leases_overdue: number;
  readonly leases_expired: number;
  readonly units_wanted: number;
  readonly results_pending: number;
  readonly results_pending_seconds: number | null;
  readonly spot_checks: number;
  readonly spot_checks_seconds: number | null;
}

export const CAMPAIGNS = `
  SELECT state, count(*) AS campaigns, sum(units)::bigint AS units, sum(units_valid)::bigint AS units_valid,
         sum(units_aside)::bigint AS units_aside, sum(events_valid)::bigint AS events_valid
  FROM campaign GROUP BY state`;

export interface CampaignsRow {
  readonly state: string;
  readonly campaigns: number;
  readonly units: number;
  readonly units_valid: number;
  readonly units_aside: number;
  readonly events_valid: number;
}

/** A row a host: results themselves are too many to be counted while hosts wait. */
export const TOTALS = `
  SELECT count(*) AS hosts, coalesce(sum(results_valid), 0)::bigint AS valid,
         coalesce(sum(results_invalid), 0)::bigint AS invalid, coalesce(sum(results_failed), 0)::bigint AS failed,
         pg_database_size(current_database()) AS store_bytes
  FROM host`;

export interface TotalsRow {
  readonly hosts: number;
  readonly valid: number;
  readonly invalid: number;
  readonly failed: number;
  readonly store_bytes: number;
}
