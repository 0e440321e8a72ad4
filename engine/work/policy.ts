import type { CapsuleKind } from '../capsules/capsule.ts';
import type { Attempt } from './machine.ts';

const BACKOFF_BASE_MS = 2_000;
const BACKOFF_CAP_MS = 15 * 60_000;
/** Full jitter may draw almost nothing; below this it would be hammering. */
const BACKOFF_FLOOR_MS = 500;

/**
 * Exponential backoff with full jitter, so that hosts which failed together do not return together.
 * @param failures in a row, at least 1
 * @param random in [0, 1)
 * @param atLeastMs what the server asked for; jitter comes on top, or all would return at that very moment
 */
export function backoffMs(failures: number, random: number, atLeastMs = 0): number {
  const range = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures - 1, 20));
  return Math.max(BACKOFF_FLOOR_MS, atLeastMs + random * range);
}

export interface Demand {
  /** Capsules that policy allows now. */
  readonly slots: number;
  /** Capsules that preferences may ever allow. */
  readonly coresAllowed: number;
  readonly bufferPerCore: number;
  /** Units here whose run has not ended. */
  readonly unfinished: number;
  /** How many more units may be taken in this life of the engine; null: any number. */
  readonly allowance: number | null;
}

/** Finished results may pile up during an outage to this many times the buffer before no more work is begun. */
const UNDELIVERED_BUFFERS = 50;

/** How many more units to ask for. None while the machine has no core to spare: others may want them sooner. */
export function unitsWanted(demand: Demand): number {
  const wanted = Math.min(bufferOf(demand) - demand.unfinished, demand.allowance ?? Number.POSITIVE_INFINITY);
  return Math.max(0, Math.min(wanted, 256));
}

/** @param undelivered units of one project whose result could not be delivered yet: they fill the disk */
export function tooManyUndelivered(demand: Omit<Demand, 'unfinished'>, undelivered: number): boolean {
  return undelivered >= UNDELIVERED_BUFFERS * Math.max(1, bufferOf(demand));
}

function bufferOf({ bufferPerCore, slots, coresAllowed }: Omit<Demand, 'unfinished'>): number {
  return bufferPerCore * Math.min(slots, coresAllowed);
}

export interface Candidate {
  readonly leaseId: string;
  readonly deadlineMs: number;
  readonly interruptions: number;
  readonly attempts: readonly Attempt[];
  /** Capsules the release has a program for. */
  readonly kinds: readonly CapsuleKind[];
}

/**
 * Which unit to run next and where. A unit that cost many interrupted runs waits behind others, so that one
 * which takes the whole engine down cannot block the rest; then the earliest deadline first.
 * @param usable capsules that can start now, best first for the candidate
 */
export function chooseNext<T extends Candidate>(
  candidates: readonly T[],
  usable: (candidate: T) => readonly CapsuleKind[],
): { candidate: T; kind: CapsuleKind } | null {
  const ordered = [...candidates].sort(
    (a, b) =>
      a.interruptions - b.interruptions ||
      a.deadlineMs - b.deadlineMs ||
      (a.leaseId < b.leaseId ? -1 : a.leaseId > b.leaseId ? 1 : 0),
  );
  for (const candidate of ordered) {
    const kinds = usable(candidate).filter((kind) => candidate.kinds.includes(kind));
    const kind = untried(kinds, candidate.attempts)[0] ?? kinds[0];
    if (kind !== undefined) return { candidate, kind };
  }
  return null;
}

/** Runs of one unit that may break before it is reported, where no second kind of capsule is there. */
const BREAKS_IN_ONE_KIND = 2;

/**
 * Whether a unit whose run broke gets another one: in a capsule of another kind where one can run it, else once
 * more in the same (a single break may be this host's bad moment); then the project is told.
 * @param attempts all broken runs, the last one included
 * @param runnable kinds that this host has and the release has a program for
 */
export function mayTryAgain(attempts: readonly Attempt[], runnable: readonly CapsuleKind[]): boolean {
  return untried(runnable, attempts).length > 0 || attempts.length < BREAKS_IN_ONE_KIND;
}

function untried(kinds: readonly CapsuleKind[], attempts: readonly Attempt[]): CapsuleKind[] {
  return kinds.filter((kind) => attempts.every((attempt) => attempt.capsule !== kind));
}

const VERDICT_FIRST_MS = 1_000;
const VERDICT_LONGEST_MS = 30 * 60_000;

/**
 * How long to wait before asking again for a verdict: half as long as the result has waited already. A quick
 * project is asked within a second, a quorum that takes days about twenty times, then twice an hour.
 * @param random in [0, 1): spreads the hosts
 */
export function verdictWaitMs(waitedMs: number, random: number): number {
  const wait = Math.min(VERDICT_LONGEST_MS, Math.max(VERDICT_FIRST_MS, waitedMs / 2));
  return wait * (0.75 + random / 2);
}
