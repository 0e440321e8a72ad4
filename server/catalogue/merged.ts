import type { MergedPoint } from '../../protocol/catalogue.ts';
import { cardOf } from '../dispatch/lease.ts';
import { readId } from '../ids.ts';
import type { Releases } from '../releases.ts';
import type { Database } from '../store/database.ts';
import { histogramsOf } from '../validate/blocks.ts';
import * as sql from './queries.ts';

/**
 * @param idOrName "c3", or the campaign's name
 * @returns null where there is no such campaign, or it has no such point
 */
export async function mergedPoint(
  db: Database,
  releases: Releases,
  idOrName: string,
  point: number,
): Promise<MergedPoint | null> {
  const [row] = await db.query<sql.MergedRow>(sql.MERGED, [readId('c', idOrName) ?? 0, idOrName, point]);
  if (!row) return null;
  const { spec, maximum_pb: maximumPb, attempted, accepted } = row;
  const { histograms } = await releases.get(row.release_id);
  const { seed, blockEvents } = cardOf({ ...row, point_index: row.index, first_event: 0, events: 1 }, spec);
  return {
    campaign: spec.name,
    application: spec.application,
    version: spec.version,
    seed,
    blockEvents,
    point: {
      index: row.index,
      parameters: row.parameters,
      unitsValid: row.units_valid,
      eventsValid: row.events_valid,
      crossSection: maximumPb === null ? null : { maximumPb, attempted, accepted },
      histograms: histogramsOf(row.counts, histograms),
    },
    ranges: row.ranges,
  };
}
