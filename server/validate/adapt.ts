import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { HistogramAxis } from '../../protocol/release.ts';
import { unitsWanted } from '../campaigns/adaptive.ts';
import { precisionAxes, relativeError } from '../campaigns/precision.ts';
import { batch, type Queryable } from '../store/database.ts';
import { binCount, histogramsOf } from './blocks.ts';
import * as sql from './queries.ts';

/** A campaign as far as it matters here. */
export interface Adapting {
  readonly id: number;
  readonly spec: CampaignSpec;
  readonly axes: readonly HistogramAxis[];
}

/**
 * Decides anew how many units these points of an adaptive campaign are to have, from what is merged in them, within the
 * transaction that changed it.
 */
export async function adapt(
  tx: Queryable,
  { id, spec, axes }: Adapting,
  indexes: readonly number[],
): Promise<void> {
  const { adaptive, events, eventsPerUnit } = spec;
  if (!adaptive) return;
  const used = precisionAxes(adaptive, axes);
  await tx.query(sql.LOCK_POINTS, [id, indexes]);
  const rows = await tx.query<sql.AdaptedRow>(sql.ADAPTED_POINTS, [
    id,
    indexes,
    batch(piecesOf(axes, used)),
    eventsPerUnit,
  ]);
  const news = rows.map((row) => {
    const { attempted, accepted } = row;
    const error = relativeError(adaptive, used, {
      attempted,
      accepted,
      histograms: histogramsOf(row.counts, used),
    });
    const standing = {
      unitsMade: row.units_made,
      unitsOpen: row.units_made - row.units_valid - row.units_aside,
      eventsValid: row.events_valid,
      relativeError: error,
    };
    const wanted = unitsWanted(standing, adaptive.precision, { points: 1, events, eventsPerUnit });
    return { index: row.index, wanted, error, more: wanted - row.units_wanted };
  });
  await tx.query(sql.SET_WANTED, [id, batch(news)]);
  await tx.query(sql.MORE_UNITS, [id, news.reduce((sum, { more }) => sum + more, 0)]);
}

/** Where the histograms of `used` lie among all counts of a point. */
function piecesOf(
  axes: readonly HistogramAxis[],
  used: readonly HistogramAxis[],
): { low: number; high: number }[] {
  let at = 1;
  return axes.flatMap((axis) => {
    const piece = { low: at, high: at + binCount(axis) - 1 };
    at = piece.high + 1;
    return used.includes(axis) ? [piece] : [];
  });
}
