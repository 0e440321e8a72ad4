import type { Database, Queryable } from '../store/database.ts';
import { type AuditEvent, type AuditRow, nextRow } from './chain.ts';

/** Any number, the same for all servers of a store: appending is one's at a time. */
const TURN = 'SELECT pg_advisory_xact_lock(418053)';
const LAST = 'SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1';
const APPEND = `
  INSERT INTO audit (number, at, event, details, previous, hash)
  SELECT number, at, event, details, previous, hash
  FROM jsonb_to_recordset($1)
    AS came (number bigint, at timestamptz, event text, details jsonb, previous text, hash text)`;
const COLUMNS = 'number, at, event, details, previous, hash';
const AFTER = `SELECT ${COLUMNS} FROM audit WHERE number > $1 ORDER BY number LIMIT $2`;
const BEFORE = `SELECT ${COLUMNS} FROM audit WHERE number < $1 ORDER BY number DESC LIMIT $2`;

/** Writes events in the transaction of what they tell of: both are there, or none. */
export async function appendAudit(tx: Queryable, at: Date, events: readonly AuditEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(TURN);
  const [last] = await tx.query<Pick<AuditRow, 'number' | 'hash'>>(LAST);
  const rows: AuditRow[] = [];
  for (const event of events) rows.push(nextRow(rows.at(-1) ?? last ?? null, at, event));
  await tx.query(APPEND, [JSON.stringify(rows)]);
}

/** Rows after one, oldest first. */
export function auditAfter(db: Database, number: number, limit: number): Promise<AuditRow[]> {
  return db.query<AuditRow>(AFTER, [number, limit]);
}

/** Rows before one, newest first. */
export function auditBefore(db: Database, number: number, limit: number): Promise<AuditRow[]> {
  return db.query<AuditRow>(BEFORE, [number, limit]);
}
