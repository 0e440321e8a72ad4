import type { Database } from '../open.ts';

/** The last `count` units whose run ended here, the newest last; fields as FinishedUnit names them. */
export function listFinished(database: Database, count: number): Record<string, unknown>[] {
  return database
    .all('SELECT * FROM units ORDER BY finished_at DESC, lease_id DESC LIMIT ?', [count])
    .reverse()
    .map(unitFields);
}

/** A row of units as FinishedUnit names its fields. */
export function unitFields(row: Record<string, unknown>): Record<string, unknown> {
  return {
    leaseId: row.lease_id,
    unitId: row.unit_id,
    project: row.project,
    campaign: row.campaign,
    campaignTitle: row.campaign_title,
    application: row.application,
    events: row.events,
    seconds: row.seconds,
    eventsPerSecond: row.events_per_second,
    verdict: row.verdict,
    creditMicroseconds: row.credit_microseconds,
    reason: row.reason,
    outputHash: row.output_hash,
    capsule: row.capsule,
    accelerator: row.accelerator,
    bootMs: row.boot_ms,
    restoreMs: row.restore_ms,
    firstEventMs: row.first_event_ms,
    finishedAt: row.finished_at,
  };
}
