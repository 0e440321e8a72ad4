import { type Hungry, nextUnits } from '../campaigns/adaptive.ts';
import type { UnitRange } from '../campaigns/units.ts';
import { batch, type Queryable } from '../store/database.ts';
import * as sql from './queries.ts';

/**
 * The next units of an adaptive campaign, at most `count`, counted as made. Points are locked before their campaign, as where results
 * are merged.
 */
export async function cutWhereNeeded(
  tx: Queryable,
  { id, points, spec }: sql.CampaignRow,
  count: number,
): Promise<UnitRange[]> {
  const rows = await tx.query<sql.HungryRow>(sql.HUNGRY_POINTS, [id, count]);
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
    await tx.query(sql.COUNT_MADE, [id, batch(units.map(({ pointIndex }) => ({ point_index: pointIndex })))]);
  return units;
}
