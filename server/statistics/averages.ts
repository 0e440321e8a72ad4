import type { Database } from '../store/database.ts';

/**
 * Credit a day, averaged exponentially with a half-life of a week: update_average() of BOINC (lib/util.cpp), where what was done
 * since the last look counts as done evenly. Average R and work W over d days give R 2^(-d/7) + (1 - 2^(-d/7)) W/d.
 */
const WEIGHT = `2 ^ (-(extract(epoch FROM $1::timestamptz - had.at)::float8 / 86400) / 7)`;
const DAYS = `(extract(epoch FROM $1::timestamptz - had.at)::float8 / 86400)`;

/** A host joined with no credit and no average. */
const BEGIN = `
  INSERT INTO host_average (host_id, credit_microseconds, microseconds_a_day, at)
  SELECT id, 0, 0, registered_at FROM host WHERE credit_microseconds > 0
  ON CONFLICT DO NOTHING`;

/** What was withdrawn is taken off, but nobody has less than nothing. A host without news is averaged when it is read. */
const UPDATE = `
  UPDATE host_average AS had SET
    microseconds_a_day = greatest(0, microseconds_a_day * ${WEIGHT}
      + (1 - ${WEIGHT}) * (host.credit_microseconds - had.credit_microseconds) / ${DAYS}),
    credit_microseconds = host.credit_microseconds, at = $1
  FROM host
  WHERE host.id = had.host_id AND host.credit_microseconds <> had.credit_microseconds
    AND had.at <= $1::timestamptz - interval '1 minute'`;

/** As of $1; 0 where there is none. For a LEFT JOIN of host_average AS had. */
export const A_DAY = `coalesce(had.microseconds_a_day * ${WEIGHT}, 0) / 1e6`;

/** Any server of the store may do it at any time: it is right however often, and half done it is right for some. */
export async function updateAverages(db: Database, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query(BEGIN);
    await tx.query(UPDATE, [now.toISOString()]);
  });
}
