import { type Hungry, nextUnits } from '../campaigns/adaptive.ts';
import { portionsOf, type UnitRange } from '../campaigns/units.ts';
import { batch, type Queryable } from '../store/database.ts';
import * as sql from './queries.ts';

/**
 * The next units of an adaptive campaign, or of one that cuts units to their hosts, counted as made. Points are locked before their
 * campaign, as where results are merged.
 * @param sizes portions of each, at most; fewer units where no more are wanted, or others are cutting
 */
export async function cutWhereNeeded(
  tx: Queryable,
  { id, points, spec, extended_from: extendedFrom }: sql.CampaignRow,
  sizes: readonly number[],
): Promise<UnitRange[]> {
  const rows = await tx.query<sql.HungryRow>(sql.HUNGRY_POINTS, [id, sizes.length]);
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
  const units = nextUnits(hungry, sizes, { points, events, eventsPerUnit, extendedFrom });
  const made = units.map((unit) => ({
    point_index: unit.pointIndex,
    portions: portionsOf(unit.events, eventsPerUnit),
  }));
  if (made.length > 0) await tx.query(sql.COUNT_MADE, [id, batch(made)]);
  return units;
}
