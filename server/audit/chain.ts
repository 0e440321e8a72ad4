import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';

/** What is written into the audit trail. */
export interface AuditEvent {
  readonly event: string;
  /** Strings, whole numbers and booleans: what comes back from every store as it was. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

/** A row of the trail; `hash` is over all the rest, `previous` the hash of the row before. */
export interface AuditRow extends AuditEvent {
  readonly number: number;
  readonly at: Date;
  readonly previous: string;
  readonly hash: string;
}

/** What the first row has for `previous`. */
export const GENESIS = '0'.repeat(64);

export function auditHash({ number, at, event, details, previous }: Omit<AuditRow, 'hash'>): string {
  const text = canonicalJson({ number, at: at.toISOString(), event, details, previous });
  return createHash('sha256').update(text).digest('hex');
}

export function nextRow(
  last: Pick<AuditRow, 'number' | 'hash'> | null,
  at: Date,
  event: AuditEvent,
): AuditRow {
  const { number, hash: previous } = last ?? { number: 0, hash: GENESIS };
  const row = { number: number + 1, at, event: event.event, details: event.details, previous };
  return { ...row, hash: auditHash(row) };
}

/**
 * The first thing wrong with a row that follows `last`, in words; null: it does follow.
 */
export function breach(last: Pick<AuditRow, 'number' | 'hash'> | null, row: AuditRow): string | null {
  const { number, hash } = last ?? { number: 0, hash: GENESIS };
  if (row.number !== number + 1) {
    const missing =
      row.number === number + 2 ? `row ${number + 1} is` : `rows ${number + 1} to ${row.number - 1} are`;
    return `${missing} missing`;
  }
  if (row.hash !== auditHash(row)) return `row ${row.number} was changed`;
  return row.previous === hash ? null : `row ${row.number} does not follow the row before it`;
}

export interface Verification {
  readonly rows: number;
  /** Hash of the last row: whoever keeps it elsewhere can tell when rows at the end are missing. */
  readonly head: string | null;
  /** What is wrong first, in words. */
  readonly breach: string | null;
}

/**
 * Goes through a trail.
 * @param after the rows after one, oldest first; none where it ends
 */
export async function verifyTrail(
  after: (number: number) => Promise<readonly AuditRow[]>,
): Promise<Verification> {
  let last: AuditRow | null = null;
  for (;;) {
    const rows: readonly AuditRow[] = await after(last?.number ?? 0);
    if (rows.length === 0) return { rows: last?.number ?? 0, head: last?.hash ?? null, breach: null };
    for (const row of rows) {
      const wrong = breach(last, row);
      if (wrong !== null) return { rows: last?.number ?? 0, head: last?.hash ?? null, breach: wrong };
      last = row;
    }
  }
}
