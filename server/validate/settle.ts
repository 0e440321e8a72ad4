import type { ResultState } from '../../protocol/staff-api.ts';
import { decideQuorum, isSetAside, type PendingResult } from './quorum.ts';

/** How a campaign believes results. */
export type Method =
  | { readonly kind: 'quorum'; readonly quorum: number }
  | { readonly kind: 'spot' }
  | { readonly kind: 'adaptive' };

export interface UnitStanding {
  readonly state: 'open' | 'valid' | 'aside';
  /** Failed and invalid results so far. */
  readonly failures: number;
  readonly attempts: number;
  readonly method: Method;
  /** Finished, undecided results of other hosts. */
  readonly pending: readonly PendingResult[];
}

/** What is new about a unit. */
export type News =
  | { readonly kind: 'finished'; readonly result: PendingResult }
  /** The program failed, or its output is not what the card asks for. */
  | {
      readonly kind: 'bad';
      readonly leaseId: number;
      readonly state: 'failed' | 'invalid';
      readonly reason: string;
    }
  /** A spot check has come to its end. */
  | {
      readonly kind: 'checked';
      readonly leaseId: number;
      readonly fault: string | null;
      /** Share of its blocks that were looked at; 1: all. */
      readonly share: number;
      /** Other waiting results that the same blocks show to be wrong, and why. */
      readonly refuted: ReadonlyMap<number, string>;
      /** Where the campaign is adaptive: another host is to compute it too before it is believed. */
      readonly replicate: boolean;
    }
  /** The project has lost a result before it was decided: not its host's fault. */
  | { readonly kind: 'lost'; readonly leaseId: number; readonly reason: string };

export interface Settlement {
  /** Verdicts that are new or change, the one the news is about included. */
  readonly verdicts: readonly {
    readonly leaseId: number;
    readonly state: ResultState;
    readonly reason: string | null;
    /** Share of its blocks known to be right; 1: another host gave the same. */
    readonly checked: number;
  }[];
  readonly unit: {
    readonly state: 'open' | 'valid' | 'aside';
    readonly failures: number;
    readonly agreeing: number;
  };
  /** The unit has just become valid: its sums are merged, once. */
  readonly merge: boolean;
  /** A spot check is to be made of this result. */
  readonly check: number | null;
  /** Another host is to compute this result's unit too; where none does, all its blocks are to be checked. */
  readonly replicate: number | null;
}

const DIFFERS = 'the output differs from the one other computers agree on';
const DISAGREE = 'too many computers disagree on this work unit; the project looks at it';
const TOO_LATE = 'this work unit was finished by others meanwhile';

/**
 * What follows from news of a work unit: a pure function, so that it can be tried on every situation.
 *
 *     open --(quorum of equal hashes | spot check passed)--> valid    merged and credited, once
 *     open --(too many failed, invalid or disagreeing)-----> aside    waits for staff
 *
 * A closed unit changes no more: what comes then is late. (A valid one is opened again where its host is caught later;
 * see withdrawals.ts.) In an adaptive campaign a result that passed its spot check may have to wait until another host
 * gives the same, or all its blocks were checked. There nobody is outvoted: where two differ, the project regenerates a
 * block in which they do.
 */
export function settle(unit: UnitStanding, news: News): Settlement {
  if (unit.state !== 'open') return late(unit, news);
  switch (news.kind) {
    case 'bad':
      return failed(unit, news.leaseId, news.state, news.reason, unit.pending);
    case 'checked':
      return checked(unit, news);
    case 'lost':
      return {
        verdicts: [{ leaseId: news.leaseId, state: 'late', reason: news.reason, checked: 0 }],
        unit: {
          state: 'open',
          failures: unit.failures,
          agreeing: largestAgreement(unit.pending.filter((result) => result.leaseId !== news.leaseId)),
        },
        ...NOTHING_MORE,
      };
    case 'finished': {
      const pending = [...unit.pending, news.result];
      const { leaseId } = news.result;
      if (unit.method.kind !== 'quorum') {
        const same = unit.pending.filter((one) => isReplica(one, news.result));
        if (unit.method.kind === 'adaptive' && same.some((one) => (one.checked ?? 0) > 0)) {
          const others = unit.pending.filter((one) => !same.includes(one));
          return valid(unit, [leaseId, ...same.map((one) => one.leaseId)], 1, [], others);
        }
        return {
          verdicts: [{ leaseId, state: 'pending', reason: null, checked: 0 }],
          unit: { state: 'open', failures: unit.failures, agreeing: largestAgreement(pending) },
          ...NOTHING_MORE,
          check: leaseId,
        };
      }
      const decision = decideQuorum(pending, unit.method.quorum);
      if (decision.decided) {
        // A quorum of one is nobody's confirmation.
        const share = decision.valid.length > 1 ? 1 : 0;
        return valid(unit, decision.valid, share, decision.invalid, []);
      }
      if (isSetAside(unit.failures + pending.length - decision.agreeing, unit.attempts)) {
        return aside(unit.failures, [], pending);
      }
      return {
        verdicts: [{ leaseId, state: 'pending', reason: null, checked: 0 }],
        unit: { state: 'open', failures: unit.failures, agreeing: decision.agreeing },
        ...NOTHING_MORE,
      };
    }
  }
}

const NOTHING_MORE = { merge: false, check: null, replicate: null } as const;

function isReplica(one: PendingResult, other: PendingResult): boolean {
  return one.outputHash === other.outputHash && one.hostId !== other.hostId;
}

function checked(unit: UnitStanding, news: Extract<News, { kind: 'checked' }>): Settlement {
  const { leaseId, fault, share, refuted } = news;
  const bad = [...refuted].map(([lease, reason]) => ({ leaseId: lease, reason }));
  if (fault !== null) bad.push({ leaseId, reason: fault });
  const standing = unit.pending.filter((one) => !bad.some((other) => other.leaseId === one.leaseId));
  const invalid = bad.map((one) => ({ ...one, state: 'invalid' as const, checked: 0 }));
  const failures = unit.failures + bad.length;
  const result = standing.find((one) => one.leaseId === leaseId);
  if (!result) return open({ ...unit, failures }, invalid, standing);
  const same = standing.filter((one) => one !== result && one.outputHash === result.outputHash);
  const isConfirmed = share === 1 || same.some((one) => isReplica(one, result));
  if (unit.method.kind === 'adaptive' && news.replicate && !isConfirmed) {
    const waits = { leaseId, state: 'pending' as const, reason: null, checked: share };
    return { ...open({ ...unit, failures }, [...invalid, waits], standing), replicate: leaseId };
  }
  const others = standing.filter((one) => one !== result && !same.includes(one));
  const good = [result, ...same].map((one) => one.leaseId);
  const done = valid({ ...unit, failures }, good, isConfirmed ? 1 : share, [], others);
  return { ...done, verdicts: [...invalid, ...done.verdicts] };
}

/** The unit waits further, for others' results, unless too much went wrong. */
function open(unit: UnitStanding, verdicts: Settlement['verdicts'], pending: readonly PendingResult[]) {
  const agreeing = largestAgreement(pending);
  if (isSetAside(unit.failures + pending.length - agreeing, unit.attempts))
    return aside(unit.failures, verdicts, pending);
  return { verdicts, unit: { state: 'open' as const, failures: unit.failures, agreeing }, ...NOTHING_MORE };
}

function late(unit: UnitStanding, news: News): Settlement {
  const kept = { state: unit.state, failures: unit.failures, agreeing: 0 };
  if (news.kind === 'bad') {
    const { leaseId, state, reason } = news;
    return { verdicts: [{ leaseId, state, reason, checked: 0 }], unit: kept, ...NOTHING_MORE };
  }
  const leaseId = news.kind === 'finished' ? news.result.leaseId : news.leaseId;
  const verdict = { leaseId, state: 'late', reason: TOO_LATE, checked: 0 } as const;
  return { verdicts: [verdict], unit: kept, ...NOTHING_MORE };
}

function valid(
  unit: UnitStanding,
  validLeases: readonly number[],
  share: number,
  invalidLeases: readonly number[],
  others: readonly PendingResult[],
): Settlement {
  return {
    verdicts: [
      ...validLeases.map((leaseId) => ({ leaseId, state: 'valid' as const, reason: null, checked: share })),
      ...invalidLeases.map((leaseId) => ({
        leaseId,
        state: 'invalid' as const,
        reason: DIFFERS,
        checked: 0,
      })),
      ...others.map(({ leaseId }) => ({ leaseId, state: 'late' as const, reason: TOO_LATE, checked: 0 })),
    ],
    unit: { state: 'valid', failures: unit.failures + invalidLeases.length, agreeing: 0 },
    ...NOTHING_MORE,
    merge: true,
  };
}

function failed(
  unit: UnitStanding,
  leaseId: number,
  state: 'failed' | 'invalid',
  reason: string,
  pending: readonly PendingResult[],
): Settlement {
  const verdict = { leaseId, state, reason, checked: 0 };
  return open({ ...unit, failures: unit.failures + 1 }, [verdict], pending);
}

function largestAgreement(pending: readonly PendingResult[]): number {
  const decision = decideQuorum(pending, Number.POSITIVE_INFINITY);
  return decision.decided ? 0 : decision.agreeing;
}

function aside(
  failures: number,
  verdicts: Settlement['verdicts'],
  pending: readonly PendingResult[],
): Settlement {
  return {
    verdicts: [
      ...verdicts,
      ...pending.map(({ leaseId }) => ({ leaseId, state: 'late' as const, reason: DISAGREE, checked: 0 })),
    ],
    unit: { state: 'aside', failures, agreeing: 0 },
    ...NOTHING_MORE,
  };
}
