import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { OutputFile } from '../../protocol/primitives.ts';
import type {
  ResultQuery,
  ResultState,
  StaffResults,
  StaffUnits,
  UnitQuery,
} from '../../protocol/staff-api.ts';
import { cardOf } from '../dispatch/lease.ts';
import { readId, showId } from '../ids.ts';
import type { Database } from '../store/database.ts';

interface CardColumns {
  readonly point_index: number;
  readonly first_event: number;
  readonly events: number;
  readonly parameters: CampaignSpec['parameters'];
  readonly spec: CampaignSpec;
}

const RESULTS = `
  SELECT result.lease_id, result.unit_id, result.host_id, result.state, result.reason, result.capsule,
         result.seconds, result.output_hash, result.files, result.credit_microseconds, result.reported_at,
         unit.point_index, unit.first_event, unit.events, point.parameters, campaign.spec
  FROM result
  JOIN unit ON unit.id = result.unit_id
  JOIN campaign ON campaign.id = result.campaign_id
  JOIN point ON point.campaign_id = unit.campaign_id AND point.index = unit.point_index
  WHERE ($1::text IS NULL OR campaign.name = $1) AND ($2::text IS NULL OR result.state = $2)
    AND ($3::bigint IS NULL OR result.lease_id < $3)
  ORDER BY result.lease_id DESC LIMIT $4`;

export async function staffResults(db: Database, query: ResultQuery): Promise<StaffResults> {
  const rows = await db.query<
    CardColumns & {
      lease_id: number;
      unit_id: number;
      host_id: number;
      state: ResultState;
      reason: string | null;
      capsule: string;
      seconds: number;
      output_hash: string | null;
      files: OutputFile[];
      credit_microseconds: number;
      reported_at: Date;
    }
  >(RESULTS, [query.campaign ?? null, query.state ?? null, before('l', query.before), query.limit + 1]);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    results: page.map((row) => ({
      lease: showId('l', row.lease_id),
      unitId: showId('u', row.unit_id),
      hostId: showId('h', row.host_id),
      campaign: row.spec.name,
      state: row.state,
      reason: row.reason,
      card: cardOf(row, row.spec),
      capsule: row.capsule,
      seconds: row.seconds,
      outputHash: row.output_hash,
      files: row.files,
      creditMicroseconds: row.credit_microseconds,
      reportedAt: row.reported_at.toISOString(),
    })),
    next: rows.length > page.length && last ? showId('l', last.lease_id) : null,
  };
}

const UNITS = `
  SELECT unit.id, unit.state, unit.failures, unit.point_index, unit.first_event, unit.events, point.parameters,
         campaign.spec, bad.reason, bad.console_tail
  FROM unit
  JOIN campaign ON campaign.id = unit.campaign_id
  JOIN point ON point.campaign_id = unit.campaign_id AND point.index = unit.point_index
  LEFT JOIN LATERAL (
    SELECT reason, console_tail FROM result
    WHERE result.unit_id = unit.id AND result.state IN ('failed', 'invalid') ORDER BY lease_id DESC LIMIT 1
  ) AS bad ON true
  WHERE ($1::text IS NULL OR campaign.name = $1) AND ($2::text IS NULL OR unit.state = $2)
    AND ($3::bigint IS NULL OR unit.id < $3)
  ORDER BY unit.id DESC LIMIT $4`;

export async function staffUnits(db: Database, query: UnitQuery): Promise<StaffUnits> {
  const rows = await db.query<
    CardColumns & {
      id: number;
      state: 'open' | 'valid' | 'aside';
      failures: number;
      reason: string | null;
      console_tail: string | null;
    }
  >(UNITS, [query.campaign ?? null, query.state ?? null, before('u', query.before), query.limit + 1]);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    units: page.map((row) => ({
      unitId: showId('u', row.id),
      campaign: row.spec.name,
      state: row.state,
      card: cardOf(row, row.spec),
      failures: row.failures,
      reason: row.reason,
      consoleTail: row.console_tail,
    })),
    next: rows.length > page.length && last ? showId('u', last.id) : null,
  };
}

/** A page's end that is no identity is before everything: an empty page. */
function before(kind: 'l' | 'u', text: string | undefined): number | null {
  return text === undefined ? null : (readId(kind, text) ?? 0);
}
