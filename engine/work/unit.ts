import type { Sha256 } from '../../protocol/primitives.ts';
import type { Platform, Release, Signed } from '../../protocol/release.ts';
import type { CapsuleKind } from '../capsules/capsule.ts';
import type { UnitState } from './machine.ts';
import type { SpooledLease } from './spool.ts';

/** A work unit in this engine's memory: what is on disk, and what only this life of the engine knows. */
export interface WorkUnit {
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

/** Hashes of the programs that unfinished units need kept on disk. */
export function neededObjects(units: Iterable<WorkUnit>): Set<Sha256> {
  const needed = new Set<Sha256>();
  for (const unit of units) {
    if (!unit.release || !isUnfinished(unit)) continue;
    for (const program of Object.values(unit.release.programs)) needed.add(program.sha256);
  }
  return needed;
}
