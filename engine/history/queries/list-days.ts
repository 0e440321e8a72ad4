import type { HistoryDay } from '../../../protocol/engine-api.ts';
import type { Database } from '../open.ts';

/** @param from the first calendar day wanted; oldest first, days without work are left out */
export function listDays(database: Database, from: string): HistoryDay[] {
  return database
    .all(
      `SELECT day, project, project_name, campaign, units_valid, events_valid, credit_microseconds, cpu_seconds
       FROM days WHERE day >= ? ORDER BY day, project, campaign`,
      [from],
    )
    .map((row) => ({
      day: String(row.day),
      project: String(row.project),
      projectName: String(row.project_name),
      campaign: String(row.campaign),
      unitsValid: Number(row.units_valid),
      eventsValid: Number(row.events_valid),
      creditMicroseconds: Number(row.credit_microseconds),
      cpuSeconds: Number(row.cpu_seconds),
    }));
}
