import type { CampaignSpec } from '../../protocol/campaign.ts';
import { type Hungry, nextUnits } from '../campaigns/adaptive.ts';
import { portionsOf, type UnitRange } from '../campaigns/units.ts';
import { showId } from '../ids.ts';
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

/** A range of events, and the file they are in. */
export interface Cutting extends UnitRange {
  readonly input?: { readonly sha256: string; readonly bytes: number };
}

/**
 * The next units of a campaign that takes from another: one for each of the other's that became valid, at most `count`. Should one lack
 * the file, all of them may: the campaign is paused and says so. The lock on its row keeps two servers from cutting the same.
 */
export async function cutFromInputs(
  tx: Queryable,
  { id, spec, from_id }: sql.CampaignRow,
  { from, output }: NonNullable<CampaignSpec['inputs']>,
  count: number,
): Promise<Cutting[]> {
  const [locked] = await tx.query<{ units_made: number }>(sql.LOCK_CAMPAIGN, [id]);
  const found = await tx.query<sql.InputRow>(sql.INPUTS, [id, from_id, output, count]);
  const cut = found.flatMap(({ file, point_index, first_event, events }) => {
    if (!file) return [];
    const { sha256, bytes } = file;
    const taken = Math.min(events, spec.eventsPerUnit);
    return [{ pointIndex: point_index, firstEvent: first_event, events: taken, input: { sha256, bytes } }];
  });
  const without = found.find(({ file }) => file === null);
  if (without) {
    const unit = showId('u', without.unit_id);
    await tx.query(sql.PAUSE, [id, `work unit ${unit} of campaign "${from}" has no file "${output}"`]);
  }
  if (cut.length > 0) await tx.query(sql.SET_UNITS_MADE, [id, (locked?.units_made ?? 0) + cut.length]);
  return cut;
}
