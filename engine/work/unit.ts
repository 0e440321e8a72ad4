import type { FinishedUnit } from '../../protocol/engine-api.ts';
import type { Sha256 } from '../../protocol/primitives.ts';
import type { Platform, Release, Signed } from '../../protocol/release.ts';
import type { CapsuleKind } from '../capsules/capsule.ts';
import type { Measures, Outcome, UnitState } from './machine.ts';
import type { SpooledLease } from './spool.ts';

/** Names a lease among those of all projects: each project counts its own, so their ids alone may be the same. */
export function leaseKey(project: string, id: string): string {
  return `${id}@${project}`;
}

/** A work unit in this engine's memory: what is on disk, and what only this life of the engine knows. */
export interface WorkUnit {
  /** leaseKey(): of all units here. What the project knows it by is spooled.lease.id. */
  readonly leaseId: string;
  readonly spooled: SpooledLease;
  /** Changed by Desk.apply() only. */
  state: UnitState;
  /** The disk is behind: nothing may leave this host on the strength of this state yet. */
  unsaved: boolean;
  signedRelease: Signed | null;
  release: Release | null;
  /** Verified program files by the kind of capsule that runs them; filled when ready. */
  programs: ReadonlyMap<CapsuleKind, string>;
  /** Verified files that the card names as inputs, by their paths in the work unit's directory; filled when ready. */
  inputs: ReadonlyMap<string, string>;
  /** Files of the program where it is a tree; known once its manifest is here. */
  treeFiles: ReadonlySet<Sha256>;
  /** A run ended because part of the program could not be read: all of it is, before the next. */
  readAhead: boolean;
  /** The verdict that the history has of it; null: nothing yet in this life of the engine. */
  recordedAs: FinishedUnit['verdict'] | null;
  /** A slot works in its folder: it must not be removed. */
  inSlot: boolean;
  /** Monotonic moments of the verdict questions. */
  reportedAtMs: number;
  askVerdictAtMs: number;
}

/** A kind of capsule this host can run, and what it runs. */
export interface UsableKind {
  readonly kind: CapsuleKind;
  readonly platform: Platform;
}

export function isUnfinished(unit: WorkUnit): boolean {
  const { state } = unit.state;
  return state === 'leased' || state === 'fetching' || state === 'ready' || state === 'running';
}

export function isUndelivered(unit: WorkUnit): boolean {
  const { state } = unit.state;
  return state === 'finished' || state === 'uploading' || state === 'failed';
}

/** Hashes of the programs, of their files and of inputs, that unfinished units need kept on disk. */
export function neededObjects(units: Iterable<WorkUnit>): Set<Sha256> {
  const needed = new Set<Sha256>();
  for (const unit of units) {
    if (!unit.release || !isUnfinished(unit)) continue;
    for (const program of Object.values(unit.release.programs)) needed.add(program.sha256);
    for (const sha256 of unit.treeFiles) needed.add(sha256);
    for (const { sha256 } of unit.spooled.lease.card.inputs ?? []) needed.add(sha256);
  }
  return needed;
}

/** What can be told of a unit whose run has ended; null before. */
export function finishedView(unit: WorkUnit): FinishedUnit | null {
  const ended = endOf(unit);
  if (!ended) return null;
  const { lease } = unit.spooled;
  const { measures, outcome, verdict, creditMicroseconds, reason } = ended;
  const events = lease.card.events;
  return {
    leaseId: unit.leaseId,
    unitId: lease.unitId,
    project: unit.spooled.project,
    campaign: lease.campaign,
    campaignTitle: lease.campaignTitle,
    application: lease.application,
    events,
    seconds: measures.seconds,
    eventsPerSecond: outcome.kind === 'outputs' && measures.seconds > 0 ? events / measures.seconds : 0,
    verdict,
    creditMicroseconds,
    reason: reason ?? (outcome.kind === 'failure' ? outcome.reason : null),
    outputHash: outcome.kind === 'outputs' ? outcome.outputHash : null,
    capsule: measures.capsule,
    accelerator: measures.accelerator,
    bootMs: measures.bootMs,
    restoreMs: measures.restoreMs,
    firstEventMs: measures.firstEventMs,
    finishedAt: measures.finishedAt,
  };
}

export function cpuSecondsOf(unit: WorkUnit): number {
  return endOf(unit)?.measures.cpuSeconds ?? 0;
}

interface End {
  readonly measures: Measures;
  readonly outcome: Outcome;
  readonly verdict: FinishedUnit['verdict'];
  readonly creditMicroseconds: number;
  readonly reason: string | null;
}

function endOf({ state }: WorkUnit): End | null {
  const open = { creditMicroseconds: 0, reason: null };
  switch (state.state) {
    case 'finished':
    case 'uploading':
    case 'failed':
      return { ...state, ...open, verdict: 'unreported' };
    case 'reported':
      return { ...state, ...open, verdict: 'pending' };
    case 'decided': {
      const { measures, outcome, verdict } = state;
      const { creditMicroseconds, reason } = verdict;
      // machine.ts takes only final verdicts here.
      return { measures, outcome, verdict: verdict.state, creditMicroseconds, reason };
    }
    case 'abandoned':
      return state.result && { ...state.result, ...open, verdict: 'lost', reason: state.reason };
    default:
      return null;
  }
}
