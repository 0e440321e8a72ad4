import { type Hungry, nextUnits } from '../campaigns/adaptive.ts';
import type { UnitRange } from '../campaigns/units.ts';
import { batch, type Queryable } from '../store/database.ts';
import type { CampaignRow } from './queries.ts';

/** Points of $1 that want units, those with the largest error once all is back first; $2 at most. */
const HUNGRY_POINTS = `
  SELECT index, units_made, units_wanted, events_valid, relative_error FROM point
  WHERE campaign_id = $1 AND units_made < units_wanted
  ORDER BY coalesce(relative_error * sqrt(events_valid::float8 / nullif(units_made, 0)), 'infinity') DESC, units_made, index
  LIMIT $2 FOR UPDATE SKIP LOCKED`;

const COUNT_MADE = `
  WITH made AS (
    SELECT point_index, count(*) AS n FROM jsonb_to_recordset($2) AS cut (point_index bigint) GROUP BY point_index
  ), counted AS (
    UPDATE point SET units_made = units_made + made.n FROM made WHERE campaign_id = $1 AND index = made.point_index
  )
  UPDATE campaign SET units_made = units_made + (SELECT coalesce(sum(n), 0)::bigint FROM made) WHERE id = $1`;

interface HungryRow {
  readonly index: number;
  readonly units_made: number;
  readonly units_wanted: number;
  readonly events_valid: number;
  readonly relative_error: number | null;
}

/**
 * The next units of an adaptive campaign, at most `count`, counted as made. Points are locked before their campaign, as where results
 * are merged.
 */
export async function cutWhereNeeded(
  tx: Queryable,
  { id, points, spec }: CampaignRow,
  count: number,
): Promise<UnitRange[]> {
  const rows = await tx.query<HungryRow>(HUNGRY_POINTS, [id, count]);
  const hungry = rows.map(
    (row): Hungry => ({
      index: row.index,
      unitsMade: row.units_made,
      unitsWanted: row.units_wanted,
      eventsValid: row.events_valid,
      relativeError: row.relative_error,
    }),
  );
  const { events, eventsPerUnit } = spec;
  const units = nextUnits(hungry, count, { points, events, eventsPerUnit });
  if (units.length > 0)
    await tx.query(COUNT_MADE, [id, batch(units.map(({ pointIndex }) => ({ point_index: pointIndex })))]);
  return units;
}
