import type { GivenResult } from '../../protocol/catalogue.ts';
import { showId } from '../ids.ts';
import type { GivenRow } from './queries.ts';

/** A result as everybody may see it. */
export function given(row: GivenRow, pseudonym: (hostId: number) => string): GivenResult {
  return {
    lease: showId('l', row.lease_id),
    host: pseudonym(row.host_id),
    state: row.state,
    capsule: row.capsule,
    outputHash: row.output_hash,
    files: row.files,
    reportedOn: row.reported_on,
  };
}
