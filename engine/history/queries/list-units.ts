import type { UnitsQuery } from '../../../protocol/engine-api.ts';
import type { Database } from '../open.ts';
import { unitFields } from './list-finished.ts';

export type UnitsFilter = Pick<UnitsQuery, 'project' | 'campaign' | 'verdict'>;

/** Where a page ends: the last unit on it. */
export interface UnitsCursor {
  readonly finishedAt: string;
  readonly leaseId: string;
}

/** @returns the SQL of the page after `before`, newest first, and its values; its indices are in migrations.ts */
export function unitsSql(
  filter: UnitsFilter,
  before: UnitsCursor | null,
  limit: number,
): { sql: string; values: (string | number)[] } {
  const { conditions, values } = where(filter);
  if (before) {
    conditions.push('(finished_at, lease_id) < (?, ?)');
    values.push(before.finishedAt, before.leaseId);
  }
  const sql = `SELECT * FROM units${clause(conditions)} ORDER BY finished_at DESC, lease_id DESC LIMIT ?`;
  return { sql, values: [...values, limit] };
}

export function listUnits(
  database: Database,
  filter: UnitsFilter,
  before: UnitsCursor | null,
  limit: number,
): { units: Record<string, unknown>[]; total: number } {
  const { sql, values } = unitsSql(filter, before, limit);
  const counted = where(filter);
  const count = database.get(
    `SELECT count(*) AS units FROM units${clause(counted.conditions)}`,
    counted.values,
  );
  return { units: database.all(sql, values).map(unitFields), total: Number(count?.units ?? 0) };
}

function where({ project, campaign, verdict }: UnitsFilter): {
  conditions: string[];
  values: (string | number)[];
} {
  const wished = Object.entries({ project, campaign, verdict }).filter(([, value]) => value !== undefined);
  return {
    conditions: wished.map(([column]) => `${column} = ?`),
    values: wished.map(([, value]) => String(value)),
  };
}

function clause(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}
