import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as modules from 'node:module';
import { isAlive } from '../../platform/processes.ts';
import type { HistoryDay } from '../../protocol/engine-api.ts';
import { isDamage, openHistory } from './open.ts';
import { adoptProjects } from './queries/adopt-projects.ts';
import { listDays } from './queries/list-days.ts';
import { listFinished } from './queries/list-finished.ts';
import { listUnits, type UnitsCursor, type UnitsFilter } from './queries/list-units.ts';
import { listPoints } from './queries/points.ts';
import { pruneUnits } from './queries/prune-units.ts';
import { readTotals } from './queries/read-totals.ts';
import { recordUnit } from './queries/record-unit.ts';
import { HistoryError, type PointSums, type Totals, type UnitRecord } from './records.ts';

/** What this process is asked, and what it answers. */
export interface HistoryCalls {
  record(unit: UnitRecord): boolean;
  days(count: number): HistoryDay[];
  totals(): Totals;
  units(filter: UnitsFilter, before: UnitsCursor | null, limit: number): { units: unknown[]; total: number };
  points(project: string, campaign: string): PointSums[];
  adopt(projects: readonly { readonly key: string; readonly name: string }[]): void;
  /** As FinishedUnit has them; parsed by the engine. */
  finished(count: number): unknown[];
}
export type HistoryRequest = { id: number; call: keyof HistoryCalls; args: readonly unknown[] };
export type HistoryReply =
  | { id: number; ok: true; value: unknown }
  | { id: number; ok: false; message: string; isForPerson: boolean }
  | { id: null; movedAside: string };

// It is ended by a signal, and would write nothing of what its next start could read. (Electron's old Node has no such call.)
modules.flushCompileCache?.();

const path = process.argv[2] ?? '';
const answer = (reply: HistoryReply) => process.send?.(reply);

/** How long to wait for the process of an engine that was killed a moment ago to end what it was writing. */
const OWNER_WAIT_MS = 3_000;

function open() {
  waitForOwner(`${path}.pid`);
  writeFileSync(`${path}.pid`, String(process.pid));
  const opened = openHistory(path, Date.now());
  if (opened.movedAside) answer({ id: null, movedAside: opened.movedAside });
  pruneUnits(opened.database, Date.now());
  return opened.database;
}

/** Bounded, because the number may belong to another program by now. */
function waitForOwner(pidFile: string): void {
  const pid = Number(existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : Number.NaN);
  const end = Date.now() + OWNER_WAIT_MS;
  while (pid > 0 && pid !== process.pid && isAlive(pid) && Date.now() < end) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

let database: ReturnType<typeof open> | null = null;

const calls: HistoryCalls = {
  record: (unit) => recordUnit(use(), unit, localDay(Date.parse(unit.finishedAt))),
  days: (count) => listDays(use(), localDay(Date.now(), count - 1)),
  totals: () => readTotals(use()),
  units: (filter, before, limit) => listUnits(use(), filter, before, limit),
  points: (project, campaign) => listPoints(use(), project, campaign),
  adopt: (projects) => adoptProjects(use(), projects),
  finished: (count) => listFinished(use(), count),
};

function use() {
  database ??= open();
  return database;
}

function perform({ call, args }: HistoryRequest): unknown {
  // The pair (call, args) was typed where it was sent: history.ts.
  const run = calls[call] as (...values: readonly unknown[]) => unknown;
  try {
    return run(...args);
  } catch (error) {
    if (!isDamage(error)) throw error;
    // Damage met on the way: opening again checks the file and puts it aside.
    database?.close();
    database = null;
    return run(...args);
  }
}

// Ctrl-C reaches the whole group of the terminal; the engine says when it is over, by hanging up (also when it dies).
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => {
  if (database) {
    database.close();
    rmSync(`${path}.pid`, { force: true });
  }
  // Not exit(): Node then waits for V8's threads, and one of those may wait for garbage to be collected by this one, for ever.
  process.kill(process.pid, 'SIGKILL');
});
process.on('message', (request: HistoryRequest) => {
  let reply: HistoryReply;
  try {
    reply = { id: request.id, ok: true, value: perform(request) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply = { id: request.id, ok: false, message, isForPerson: error instanceof HistoryError };
  }
  answer(reply);
});

/** The calendar day in the person's time zone, `back` days before. */
function localDay(ms: number, back = 0): string {
  const date = new Date(ms);
  date.setDate(date.getDate() - back);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
