import type {
  CampaignDetail,
  CampaignOutline,
  CampaignPoint,
  CampaignSpec,
  CampaignState,
  CampaignSummary,
  PointOutline,
} from '../../protocol/campaign.ts';
import type { HistogramAxis } from '../../protocol/release.ts';
import { readId, showId } from '../ids.ts';
import type { Releases } from '../releases.ts';
import type { Database } from '../store/database.ts';
import { histogramsOf } from '../validate/blocks.ts';
import { shownState } from './life.ts';
import { unitsPerPoint } from './units.ts';

interface CampaignRow {
  /** Of the row, as PostgreSQL counts its changes; so that of a point. */
  readonly version: string;
  readonly id: number;
  readonly spec: CampaignSpec;
  readonly release_id: number;
  readonly state: CampaignState;
  readonly reason: string | null;
  readonly owner: string;
  readonly priority: number;
  readonly deadline: Date | null;
  readonly extended_from: number[];
  readonly canary: CampaignSpec['canary'] | null;
  readonly created_at: Date;
  readonly points: number;
  readonly units: number;
  readonly units_valid: number;
  readonly units_aside: number;
  readonly events_valid: number;
}
const COLUMNS =
  'xmin::text AS version, id, spec, release_id, state, reason, owner, priority, deadline, extended_from, canary, created_at, points, units, units_valid, units_aside, events_valid';

interface PointRow {
  readonly version: string;
  readonly index: number;
  readonly parameters: CampaignPoint['parameters'];
  readonly units_valid: number;
  readonly events_valid: number;
  /** Of an adaptive campaign. */
  readonly units_wanted: number | null;
  readonly relative_error: number | null;
  readonly maximum_pb: number | null;
  readonly attempted: number;
  readonly accepted: number;
  /** null: its histograms were not asked for. */
  readonly counts: number[] | null;
}

export async function campaignSummaries(db: Database, now: Date): Promise<CampaignSummary[]> {
  const rows = await db.query<CampaignRow>(`SELECT ${COLUMNS} FROM campaign ORDER BY id DESC`);
  return rows.map((row) => summary(row, now));
}

export async function campaignSummary(db: Database, id: number, now: Date): Promise<CampaignSummary | null> {
  const [row] = await db.query<CampaignRow>(`SELECT ${COLUMNS} FROM campaign WHERE id = $1`, [id]);
  return row ? summary(row, now) : null;
}

/** @param idOrName "c3", or the campaign's name */
export async function campaignId(db: Database, idOrName: string): Promise<number | null> {
  return (await campaignName(db, idOrName))?.id ?? null;
}

/** @param idOrName "c3", or the campaign's name */
export async function campaignName(
  db: Database,
  idOrName: string,
): Promise<{ readonly id: number; readonly name: string } | null> {
  const [row] = await db.query<{ id: number; name: string }>(
    `SELECT id, name FROM campaign WHERE id = $1 OR name = $2 ORDER BY (id = $1) DESC LIMIT 1`,
    [readId('c', idOrName) ?? 0, idOrName],
  );
  return row ?? null;
}

/** A campaign's row changes whenever one of its points does. */
export async function campaignVersions(db: Database, ids: readonly number[]): Promise<Map<number, string>> {
  const rows = await db.query<{ id: number; version: string }>(
    'SELECT id, xmin::text AS version FROM campaign WHERE id = ANY($1::bigint[])',
    [ids],
  );
  return new Map(rows.map(({ id, version }) => [id, version]));
}

/** @param idOrName "c3", or the campaign's name */
export async function campaignDetail(
  db: Database,
  releases: Releases,
  idOrName: string,
  now: Date,
): Promise<CampaignDetail | null> {
  const id = await campaignId(db, idOrName);
  const reading = id === null ? null : await readCampaign(db, releases, id, now, { whole: 'all' });
  return reading && { ...reading.outline, points: [...reading.whole] };
}

/** @param idOrName "c3", or the campaign's name */
export async function campaignOutline(
  db: Database,
  releases: Releases,
  idOrName: string,
  now: Date,
): Promise<CampaignOutline | null> {
  const id = await campaignId(db, idOrName);
  return id === null ? null : ((await readCampaign(db, releases, id, now))?.outline ?? null);
}

export interface CampaignReading {
  readonly version: string;
  /** Points that were known are left out. */
  readonly outline: CampaignOutline;
  /** Those of its points whose histograms were asked for. */
  readonly whole: readonly CampaignPoint[];
  readonly pointVersions: Readonly<Record<number, string>>;
}

/**
 * @param options.known versions of points that need not be read if they are still the same
 * @param options.whole of which points the histograms are wanted; default: of none
 * @param options.only no other points than these
 */
export async function readCampaign(
  db: Database,
  releases: Releases,
  id: number,
  now: Date,
  options: {
    readonly known?: CampaignReading['pointVersions'];
    readonly whole?: 'all' | readonly number[];
    readonly only?: readonly number[];
  } = {},
): Promise<CampaignReading | null> {
  const { known = {}, whole = [], only = null } = options;
  // Its row first: a change between the two is then seen again.
  const [row] = await db.query<CampaignRow>(`SELECT ${COLUMNS} FROM campaign WHERE id = $1`, [id]);
  if (!row) return null;
  const { histograms, references = [] } = await releases.get(row.release_id);
  const units = unitsPerPoint({ ...row.spec, points: row.points, extendedFrom: row.extended_from });
  // How many units a point has may change with the campaign's row alone.
  const points = await db.query<PointRow>(
    `SELECT * FROM (
       SELECT xmin::text || '.' || $3::text AS version, index, parameters, units_valid, events_valid, units_wanted, relative_error,
              maximum_pb, attempted, accepted,
              CASE WHEN $4 OR index = ANY($5::bigint[]) THEN counts END AS counts
       FROM point WHERE campaign_id = $1 AND ($6::bigint[] IS NULL OR index = ANY($6))
     ) AS shown WHERE version IS DISTINCT FROM ($2::jsonb ->> index::text) ORDER BY index`,
    [row.id, JSON.stringify(known), String(units), whole === 'all', whole === 'all' ? [] : whole, only],
  );
  const outlines = points.map((point) => outlineOf(point, units));
  const outline = {
    ...summary(row, now),
    description: row.spec.description,
    validation: row.spec.validation,
    adaptive: row.spec.adaptive ?? null,
    axes: histograms,
    references,
    points: outlines,
  };
  return {
    version: row.version,
    outline,
    whole: points.flatMap(({ counts }, i) => wholeOf(outlines[i], counts, histograms)),
    pointVersions: Object.fromEntries(points.map(({ index, version }) => [index, version])),
  };
}

function outlineOf(point: PointRow, units: number): PointOutline {
  return {
    index: point.index,
    parameters: point.parameters,
    units: point.units_wanted ?? units,
    unitsValid: point.units_valid,
    eventsValid: point.events_valid,
    relativeError: point.relative_error,
    crossSection:
      point.maximum_pb === null
        ? null
        : { maximumPb: point.maximum_pb, attempted: point.attempted, accepted: point.accepted },
  };
}

function wholeOf(
  outline: PointOutline | undefined,
  counts: readonly number[] | null,
  axes: readonly HistogramAxis[],
): CampaignPoint[] {
  return outline && counts ? [{ ...outline, histograms: histogramsOf(counts, axes) }] : [];
}

/** One point with its histograms. @param idOrName "c3", or the campaign's name */
export async function campaignPoint(
  db: Database,
  releases: Releases,
  idOrName: string,
  index: number,
  now: Date,
): Promise<CampaignPoint | null> {
  const id = await campaignId(db, idOrName);
  if (id === null) return null;
  const reading = await readCampaign(db, releases, id, now, { whole: [index], only: [index] });
  return reading?.whole[0] ?? null;
}

function summary(row: CampaignRow, now: Date): CampaignSummary {
  return {
    id: showId('c', row.id),
    name: row.spec.name,
    title: row.spec.title,
    application: row.spec.application,
    version: row.spec.version,
    ...shownState(row, now),
    owner: row.owner,
    priority: row.priority,
    deadline: row.deadline?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    units: row.units,
    unitsValid: row.units_valid,
    unitsSetAside: row.units_aside,
    eventsWanted: eventsWanted(row),
    eventsValid: row.events_valid,
  };
}

/** Of an adaptive campaign, as far as one can tell by now: its points' last units may be shorter. */
function eventsWanted({ spec, state, points, units, events_valid }: CampaignRow): number {
  const most = points * spec.events;
  if (!spec.adaptive) return most;
  return state === 'complete' ? events_valid : Math.min(most, units * spec.eventsPerUnit);
}
