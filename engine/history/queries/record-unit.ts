import { type Database, inTransaction } from '../open.ts';
import { isFinal, type UnitRecord } from '../records.ts';
import { addToPoint } from './points.ts';

/**
 * Records a unit as it stands: first when it is computed, again when its verdict comes; in either order, and any
 * number of times. Each lease counts once as computed and once as valid or invalid; a final verdict is never changed.
 *
 * @param day the person's calendar day, "2026-11-24"; used when the unit is new
 * @returns whether anything changed
 */
export function recordUnit(database: Database, unit: UnitRecord, day: string): boolean {
  return inTransaction(database, () => {
    const known = database.get('SELECT verdict, day, cpu_seconds FROM units WHERE lease_id = ?', [
      unit.leaseId,
    ]);
    if (known && (isFinal(known.verdict as UnitRecord['verdict']) || known.verdict === unit.verdict))
      return false;
    if (known) {
      database.run('UPDATE units SET verdict = ?, credit_microseconds = ?, reason = ? WHERE lease_id = ?', [
        unit.verdict,
        unit.creditMicroseconds,
        unit.reason,
        unit.leaseId,
      ]);
    } else {
      insert(database, unit, day);
    }
    const isValid = unit.verdict === 'valid';
    if (isValid && unit.fills) addToPoint(database, unit.project, unit.campaign, unit.fills);
    const computed = known || unit.outputHash === null ? 0 : 1;
    addToDay(database, {
      day: known ? String(known.day) : day,
      project: unit.project,
      projectName: unit.projectName,
      campaign: unit.campaign,
      unitsComputed: computed,
      eventsComputed: computed * unit.events,
      unitsValid: isValid ? 1 : 0,
      eventsValid: isValid ? unit.events : 0,
      unitsInvalid: unit.verdict === 'invalid' ? 1 : 0,
      creditMicroseconds: isValid ? unit.creditMicroseconds : 0,
      cpuSeconds: known ? 0 : unit.cpuSeconds,
      finishedAt: unit.finishedAt,
    });
    return true;
  });
}

function insert(database: Database, unit: UnitRecord, day: string): void {
  database.run(
    `INSERT INTO units (lease_id, unit_id, project, campaign, campaign_title, application, events, seconds, cpu_seconds,
       events_per_second, verdict, credit_microseconds, reason, output_hash, capsule, accelerator, boot_ms, restore_ms,
       first_event_ms, finished_at, day, project_name)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      unit.leaseId,
      unit.unitId,
      unit.project,
      unit.campaign,
      unit.campaignTitle,
      unit.application,
      unit.events,
      unit.seconds,
      unit.cpuSeconds,
      unit.eventsPerSecond,
      unit.verdict,
      unit.creditMicroseconds,
      unit.reason,
      unit.outputHash,
      unit.capsule,
      unit.accelerator,
      unit.bootMs,
      unit.restoreMs,
      unit.firstEventMs,
      unit.finishedAt,
      day,
      unit.projectName,
    ],
  );
}

interface Share {
  readonly day: string;
  readonly project: string;
  readonly projectName: string;
  readonly campaign: string;
  readonly unitsComputed: number;
  readonly eventsComputed: number;
  readonly unitsValid: number;
  readonly eventsValid: number;
  readonly unitsInvalid: number;
  readonly creditMicroseconds: number;
  readonly cpuSeconds: number;
  readonly finishedAt: string;
}

function addToDay(database: Database, share: Share): void {
  database.run(
    `INSERT INTO days (day, project, campaign, units_computed, events_computed, units_valid, events_valid, units_invalid,
       credit_microseconds, cpu_seconds, first_finished_at, project_name)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (day, project, campaign) DO UPDATE SET
       units_computed = units_computed + excluded.units_computed,
       events_computed = events_computed + excluded.events_computed,
       units_valid = units_valid + excluded.units_valid,
       events_valid = events_valid + excluded.events_valid,
       units_invalid = units_invalid + excluded.units_invalid,
       credit_microseconds = credit_microseconds + excluded.credit_microseconds,
       cpu_seconds = cpu_seconds + excluded.cpu_seconds,
       first_finished_at = min(first_finished_at, excluded.first_finished_at),
       project_name = excluded.project_name`,
    [
      share.day,
      share.project,
      share.campaign,
      share.unitsComputed,
      share.eventsComputed,
      share.unitsValid,
      share.eventsValid,
      share.unitsInvalid,
      share.creditMicroseconds,
      share.cpuSeconds,
      share.finishedAt,
      share.projectName,
    ],
  );
}
