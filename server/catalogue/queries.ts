import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { GivenResult } from '../../protocol/catalogue.ts';

/** The SQL of the catalogue: it only reads. */

/** A result's row, also as PostgreSQL's JSON gives it inside its unit's. */
export interface GivenRow {
  readonly lease_id: number;
  readonly host_id: number;
  readonly state: GivenResult['state'];
  readonly capsule: string;
  readonly output_hash: string;
  readonly files: GivenResult['files'];
  /** "2026-11-28" */
  readonly reported_on: string;
}
const GIVEN = `
  result.lease_id, result.host_id, result.state, result.capsule, result.output_hash, result.files,
  to_char(result.reported_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS reported_on`;

export interface RecordRow {
  readonly id: number;
  readonly state: 'open' | 'valid' | 'aside';
  readonly point_index: number;
  readonly first_event: number;
  readonly events: number;
  readonly input: { readonly sha256: string; readonly bytes: number } | null;
  readonly parameters: CampaignSpec['parameters'];
  readonly spec: CampaignSpec;
}
export const RECORD = `
  SELECT unit.id, unit.state, unit.point_index, unit.first_event, unit.events, unit.input, point.parameters, campaign.spec
  FROM unit
  JOIN campaign ON campaign.id = unit.campaign_id
  JOIN point ON point.campaign_id = unit.campaign_id AND point.index = unit.point_index
  WHERE unit.id = coalesce($1::bigint, (SELECT unit_id FROM result WHERE lease_id = $2))`;

/** All that are merged, or the one of a lease. */
export const RECORD_RESULTS = `
  SELECT ${GIVEN} FROM result
  WHERE unit_id = $1 AND output_hash IS NOT NULL AND state IN ('valid', 'invalid', 'late')
    AND CASE WHEN $2::bigint IS NULL THEN state = 'valid' ELSE lease_id = $2 END
  ORDER BY lease_id`;

export interface MergedRow {
  readonly spec: CampaignSpec;
  readonly release_id: number;
  readonly index: number;
  readonly parameters: CampaignSpec['parameters'];
  readonly units_valid: number;
  readonly events_valid: number;
  readonly maximum_pb: number | null;
  readonly attempted: number;
  readonly accepted: number;
  readonly counts: number[];
  readonly ranges: [number, number][];
}

/** One statement, so that sums and ranges are of one moment. A range begins where the event before is not merged. */
export const MERGED = `
  SELECT campaign.spec, campaign.release_id, point.index, point.parameters, point.units_valid, point.events_valid,
         point.maximum_pb, point.attempted, point.accepted, point.counts, merged.ranges
  FROM campaign
  JOIN point ON point.campaign_id = campaign.id AND point.index = $3
  CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_array(first, last) ORDER BY first), '[]') AS ranges
    FROM (
      SELECT min(first_event) AS first, max(end_event) AS last
      FROM (
        SELECT first_event, end_event, count(*) FILTER (WHERE begins) OVER (ORDER BY first_event) AS nth
        FROM (
          SELECT first_event, first_event + events AS end_event,
                 first_event IS DISTINCT FROM lag(first_event + events) OVER (ORDER BY first_event) AS begins
          FROM unit
          WHERE unit.campaign_id = campaign.id AND unit.point_index = point.index AND unit.state = 'valid'
        ) AS merged_unit
      ) AS numbered
      GROUP BY nth
    ) AS joined
  ) AS merged
  WHERE campaign.id = $1 OR campaign.name = $2
  ORDER BY (campaign.id = $1) DESC LIMIT 1`;

export interface ProvenanceRow {
  readonly id: number;
  readonly spec: CampaignSpec;
  /** Of its release, as signed. */
  readonly body: string;
}
export const PROVENANCE = `
  SELECT campaign.id, campaign.spec, release.body
  FROM campaign JOIN release ON release.id = campaign.release_id
  WHERE campaign.id = $1 OR campaign.name = $2 ORDER BY (campaign.id = $1) DESC LIMIT 1`;

export interface MergedUnitRow {
  readonly id: number;
  readonly point_index: number;
  readonly first_event: number;
  readonly events: number;
  readonly input: { readonly sha256: string; readonly bytes: number } | null;
  /** The unit that the input is of. */
  readonly input_of: number | null;
  readonly results: GivenRow[];
}

/** Along the key of units, from where the page before ended: a page costs the same wherever it is. */
export const MERGED_UNITS = `
  SELECT unit.id, unit.point_index, unit.first_event, unit.events, unit.input, (
           SELECT source.id FROM unit AS source JOIN campaign ON campaign.from_id = source.campaign_id
           WHERE campaign.id = unit.campaign_id AND source.point_index = unit.point_index
             AND source.first_event = unit.first_event) AS input_of, made.results
  FROM unit
  CROSS JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(one) ORDER BY one.lease_id) AS results
    FROM (SELECT ${GIVEN} FROM result
          WHERE result.unit_id = unit.id AND result.state = 'valid' AND result.output_hash IS NOT NULL) AS one
  ) AS made
  WHERE unit.campaign_id = $1 AND (unit.point_index, unit.first_event) > ($2, $3)
    AND unit.point_index <= $4 AND unit.state = 'valid' AND made.results IS NOT NULL
  ORDER BY unit.point_index, unit.first_event LIMIT $5`;

export const DOCUMENT = `
  SELECT spec FROM campaign WHERE id = $1 OR name = $2 ORDER BY (id = $1) DESC LIMIT 1`;

export interface SampleRow {
  readonly campaign_id: number;
  readonly spec: CampaignSpec;
  readonly release_id: number;
  readonly index: number;
  readonly parameters: CampaignSpec['parameters'];
  readonly units_valid: number;
  /** Of the first valid unit. */
  readonly files: GivenResult['files'];
}

/**
 * $1 text, $2 application, $3 campaign, $4 what parameters must be, $5 and $6 campaign and point that the page before ended
 * with, $7 how many. Of each point only one unit is looked at: a point may have very many.
 */
export const SAMPLES = `
  SELECT campaign.id AS campaign_id, campaign.spec, campaign.release_id, point.index, point.parameters, point.units_valid,
         kept.files
  FROM campaign
  JOIN release ON release.id = campaign.release_id
  JOIN point ON point.campaign_id = campaign.id AND point.units_valid > 0
  CROSS JOIN LATERAL (
    SELECT result.files FROM unit JOIN result ON result.unit_id = unit.id AND result.state = 'valid'
    WHERE unit.campaign_id = campaign.id AND unit.point_index = point.index AND unit.state = 'valid'
    ORDER BY unit.first_event, result.lease_id LIMIT 1
  ) AS kept
  WHERE ($1::text IS NULL OR position(lower($1) IN lower(concat_ws(' ', campaign.name, campaign.spec->>'title', campaign.spec->>'description'))) > 0)
    AND ($2::text IS NULL OR campaign.spec->>'application' = $2)
    AND ($3::text IS NULL OR campaign.name = $3)
    AND NOT EXISTS (
      SELECT FROM jsonb_to_recordset($4) AS wish (name text, low float8, high float8, value text)
      WHERE NOT coalesce(CASE
        WHEN wish.low IS NULL THEN point.parameters->>wish.name = wish.value
        WHEN jsonb_typeof(point.parameters->wish.name) = 'number'
        THEN (point.parameters->>wish.name)::float8 BETWEEN wish.low AND wish.high END, false))
    AND EXISTS (
      SELECT FROM jsonb_array_elements(kept.files) AS file
      WHERE release.body::jsonb->'samples' ? (file->>'path'))
    AND (campaign.id, -point.index) < ($5::bigint, -$6::bigint)
  ORDER BY campaign.id DESC, point.index LIMIT $7`;

export interface KeptRow {
  readonly unit_id: number;
  readonly first_event: number;
  /** null: its results have no such file. */
  readonly sha256: string | null;
}
const KEPT = `
  SELECT unit.id AS unit_id, unit.first_event, (
    SELECT file->>'sha256' FROM result CROSS JOIN LATERAL jsonb_array_elements(result.files) AS file
    WHERE result.unit_id = unit.id AND result.state = 'valid' AND file->>'path' = $1
    ORDER BY result.lease_id LIMIT 1) AS sha256
  FROM unit`;

/** $1 file, $2 campaign, $3 point, $4 first event that the page before ended with, $5 how many. */
export const KEPT_OF_POINT = `${KEPT}
  WHERE unit.campaign_id = $2 AND unit.point_index = $3 AND unit.first_event > $4 AND unit.state = 'valid'
  ORDER BY unit.first_event LIMIT $5`;

/** $1 file, $2 unit, $3 lease of a result of it. */
export const KEPT_OF_UNIT = `${KEPT}
  WHERE unit.id = coalesce($2::bigint, (SELECT unit_id FROM result WHERE lease_id = $3)) AND unit.state = 'valid'`;
