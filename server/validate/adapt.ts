import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { HistogramAxis } from '../../protocol/release.ts';
import { unitsWanted } from '../campaigns/adaptive.ts';
import { precisionAxes, relativeError } from '../campaigns/precision.ts';
import { batch, type Queryable } from '../store/database.ts';
import { binCount, histogramsOf } from './blocks.ts';

/** A campaign as far as it matters here. */
export interface Adapting {
  readonly id: number;
  readonly spec: CampaignSpec;
  readonly axes: readonly HistogramAxis[];
}

interface PointRow {
  readonly index: number;
  readonly units_made: number;
  readonly units_wanted: number;
  readonly units_aside: number;
  readonly events_valid: number;
  readonly attempted: number;
  readonly accepted: number;
  readonly counts: number[];
}

/** $1 campaign, $2 points, $3 pieces of `counts`: [from, to] counted from 1. */
const POINTS = `
  SELECT index, units_made, units_wanted, events_valid, attempted, accepted,
    (SELECT count(*) FROM unit
     WHERE unit.campaign_id = $1 AND unit.point_index = point.index AND unit.state = 'aside') AS units_aside,
    coalesce((SELECT array_agg(counts[i] ORDER BY i)
     FROM jsonb_to_recordset($3) AS piece (low integer, high integer), generate_series(piece.low, piece.high) AS i), '{}') AS counts
  FROM point WHERE campaign_id = $1 AND index = ANY($2::bigint[]) ORDER BY index FOR UPDATE`;

const SET_POINTS = `
  UPDATE point SET units_wanted = news.wanted, relative_error = news.error
  FROM jsonb_to_recordset($2) AS news (index bigint, wanted bigint, error double precision)
  WHERE point.campaign_id = $1 AND point.index = news.index`;

const MORE_UNITS = `UPDATE campaign SET units = units + $2 WHERE id = $1`;

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
  const rows = await tx.query<PointRow>(POINTS, [id, indexes, batch(piecesOf(axes, used))]);
  const news = rows.map((row) => {
    const { attempted, accepted } = row;
    const error = relativeError(adaptive, used, {
      attempted,
      accepted,
      histograms: histogramsOf(row.counts, used),
    });
    const standing = {
      unitsMade: row.units_made,
      unitsAside: row.units_aside,
      eventsValid: row.events_valid,
      relativeError: error,
    };
    const wanted = unitsWanted(standing, adaptive.precision, { points: 1, events, eventsPerUnit });
    return { index: row.index, wanted, error, more: wanted - row.units_wanted };
  });
  await tx.query(SET_POINTS, [id, batch(news)]);
  await tx.query(MORE_UNITS, [id, news.reduce((sum, { more }) => sum + more, 0)]);
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
