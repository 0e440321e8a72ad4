import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { OutputFile } from '../../protocol/primitives.ts';
import type { ResultState } from '../../protocol/staff-api.ts';

/**
 * The SQL of results. Rows are locked in the order lease, unit, host, point, campaign, and within a table by id: two
 * servers wait for each other, never both. `locked` does so before a statement changes its first row.
 */

/** What a report is about, whether or not it was reported before. */
export interface ContextRow {
  readonly lease_id: number;
  readonly host_id: number;
  readonly campaign_id: number;
  readonly release_id: number;
  readonly unit_id: number;
  readonly point_index: number;
  readonly first_event: number;
  readonly events: number;
  readonly parameters: CampaignSpec['parameters'];
  readonly spec: CampaignSpec;
  /** null: no result yet. */
  readonly state: ResultState | null;
  readonly reason: string | null;
  readonly credit_microseconds: number | null;
}
export const CONTEXTS = `
  SELECT known.lease_id, known.host_id, unit.id AS unit_id, unit.campaign_id, campaign.release_id, unit.point_index,
         unit.first_event, unit.events, point.parameters, campaign.spec,
         known.state, known.reason, known.credit_microseconds
  FROM (
    SELECT id AS lease_id, unit_id, host_id, NULL AS state, NULL AS reason, NULL::bigint AS credit_microseconds
    FROM lease WHERE id = ANY($1::bigint[])
    UNION ALL
    SELECT lease_id, unit_id, host_id, state, reason, credit_microseconds
    FROM result WHERE lease_id = ANY($1::bigint[])
  ) AS known
  JOIN unit ON unit.id = known.unit_id
  JOIN campaign ON campaign.id = unit.campaign_id
  JOIN point ON point.campaign_id = unit.campaign_id AND point.index = unit.point_index`;

export interface VerdictRow {
  readonly lease_id: number;
  readonly state: ResultState;
  readonly reason: string | null;
  readonly credit_microseconds: number;
}
export const VERDICTS = `
  SELECT lease_id, state, reason, credit_microseconds FROM result
  WHERE lease_id = ANY($1::bigint[]) AND host_id = $2`;

export const VERDICTS_BY_LEASE = `
  SELECT lease_id, state, reason, credit_microseconds FROM result WHERE lease_id = ANY($1::bigint[])`;

export const LOCK_LEASES = `
  SELECT id, unit_id, host_id, state FROM lease WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE`;

export interface UnitRow {
  readonly id: number;
  readonly campaign_id: number;
  readonly point_index: number;
  readonly events: number;
  readonly state: 'open' | 'valid' | 'aside';
  readonly failures: number;
}
export const LOCK_UNITS = `
  SELECT id, campaign_id, point_index, events, state, failures
  FROM unit WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE`;

export interface PendingRow {
  readonly lease_id: number;
  readonly unit_id: number;
  readonly host_id: number;
  readonly output_hash: string;
  readonly capsule: string;
  readonly checked: number;
}
export const PENDING = `
  SELECT lease_id, unit_id, host_id, coalesce(agrees_with, output_hash) AS output_hash, capsule, checked FROM result
  WHERE unit_id = ANY($1::bigint[]) AND state = 'pending' ORDER BY lease_id`;

/** Undecided results of a unit that others were compared to. */
export const LEADERS = `
  SELECT output_hash, files FROM result
  WHERE unit_id = $1 AND state = 'pending' AND agrees_with = output_hash ORDER BY lease_id`;

export interface CampaignRulesRow {
  readonly id: number;
  readonly release_id: number;
  readonly spec: CampaignSpec;
}
export const CAMPAIGN_RULES = `SELECT id, release_id, spec FROM campaign WHERE id = ANY($1::bigint[])`;

export interface MaximumRow {
  readonly campaign_id: number;
  readonly index: number;
  readonly maximum_pb: number | null;
}
export const MAXIMA = `
  SELECT campaign_id, index, maximum_pb FROM point
  WHERE (campaign_id, index) IN (SELECT * FROM jsonb_to_recordset($1) AS p (campaign_id bigint, index bigint))`;

/** A result as it is first written. */
export interface NewResult {
  readonly lease_id: number;
  readonly campaign_id: number;
  readonly unit_id: number;
  readonly host_id: number;
  readonly output_hash: string | null;
  readonly agrees_with: string | null;
  readonly files: readonly OutputFile[];
  readonly capsule: string;
  readonly seconds: number;
  readonly exit_status: number | null;
  readonly console_tail: string | null;
}
export const MAKE_RESULTS = `
  INSERT INTO result (lease_id, campaign_id, unit_id, host_id, state, output_hash, agrees_with, files, capsule,
                      seconds, exit_status, console_tail, reported_at)
  SELECT lease_id, campaign_id, unit_id, host_id, 'pending', output_hash, agrees_with, files, capsule,
         seconds, exit_status, console_tail, $2
  FROM jsonb_to_recordset($1) AS came (lease_id bigint, campaign_id bigint, unit_id bigint, host_id bigint,
       output_hash text, agrees_with text, files jsonb, capsule text, seconds double precision, exit_status bigint, console_tail text)`;

export const DELETE_LEASES = `DELETE FROM lease WHERE id = ANY($1::bigint[])`;

/** $1 verdicts; what they change of hosts is added up in the same statement. */
export const DECIDE = `
  WITH news AS (
    SELECT * FROM jsonb_to_recordset($1)
      AS news (lease_id bigint, state text, reason text, credit bigint, events bigint, checked double precision)
  ), locked AS (
    SELECT FROM host
    WHERE id IN (SELECT host_id FROM news JOIN result USING (lease_id)) ORDER BY id FOR NO KEY UPDATE
  ), decided AS (
    UPDATE result SET state = news.state, reason = news.reason, credit_microseconds = news.credit,
      checked = greatest(result.checked, news.checked), host_checked = host.checked
    FROM news JOIN result AS before USING (lease_id) JOIN host ON host.id = before.host_id
    WHERE result.lease_id = news.lease_id
    RETURNING result.host_id, news.state, news.credit, news.events, news.checked
  ), per AS (
    SELECT host_id, sum(credit)::bigint AS credit, sum(events)::bigint AS events,
           count(*) FILTER (WHERE state = 'valid') AS valid,
           count(*) FILTER (WHERE state = 'invalid') AS invalid,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           coalesce(sum(checked) FILTER (WHERE state = 'valid'), 0) AS checked
    FROM decided GROUP BY host_id
  )
  UPDATE host SET credit_microseconds = credit_microseconds + per.credit, events_valid = events_valid + per.events,
    results_valid = results_valid + per.valid, results_invalid = results_invalid + per.invalid,
    results_failed = results_failed + per.failed, checked = host.checked + per.checked,
    caught_at = CASE WHEN per.invalid > 0 THEN host.checked + per.checked ELSE caught_at END
  FROM per WHERE host.id = per.host_id AND (SELECT count(*) FROM locked) > 0 AND (per.credit + per.events + per.valid + per.invalid + per.failed) > 0`;

/** $1 results that are valid; what each of their hosts did in one on average counts twice what was there. */
export const NOTE_PACE = `
  WITH measured AS (
    SELECT result.host_id, campaign.spec->>'application' AS application, result.capsule,
           avg(news.events)::float8 AS events, avg(result.seconds) AS seconds, avg(size.bytes)::float8 AS bytes,
           max(news.events) AS largest
    FROM jsonb_to_recordset($1) AS news (lease_id bigint, events bigint)
    JOIN result USING (lease_id)
    JOIN campaign ON campaign.id = result.campaign_id
    CROSS JOIN LATERAL (
      SELECT coalesce(sum((file->>'bytes')::bigint), 0) AS bytes FROM jsonb_array_elements(result.files) AS file) AS size
    WHERE result.seconds > 0
    GROUP BY 1, 2, 3
  )
  INSERT INTO pace (host_id, application, capsule, events, seconds, bytes, largest, at)
  SELECT host_id, application, capsule, events, seconds, bytes, largest, $2 FROM measured ORDER BY 1, 2, 3
  ON CONFLICT (host_id, application, capsule) DO UPDATE SET
    events = (pace.events + 2 * excluded.events) / 3, seconds = (pace.seconds + 2 * excluded.seconds) / 3,
    bytes = (pace.bytes + 2 * excluded.bytes) / 3, largest = greatest(pace.largest, excluded.largest), at = excluded.at`;

/** $1 units after the news; `returned` of their leases were out. */
export const SET_UNITS = `
  UPDATE unit SET state = news.state, failures = news.failures, agreeing = news.agreeing,
    leased = leased - news.returned, quorum = coalesce(news.quorum, unit.quorum)
  FROM jsonb_to_recordset($1)
    AS news (id bigint, state text, failures smallint, agreeing smallint, returned smallint, quorum smallint)
  WHERE unit.id = news.id`;

/**
 * $1 sums to merge, one row a point. The sum of no counts at all is NULL. Answers the points merged: not those that got
 * another maximum from another server since it was read.
 */
export const MERGE = `
  WITH locked AS (
    SELECT FROM jsonb_to_recordset($1) AS came (campaign_id bigint, index bigint)
    JOIN point ON point.campaign_id = came.campaign_id AND point.index = came.index
    ORDER BY point.campaign_id, point.index FOR NO KEY UPDATE OF point
  )
  UPDATE point SET units_valid = point.units_valid + news.units, events_valid = point.events_valid + news.events,
    maximum_pb = news.maximum_pb, attempted = point.attempted + news.attempted,
    accepted = point.accepted + news.accepted,
    counts = coalesce(add_counts(point.counts, news.counts), point.counts)
  FROM jsonb_to_recordset($1) AS news (campaign_id bigint, index bigint, units bigint, events bigint,
       maximum_pb double precision, attempted bigint, accepted bigint, counts bigint[])
  WHERE point.campaign_id = news.campaign_id AND point.index = news.index AND (SELECT count(*) FROM locked) > 0
    AND (point.maximum_pb IS NULL OR news.maximum_pb IS NULL OR point.maximum_pb = news.maximum_pb)
  RETURNING point.index`;

/** First, so that what is read then is what was there when the lock was had. */
export const LOCK_POINTS = `
  SELECT index FROM point WHERE campaign_id = $1 AND index = ANY($2::bigint[]) ORDER BY index FOR UPDATE`;

export interface AdaptedRow {
  readonly index: number;
  readonly units_made: number;
  readonly units_wanted: number;
  readonly units_valid: number;
  readonly units_aside: number;
  readonly events_valid: number;
  readonly attempted: number;
  readonly accepted: number;
  readonly counts: number[];
}
/** $1 campaign, $2 points, $3 pieces of `counts`: [from, to] counted from 1, $4 events of a portion. */
export const ADAPTED_POINTS = `
  SELECT index, units_made, units_wanted, units_valid, events_valid, attempted, accepted,
    (SELECT coalesce(sum(ceil(unit.events / $4::numeric)), 0)::bigint FROM unit
     WHERE unit.campaign_id = $1 AND unit.point_index = point.index AND unit.state = 'aside') AS units_aside,
    coalesce((SELECT array_agg(counts[i] ORDER BY i)
     FROM jsonb_to_recordset($3) AS piece (low integer, high integer), generate_series(piece.low, piece.high) AS i), '{}') AS counts
  FROM point WHERE campaign_id = $1 AND index = ANY($2::bigint[])`;

export const SET_WANTED = `
  UPDATE point SET units_wanted = news.wanted, relative_error = news.error
  FROM jsonb_to_recordset($2) AS news (index bigint, wanted bigint, error double precision)
  WHERE point.campaign_id = $1 AND point.index = news.index`;

export const MORE_UNITS = `UPDATE campaign SET units = units + $2 WHERE id = $1`;

export const COUNT_CAMPAIGNS = `
  WITH locked AS (
    SELECT FROM campaign WHERE id IN (SELECT id FROM jsonb_to_recordset($1) AS came (id bigint))
    ORDER BY id FOR NO KEY UPDATE
  )
  UPDATE campaign SET units_valid = units_valid + news.valid, units_aside = units_aside + news.aside,
    events_valid = events_valid + news.events,
    state = CASE WHEN state IN ('running', 'paused') AND units_valid + news.valid + units_aside + news.aside = units
                 THEN 'complete' ELSE state END
  FROM jsonb_to_recordset($1) AS news (id bigint, valid bigint, aside bigint, events bigint)
  WHERE campaign.id = news.id AND (SELECT count(*) FROM locked) > 0`;

/** $1 results whose checks are due at $2; whole: of all blocks. */
export const QUEUE_CHECKS = `
  INSERT INTO spot_check (lease_id, whole, not_before) SELECT unnest($1::bigint[]), $3, $2`;

export const DROP_CHECKS = `DELETE FROM spot_check WHERE lease_id = ANY($1::bigint[])`;

/**
 * $1 now, $2 until when the claim lasts, $3 how many. A server that dies lets its claims run out.
 */
export const CLAIM_CHECKS = `
  UPDATE spot_check SET attempts = attempts + 1, not_before = $2
  WHERE lease_id IN (
    SELECT lease_id FROM spot_check WHERE not_before <= $1 ORDER BY not_before LIMIT $3 FOR UPDATE SKIP LOCKED)
  RETURNING lease_id, attempts, whole`;

/** A server that works on them says so again and again. */
export const KEEP_CHECKS = `UPDATE spot_check SET not_before = $2 WHERE lease_id = ANY($1::bigint[])`;

/** At the start of the only server of a store: claims of its predecessor are void. */
export const FREE_CHECKS = `UPDATE spot_check SET not_before = $1 WHERE not_before > $1`;

export const POSTPONE_CHECK = `UPDATE spot_check SET not_before = $2 WHERE lease_id = $1`;

export interface CheckedResultRow {
  readonly lease_id: number;
  readonly unit_id: number;
  readonly output_hash: string;
  readonly files: OutputFile[];
  /** Other results of the unit that wait, with other outputs. */
  readonly others: { readonly lease_id: number; readonly files: OutputFile[] }[];
  readonly release_id: number;
  readonly point_index: number;
  readonly first_event: number;
  readonly events: number;
  readonly input: { readonly sha256: string; readonly bytes: number } | null;
  readonly parameters: CampaignSpec['parameters'];
  readonly spec: CampaignSpec;
}
/** $1 results, of which those decided meanwhile are left out. */
export const CHECKED_RESULTS = `
  SELECT result.lease_id, result.unit_id, result.output_hash, result.files, coalesce(
           (SELECT jsonb_agg(jsonb_build_object('lease_id', other.lease_id, 'files', other.files) ORDER BY other.lease_id)
            FROM result AS other WHERE other.unit_id = result.unit_id AND other.state = 'pending'
              AND other.output_hash <> result.output_hash), '[]') AS others,
         campaign.release_id, unit.point_index, unit.first_event,
         unit.events, unit.input, point.parameters, campaign.spec
  FROM result
  JOIN unit ON unit.id = result.unit_id
  JOIN campaign ON campaign.id = result.campaign_id
  JOIN point ON point.campaign_id = unit.campaign_id AND point.index = unit.point_index
  WHERE result.lease_id = ANY($1::bigint[]) AND result.state = 'pending'`;
