import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { OutputFile } from '../../protocol/primitives.ts';
import type { Platform } from '../../protocol/release.ts';

/**
 * The SQL of dispatch. Rows are always locked in the order campaign, lease, unit, and within a table by id;
 * candidates are taken with SKIP LOCKED, so that several server processes on one PostgreSQL never wait for
 * each other at the head of the line.
 */

export interface CampaignRow {
  readonly id: number;
  readonly spec: CampaignSpec;
  readonly platforms: Platform[];
  readonly points: number;
  readonly units: number;
  readonly units_made: number;
  readonly extended_from: number[];
  readonly owner: string;
  readonly priority: number;
  readonly deadline: Date | null;
  readonly event_cost_us: number;
  readonly canary: CampaignSpec['canary'] | null;
  readonly output_bytes: number | null;
  readonly from_id: number | null;
  /** Of the campaign that it takes its inputs from. */
  readonly source_valid: number | null;
}
/** $1 now: those past their deadline give nothing, and those of a release on trial nothing but the trial. */
export const RUNNING_CAMPAIGNS = `
  SELECT id, spec, platforms, points, units, units_made, extended_from, owner, priority, deadline, event_cost_us, canary, output_bytes, from_id,
    (SELECT source.units_valid FROM campaign AS source WHERE source.id = campaign.from_id) AS source_valid
  FROM campaign WHERE state = 'running' AND (deadline IS NULL OR deadline > $1)
    AND (canary IS NOT NULL OR release_id NOT IN (
      SELECT release_id FROM campaign
      WHERE canary IS NOT NULL AND state IN ('running', 'paused') AND (deadline IS NULL OR deadline > $1)))
  ORDER BY id`;

/** Where none gives anything: whether some would if they were resumed, or had more time. */
export interface IdleRow {
  readonly paused: number;
  readonly running: number;
}
export const IDLE = `
  SELECT count(*) FILTER (WHERE state = 'paused') AS paused, count(*) FILTER (WHERE state = 'running') AS running
  FROM campaign`;

/** Hosts of campaigns on trial. */
export const CANARY_HOSTS = `SELECT campaign_id, host_id FROM canary_host WHERE campaign_id = ANY($1::bigint[])`;

export const ADD_CANARY_HOSTS = `
  INSERT INTO canary_host (campaign_id, host_id)
  SELECT campaign_id, host_id FROM jsonb_to_recordset($1) AS came (campaign_id bigint, host_id bigint)
  ON CONFLICT DO NOTHING`;

/** Not against those who write rows that refer to it. */
export const LOCK_CAMPAIGN = `SELECT units_made FROM campaign WHERE id = $1 FOR NO KEY UPDATE`;

export const SET_UNITS_MADE = `UPDATE campaign SET units_made = $2 WHERE id = $1`;

export interface WantedRow {
  readonly id: number;
  readonly campaign_id: number;
  readonly wanted: number;
  readonly events: number;
  /** Nobody has it now, or has computed it. */
  readonly untouched: boolean;
}
export interface MadeRow extends WantedRow {
  readonly point_index: number;
  readonly first_event: number;
}
const WANTED = 'id, campaign_id, wanted, events, agreeing = 0 AND leased = 0 AND failures = 0 AS untouched';
export const MAKE_UNITS = `
  INSERT INTO unit (campaign_id, point_index, first_event, events, quorum, input)
  SELECT $1, point_index, first_event, events, $2, input
  FROM jsonb_to_recordset($3) AS made (point_index bigint, first_event bigint, events bigint, input jsonb)
  RETURNING ${WANTED}, point_index, first_event`;

/** What a unit takes from another, by the other's events. */
export interface InputRow {
  readonly unit_id: number;
  readonly point_index: number;
  readonly first_event: number;
  readonly events: number;
  /** null: its results have no such file. */
  readonly file: OutputFile | null;
}
/** $1 campaign, $2 the one it takes from, $3 the file, $4 how many: units that became valid and were not taken yet. */
export const INPUTS = `
  SELECT source.id AS unit_id, source.point_index, source.first_event, source.events, (
    SELECT file FROM result CROSS JOIN LATERAL jsonb_array_elements(result.files) AS file
    WHERE result.unit_id = source.id AND result.state = 'valid' AND file->>'path' = $3
    ORDER BY result.lease_id LIMIT 1) AS file
  FROM unit AS source
  WHERE source.campaign_id = $2 AND source.state = 'valid'
    AND NOT EXISTS (
      SELECT FROM unit AS mine WHERE mine.campaign_id = $1 AND mine.point_index = source.point_index
        AND mine.first_event = source.first_event)
  ORDER BY source.id LIMIT $4`;

export const PAUSE = `UPDATE campaign SET state = 'paused', reason = $2 WHERE id = $1`;

export interface HungryRow {
  readonly index: number;
  readonly units_made: number;
  readonly units_wanted: number;
  readonly events_valid: number;
  readonly relative_error: number | null;
}
/** Points of $1 that want units, those with the largest error once all is back first; $2 at most. */
export const HUNGRY_POINTS = `
  SELECT index, units_made, units_wanted, events_valid, relative_error FROM point
  WHERE campaign_id = $1 AND units_made < units_wanted
  ORDER BY coalesce(relative_error * sqrt(events_valid::float8 / nullif(units_made, 0)), 'infinity') DESC, units_made, index
  LIMIT $2 FOR UPDATE SKIP LOCKED`;

export const COUNT_MADE = `
  WITH made AS (
    SELECT point_index, sum(portions)::bigint AS n FROM jsonb_to_recordset($2) AS cut (point_index bigint, portions bigint)
    GROUP BY point_index
  ), counted AS (
    UPDATE point SET units_made = units_made + made.n FROM made WHERE campaign_id = $1 AND index = made.point_index
  )
  UPDATE campaign SET units_made = units_made + (SELECT coalesce(sum(n), 0)::bigint FROM made) WHERE id = $1`;

/** $1 campaigns, $2 at most this many of each; of the adaptive ones, $3, not what waits for a second host. */
export const WANTED_UNITS = `
  SELECT head.*
  FROM unnest($1::bigint[]) AS running (campaign_id)
  CROSS JOIN LATERAL (
    SELECT ${WANTED} FROM unit
    WHERE unit.campaign_id = running.campaign_id AND wanted > 0
      AND (agreeing = 0 OR NOT unit.campaign_id = ANY($3::bigint[]))
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
  ) AS head
  ORDER BY head.id`;

/** $1 adaptive campaigns, $2 at most this many of each: what waits for a second host. */
export const WAITING_UNITS = `
  SELECT head.*
  FROM unnest($1::bigint[]) AS running (campaign_id)
  CROSS JOIN LATERAL (
    SELECT ${WANTED} FROM unit
    WHERE unit.campaign_id = running.campaign_id AND wanted > 0
      AND agreeing > 0
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
  ) AS head
  ORDER BY head.id`;

/**
 * $1 campaign, $2 host, $3 how many: units the host has never had. What waits for a second opinion is not for one of the
 * first host's own network.
 */
export const WANTED_BY_HOST = `
  SELECT ${WANTED} FROM unit
  WHERE campaign_id = $1 AND wanted > 0
    AND NOT EXISTS (SELECT FROM lease WHERE lease.host_id = $2 AND lease.unit_id = unit.id)
    AND NOT EXISTS (SELECT FROM result WHERE result.unit_id = unit.id AND result.host_id = $2)
    AND NOT EXISTS (
      SELECT FROM result JOIN host AS first ON first.id = result.host_id JOIN host AS asker ON asker.id = $2
      WHERE result.unit_id = unit.id AND result.state = 'pending' AND result.checked > 0
        AND first.network = asker.network)
  ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED`;

/** Of $1, units with more events than they are to have. */
export const LARGER = `
  SELECT unit.id FROM jsonb_to_recordset($1) AS part (id bigint, events bigint) JOIN unit USING (id)
  WHERE unit.events > part.events`;

/** $1 units that are to be split: leases of theirs that ran out are forgotten, for what they were given is no unit any more. */
export const FORGET_LEASES = `
  DELETE FROM lease WHERE id IN (
    SELECT id FROM lease
    WHERE unit_id = ANY($1::bigint[]) AND state = 'expired'
      AND NOT EXISTS (SELECT FROM result WHERE result.unit_id = lease.unit_id)
    ORDER BY id FOR UPDATE SKIP LOCKED)`;

/** The first `events` of each remain the unit, the rest becomes another. Only of what nobody has, or has reported. */
export const SPLIT = `
  WITH part AS (SELECT * FROM jsonb_to_recordset($1) AS part (id bigint, events bigint)),
  before AS (
    SELECT unit.* FROM unit JOIN part USING (id)
    WHERE unit.state = 'open' AND unit.agreeing = 0 AND unit.leased = 0 AND unit.events > part.events
      AND NOT EXISTS (SELECT FROM lease WHERE lease.unit_id = unit.id)
      AND NOT EXISTS (SELECT FROM result WHERE result.unit_id = unit.id)
  ), rest AS (
    INSERT INTO unit (campaign_id, point_index, first_event, events, quorum)
    SELECT campaign_id, point_index, first_event + part.events, before.events - part.events, quorum
    FROM before JOIN part USING (id)
  )
  UPDATE unit SET events = part.events FROM before JOIN part USING (id) WHERE unit.id = before.id`;

export interface PaceRow {
  readonly host_id: number;
  readonly application: string;
  readonly events: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly largest: number;
}
/** $1 hosts, $2 applications: of each host in the capsule it used last. */
export const PACES = `
  SELECT DISTINCT ON (host_id, application) host_id, application, events, seconds, bytes, largest FROM pace
  WHERE host_id = ANY($1::bigint[]) AND application = ANY($2::text[]) ORDER BY host_id, application, at DESC`;

export interface HadRow {
  readonly host_id: number;
  readonly unit_id: number;
}
export const HAD = `
  SELECT host_id, unit_id FROM lease WHERE host_id = ANY($1::bigint[]) AND unit_id = ANY($2::bigint[])
  UNION ALL
  SELECT host_id, unit_id FROM result WHERE unit_id = ANY($2::bigint[]) AND host_id = ANY($1::bigint[])`;

export interface AskerRow {
  readonly id: number;
  readonly network: string | null;
  readonly quarantined_until: Date | null;
  /** Nothing of its was wholly compared yet, nor is about to be. */
  readonly is_new: boolean;
  /** Names of those that its invitation limits it to; null: none does. */
  readonly campaigns: string[] | null;
}
/** $1 hosts, $2 now. quarantined_until is null where it is over. */
export const ASKERS = `
  SELECT id, network, CASE WHEN quarantined_until > $2 THEN quarantined_until END AS quarantined_until,
         checked - caught_at < 1 AND NOT EXISTS (
           SELECT FROM result WHERE host_id = host.id AND state = 'pending' AND checked > 0) AS is_new,
         (SELECT campaigns FROM invitation WHERE invitation.id = invitation_id) AS campaigns
  FROM host WHERE id = ANY($1::bigint[])`;

export interface ReplicaRow {
  readonly unit_id: number;
  /** Of the host that computed it. */
  readonly network: string | null;
  readonly is_young: boolean;
}
/** $1 units, of which those that wait for a second host; young: the first reported after $2. */
export const REPLICAS = `
  SELECT result.unit_id, host.network, result.reported_at > $2 AS is_young
  FROM result JOIN host ON host.id = result.host_id
  WHERE result.unit_id = ANY($1::bigint[]) AND result.state = 'pending' AND result.checked > 0`;

export interface LeaseRow {
  readonly id: number;
  readonly unit_id: number;
  readonly host_id: number;
  readonly state: 'out' | 'expired';
  readonly deadline: Date;
}
export const LEASES_OF_HOSTS = `
  SELECT id, unit_id, host_id, state, deadline FROM lease WHERE host_id = ANY($1::bigint[]) ORDER BY id FOR UPDATE`;

export interface ReportedRow {
  readonly lease_id: number;
  readonly host_id: number;
}
export const REPORTED = `SELECT lease_id, host_id FROM result WHERE lease_id = ANY($1::bigint[])`;

export interface UnitNeed {
  readonly id: number;
  readonly campaign_id: number;
  readonly state: 'open' | 'valid' | 'aside';
  readonly wanted: number;
}
export const LOCK_UNITS = `
  SELECT id, campaign_id, state, wanted FROM unit WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE`;

export const MAKE_LEASES = `
  WITH made AS (
    INSERT INTO lease (unit_id, host_id, deadline)
    SELECT unit_id, host_id, deadline
    FROM jsonb_to_recordset($1) AS given (unit_id bigint, host_id bigint, deadline timestamptz)
    RETURNING id, unit_id, host_id, state, deadline
  ), counted AS (
    UPDATE unit SET leased = leased + per.n
    FROM (SELECT unit_id, count(*) AS n FROM made GROUP BY unit_id) AS per WHERE unit.id = per.unit_id
  )
  SELECT id, unit_id, host_id, state, deadline FROM made ORDER BY id`;

/** Given again to the host that lost them; one that had expired counts as out again. */
export const REVIVE_LEASES = `
  WITH again AS (
    SELECT lease.id, lease.unit_id, lease.state, renewed.deadline
    FROM jsonb_to_recordset($1) AS renewed (id bigint, deadline timestamptz) JOIN lease USING (id)
  ), renew AS (
    UPDATE lease SET state = 'out', deadline = again.deadline FROM again WHERE lease.id = again.id
  )
  UPDATE unit SET leased = leased + per.n
  FROM (SELECT unit_id, count(*) AS n FROM again WHERE state = 'expired' GROUP BY unit_id) AS per
  WHERE unit.id = per.unit_id`;

export const TAKE_BACK = `
  WITH gone AS (DELETE FROM lease WHERE id = ANY($1::bigint[]) RETURNING unit_id, state)
  UPDATE unit SET leased = leased - per.n
  FROM (SELECT unit_id, count(*) AS n FROM gone WHERE state = 'out' GROUP BY unit_id) AS per
  WHERE unit.id = per.unit_id`;

/** $1 leases, $2 the host they must be of. */
export const GIVE_BACK = `
  WITH gone AS (DELETE FROM lease WHERE id = ANY($1::bigint[]) AND host_id = $2 RETURNING unit_id, state)
  UPDATE unit SET leased = leased - per.n
  FROM (SELECT unit_id, count(*) AS n FROM gone WHERE state = 'out' GROUP BY unit_id) AS per
  WHERE unit.id = per.unit_id`;

/** A host that let a lease run out is not what it was: it begins with small units again. */
export const EXPIRE = `
  WITH gone AS (
    UPDATE lease SET state = 'expired' WHERE id IN (
      SELECT id FROM lease WHERE state = 'out' AND deadline < $1 ORDER BY id FOR UPDATE SKIP LOCKED) RETURNING unit_id, host_id
  ), back AS (
    UPDATE unit SET leased = leased - per.n
    FROM (SELECT unit_id, count(*) AS n FROM gone GROUP BY unit_id) AS per WHERE unit.id = per.unit_id
  ), slow AS (
    DELETE FROM pace USING gone JOIN unit ON unit.id = gone.unit_id JOIN campaign ON campaign.id = unit.campaign_id
    WHERE pace.host_id = gone.host_id AND pace.application = campaign.spec->>'application'
  )
  SELECT count(*) AS expired FROM gone`;

/** Expired leases whose unit was decided, or campaign cancelled, long ago: a result this late finds no lease any more. */
export const FORGET_EXPIRED = `
  DELETE FROM lease USING unit JOIN campaign ON campaign.id = unit.campaign_id
  WHERE lease.state = 'expired' AND lease.deadline < $1 AND unit.id = lease.unit_id
    AND (unit.state <> 'open' OR campaign.state = 'cancelled')`;

export const LEASES_BY_RELEASE = `
  SELECT campaign.release_id, count(*) AS leases
  FROM lease JOIN unit ON unit.id = lease.unit_id JOIN campaign ON campaign.id = unit.campaign_id
  WHERE lease.host_id = $1 GROUP BY campaign.release_id`;

export interface UnitCardRow {
  readonly id: number;
  readonly campaign_id: number;
  readonly point_index: number;
  readonly first_event: number;
  readonly events: number;
  readonly parameters: CampaignSpec['parameters'];
  /** In a campaign with `inputs`. */
  readonly input?: { readonly sha256: string; readonly bytes: number } | null;
}
export const UNIT_CARDS = `
  SELECT unit.id, unit.campaign_id, unit.point_index, unit.first_event, unit.events, unit.input, point.parameters
  FROM unit JOIN point ON point.campaign_id = unit.campaign_id AND point.index = unit.point_index
  WHERE unit.id = ANY($1::bigint[])`;
