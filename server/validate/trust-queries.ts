import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { OutputFile } from '../../protocol/primitives.ts';

/** The SQL of trust: what is known of hosts, catching them, and taking back what they gave. */

export interface TrustRow {
  readonly id: number;
  readonly evidence: number;
  readonly caught: number;
  readonly is_quarantined: boolean;
  readonly is_tested: boolean;
  readonly network: string | null;
}
/** $1 hosts, $2 now. */
export const TRUST = `
  SELECT id, checked - caught_at AS evidence, caught, coalesce(quarantined_until > $2, false) AS is_quarantined, network,
         EXISTS (SELECT FROM result WHERE host_id = host.id AND state = 'pending' AND checked > 0) AS is_tested
  FROM host WHERE id = ANY($1::bigint[])`;

export interface SuspicionRow {
  readonly kind: 'network' | 'capsule';
  readonly key: string;
  readonly caught: number;
  readonly judged: number;
  readonly at: Date;
}
/** $1 networks; there are few kinds of capsules. */
export const SUSPICIONS = `
  SELECT kind, key, caught, judged, at FROM suspicion
  WHERE kind = 'capsule' OR kind = 'network' AND key = ANY($1::text[])`;

/** $1 what to add, $2 now, $3 seconds in which it is halved. */
export const TALLY = `
  INSERT INTO suspicion (kind, key, caught, judged, at)
  SELECT kind, key, caught, judged, $2
  FROM jsonb_to_recordset($1) AS came (kind text, key text, caught double precision, judged double precision)
  ORDER BY kind, key
  ON CONFLICT (kind, key) DO UPDATE SET at = excluded.at,
    caught = excluded.caught + suspicion.caught
      * power(0.5::double precision, greatest(0, extract(epoch FROM excluded.at - suspicion.at))::double precision / $3),
    judged = excluded.judged + suspicion.judged
      * power(0.5::double precision, greatest(0, extract(epoch FROM excluded.at - suspicion.at))::double precision / $3)`;

/** $1 hosts caught and until when they get no work. */
export const CATCH = `
  UPDATE host SET caught = caught + 1, quarantined_until = came.until, withdrawing = true
  FROM jsonb_to_recordset($1) AS came (id bigint, until timestamptz) WHERE host.id = came.id`;

/** $1 hosts caught again before their time was over. */
export const CATCH_AGAIN = `UPDATE host SET withdrawing = true WHERE id = ANY($1::bigint[])`;

export const WITHDRAWING = `SELECT id FROM host WHERE withdrawing ORDER BY id`;

export const WITHDRAWN = `UPDATE host SET withdrawing = false WHERE id = $1`;

export interface LightRow {
  readonly unit_id: number;
  readonly campaign_id: number;
  readonly release_id: number;
  readonly files: OutputFile[];
  readonly point_index: number;
  readonly first_event: number;
  readonly events: number;
  readonly parameters: CampaignSpec['parameters'];
  readonly spec: CampaignSpec;
}
/**
 * Units believed by a caught host's word alone: not wholly checked, found right by no host that is not in quarantine
 * itself, and not confirmed by $4 whole results after it. $1 host, $2 now, $3 units beyond this one, $5 how many.
 */
export const LIGHT = `
  SELECT result.unit_id, result.campaign_id, campaign.release_id, result.files, unit.point_index, unit.first_event,
         unit.events, point.parameters, campaign.spec
  FROM result
  JOIN host ON host.id = result.host_id
  JOIN unit ON unit.id = result.unit_id
  JOIN campaign ON campaign.id = result.campaign_id
  JOIN point ON point.campaign_id = unit.campaign_id AND point.index = unit.point_index
  WHERE result.host_id = $1 AND result.state = 'valid' AND unit.state = 'valid'
    AND (result.checked < 1 OR EXISTS (SELECT FROM result AS second
           WHERE second.unit_id = result.unit_id AND second.state = 'valid' AND second.host_id <> result.host_id))
    AND result.host_checked > host.caught_at - $4
    AND NOT EXISTS (
      SELECT FROM result AS other JOIN host AS witness ON witness.id = other.host_id
      WHERE other.unit_id = result.unit_id AND other.state = 'valid' AND other.host_id <> result.host_id
        AND coalesce(witness.quarantined_until <= $2, true))
    AND result.unit_id > $3
  ORDER BY result.unit_id LIMIT $5`;

/** $1 units whose valid results are taken back, $2 the reason. Answers what hosts had for them. */
export const TAKE_RESULTS_BACK = `
  WITH gone AS (
    SELECT result.lease_id, result.host_id, result.credit_microseconds AS credit, unit.events
    FROM result JOIN unit ON unit.id = result.unit_id
    WHERE result.unit_id = ANY($1::bigint[]) AND result.state = 'valid'
  ), undone AS (
    UPDATE result SET state = 'invalid', reason = $2, credit_microseconds = 0 FROM gone WHERE result.lease_id = gone.lease_id
  ), per AS (
    SELECT host_id, sum(credit)::bigint AS credit, sum(events)::bigint AS events, count(*) AS results FROM gone GROUP BY host_id
  ), hosts AS (
    UPDATE host SET credit_microseconds = credit_microseconds - per.credit, events_valid = events_valid - per.events,
      results_valid = results_valid - per.results, results_invalid = results_invalid + per.results
    FROM per WHERE host.id = per.host_id
  )
  SELECT coalesce(sum(credit), 0)::bigint AS credit FROM per`;

/** A unit that was replicated for its host's sake need not be again. */
export const OPEN_UNITS = `
  UPDATE unit SET state = 'open', agreeing = 0,
    quorum = CASE WHEN campaign.spec->'validation' ? 'adaptive' THEN 1 ELSE unit.quorum END
  FROM campaign WHERE campaign.id = unit.campaign_id AND unit.id = ANY($1::bigint[])`;

/** Campaigns that have taken files of these units go no further: whatever they made of them stands on nothing now. */
export const PAUSE_TAKERS = `
  UPDATE campaign SET state = 'paused', reason = 'results of the campaign it takes its events from were withdrawn; clone it'
  WHERE state = 'running' AND EXISTS (
    SELECT FROM unit AS source JOIN unit AS mine
      ON mine.campaign_id = campaign.id AND mine.point_index = source.point_index AND mine.first_event = source.first_event
    WHERE source.id = ANY($1::bigint[]) AND source.campaign_id = campaign.from_id)`;

/** A point of which nothing is left has no maximum any more. */
export const CLEAR_MAXIMA = `
  UPDATE point SET maximum_pb = NULL
  FROM jsonb_to_recordset($1) AS news (campaign_id bigint, index bigint)
  WHERE point.campaign_id = news.campaign_id AND point.index = news.index AND point.units_valid = 0`;

export const OPEN_CAMPAIGNS = `
  UPDATE campaign SET units_valid = units_valid - news.units, events_valid = events_valid - news.events,
    state = CASE WHEN state = 'complete' THEN 'running' ELSE state END
  FROM jsonb_to_recordset($1) AS news (id bigint, units bigint, events bigint) WHERE campaign.id = news.id`;
