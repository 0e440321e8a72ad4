import type { Database } from '../open.ts';

/** Single units are kept this long: longer than any lease lives, so that none can come again and count twice. */
export const UNITS_KEPT_DAYS = 120;

/** Forgets old single units; the sums of their days stay. */
export function pruneUnits(database: Database, nowMs: number): number {
  const before = new Date(nowMs - UNITS_KEPT_DAYS * 86_400_000).toISOString();
  return database.run('DELETE FROM units WHERE finished_at < ?', [before]).changes;
}
