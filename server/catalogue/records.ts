import type { UnitRecord } from '../../protocol/catalogue.ts';
import { cardOf } from '../dispatch/lease.ts';
import { ApiFailure } from '../errors.ts';
import { readId, showId } from '../ids.ts';
import type { Database } from '../store/database.ts';
import { given } from './given.ts';
import * as sql from './queries.ts';

/**
 * A work unit that is merged, or one result of it.
 * @param id "u523" or "l991"
 * @throws ApiFailure 404; 409 where it is not decided
 */
export async function unitRecord(
  db: Database,
  pseudonym: (hostId: number) => string,
  id: string,
): Promise<UnitRecord> {
  const [unitId, leaseId] = [readId('u', id), readId('l', id)];
  const [row] =
    unitId === null && leaseId === null ? [] : await db.query<sql.RecordRow>(sql.RECORD, [unitId, leaseId]);
  if (!row) throw new ApiFailure(404, 'no-such-result', `there is no result "${id}"`);
  if (row.state !== 'valid') {
    const why =
      row.state === 'open' ? 'is not decided yet; ask again later' : 'was set aside, so it is not merged';
    throw new ApiFailure(409, 'not-merged', `work unit ${showId('u', row.id)} ${why}`);
  }
  const results = await db.query<sql.GivenRow>(sql.RECORD_RESULTS, [row.id, leaseId]);
  if (results.length === 0)
    throw new ApiFailure(404, 'no-such-result', `${id} has no output, or is not decided yet`);
  const { spec } = row;
  return {
    unit: showId('u', row.id),
    campaign: spec.name,
    application: spec.application,
    version: spec.version,
    point: row.point_index,
    card: cardOf(row, spec),
    results: results.map((one) => given(one, pseudonym)),
  };
}
