import type { Database } from '../open.ts';
import type { Totals } from '../records.ts';

/** Everything this host ever did, over all projects. */
export function readTotals(database: Database): Totals {
  const sums = database.get(
    `SELECT coalesce(sum(events_computed), 0) AS events_computed, coalesce(sum(events_valid), 0) AS events_valid,
       coalesce(sum(units_valid), 0) AS units_valid, coalesce(sum(units_invalid), 0) AS units_invalid,
       coalesce(sum(credit_microseconds), 0) AS credit_microseconds, min(first_finished_at) AS since
     FROM days`,
  );
  const pending = database.get(
    `SELECT count(*) AS units FROM units WHERE verdict IN ('unreported', 'pending') AND output_hash IS NOT NULL`,
  );
  return {
    eventsComputed: Number(sums?.events_computed ?? 0),
    eventsValid: Number(sums?.events_valid ?? 0),
    unitsValid: Number(sums?.units_valid ?? 0),
    unitsPending: Number(pending?.units ?? 0),
    unitsInvalid: Number(sums?.units_invalid ?? 0),
    creditMicroseconds: Number(sums?.credit_microseconds ?? 0),
    since: typeof sums?.since === 'string' ? sums.since : null,
  };
}
