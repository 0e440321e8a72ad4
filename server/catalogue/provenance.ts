import { sha256 } from '../../platform/files.ts';
import type { ProvenancePage, ProvenanceQuery } from '../../protocol/catalogue.ts';
import { Release } from '../../protocol/release.ts';
import { pointSeed } from '../campaigns/units.ts';
import { readId, showId } from '../ids.ts';
import type { Database } from '../store/database.ts';
import { given } from './given.ts';
import * as sql from './queries.ts';

/**
 * @param idOrName "c3", or the campaign's name
 * @returns null where there is no such campaign
 */
export async function provenance(
  db: Database,
  pseudonym: (hostId: number) => string,
  idOrName: string,
  query: ProvenanceQuery,
): Promise<ProvenancePage | null> {
  const [campaign] = await db.query<sql.ProvenanceRow>(sql.PROVENANCE, [
    readId('c', idOrName) ?? 0,
    idOrName,
  ]);
  if (!campaign) return null;
  const { spec, body } = campaign;
  const [point, first] = afterOf(query);
  const rows = await db.query<sql.MergedUnitRow>(sql.MERGED_UNITS, [
    campaign.id,
    point,
    first,
    query.point ?? LAST_POINT,
    query.limit + 1,
  ]);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const { application, version, software = null } = Release.parse(JSON.parse(body));
  return {
    release: { application, version, sha256: sha256(body), place: software },
    campaign: spec.name,
    inputs: spec.inputs ?? null,
    units: page.map((unit) => ({
      unit: showId('u', unit.id),
      point: unit.point_index,
      seed: pointSeed(spec.seed, unit.point_index),
      firstEvent: unit.first_event,
      events: unit.events,
      input:
        unit.input && unit.input_of !== null ? { unit: showId('u', unit.input_of), ...unit.input } : null,
      results: unit.results.map((one) => given(one, pseudonym)),
    })),
    next: rows.length > page.length && last ? `${last.point_index}.${last.first_event}` : null,
  };
}

/** Beyond any (ProvenanceQuery). */
const LAST_POINT = 1e10;

/** Point and first event of the last unit before the page. */
function afterOf({ after, point }: ProvenanceQuery): [number, number] {
  if (after === undefined) return [point ?? 0, -1];
  const [lastPoint = '0', lastFirst = '0'] = after.split('.');
  return [Number(lastPoint), Number(lastFirst)];
}
