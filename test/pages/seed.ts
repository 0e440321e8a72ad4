import { openHistory } from '../../engine/history/open.ts';
import { recordUnit } from '../../engine/history/queries/record-unit.ts';
import type { UnitRecord } from '../../engine/history/records.ts';

const DAY_MS = 86_400_000;

export interface Past {
  readonly units: number;
  /** Spread evenly over so many days up to today. */
  readonly days: number;
  readonly project: { readonly key: string; readonly name: string };
  readonly campaigns: readonly { readonly id: string; readonly title: string }[];
}

/** Writes a past into the history of an engine that does not run, by the engine's own queries. */
export function seedHistory(file: string, past: Past): void {
  const { database } = openHistory(file, Date.now());
  try {
    // Ten thousand transactions that nobody would miss after a power cut.
    database.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;');
    for (let i = 0; i < past.units; i += 1) {
      const finished = new Date(Date.now() - (DAY_MS * past.days * (past.units - i)) / past.units);
      recordUnit(database, unitOf(i, finished.toISOString(), past), finished.toISOString().slice(0, 10));
    }
  } finally {
    database.close();
  }
}

function unitOf(i: number, finishedAt: string, { project, campaigns }: Past): UnitRecord {
  const campaign = campaigns[i % campaigns.length] ?? { id: 'none', title: 'None' };
  // A wave, so that days differ; every ninth unit did not become valid.
  const events = Math.round(40_000_000 * (1.3 + Math.sin(i / 7)));
  const verdict = i % 9 === 4 ? 'invalid' : i % 9 === 7 ? 'late' : 'valid';
  return {
    leaseId: `past-lease-${i}`,
    unitId: `past-unit-${i}`,
    project: project.key,
    projectName: project.name,
    campaign: campaign.id,
    campaignTitle: campaign.title,
    application: 'evgen',
    events,
    seconds: 40,
    eventsPerSecond: events / 40,
    verdict,
    creditMicroseconds: verdict === 'valid' ? Math.round(events / 10) : 0,
    reason: verdict === 'invalid' ? 'Two other computers agree on another result.' : null,
    outputHash: 'a'.repeat(64),
    capsule: 'wasm',
    accelerator: null,
    bootMs: null,
    restoreMs: null,
    firstEventMs: 120,
    finishedAt,
    cpuSeconds: 40,
    fills: null,
  };
}
