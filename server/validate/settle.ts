import type { ResultState } from '../../protocol/staff-api.ts';
import { decideQuorum, isSetAside, type PendingResult } from './quorum.ts';

/** How a campaign believes results. */
export type Method = { readonly kind: 'quorum'; readonly quorum: number } | { readonly kind: 'spot' };

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
  | { readonly kind: 'checked'; readonly leaseId: number; readonly fault: string | null }
  /** The project has lost a result before it was decided: not its host's fault. */
  | { readonly kind: 'lost'; readonly leaseId: number; readonly reason: string };

export interface Settlement {
  /** Verdicts that are new or change, the one the news is about included. */
  readonly verdicts: readonly {
    readonly leaseId: number;
    readonly state: ResultState;
    readonly reason: string | null;
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
 * A closed unit changes no more: what comes then is late.
 */
export function settle(unit: UnitStanding, news: News): Settlement {
  if (unit.state !== 'open') return late(unit, news);
  switch (news.kind) {
    case 'bad':
      return failed(unit, news.leaseId, news.state, news.reason, unit.pending);
    case 'checked': {
      const others = unit.pending.filter((result) => result.leaseId !== news.leaseId);
      if (news.fault !== null) return failed(unit, news.leaseId, 'invalid', news.fault, others);
      const checked = unit.pending.find((result) => result.leaseId === news.leaseId);
      const same = others.filter((result) => result.outputHash === checked?.outputHash);
      return valid(
        unit,
        [news.leaseId, ...same.map((result) => result.leaseId)],
        [],
        others.filter((result) => !same.includes(result)),
      );
    }
    case 'lost':
      return {
        verdicts: [{ leaseId: news.leaseId, state: 'late', reason: news.reason }],
        unit: {
          state: 'open',
          failures: unit.failures,
          agreeing: largestAgreement(unit.pending.filter((result) => result.leaseId !== news.leaseId)),
        },
        merge: false,
        check: null,
      };
    case 'finished': {
      const pending = [...unit.pending, news.result];
      const { leaseId } = news.result;
      if (unit.method.kind === 'spot') {
        return {
          verdicts: [{ leaseId, state: 'pending', reason: null }],
          unit: { state: 'open', failures: unit.failures, agreeing: largestAgreement(pending) },
          merge: false,
          check: leaseId,
        };
      }
      const decision = decideQuorum(pending, unit.method.quorum);
      if (decision.decided) return valid(unit, decision.valid, decision.invalid, []);
      if (isSetAside(unit.failures + pending.length - decision.agreeing, unit.attempts)) {
        return aside(unit.failures, [], pending);
      }
      return {
        verdicts: [{ leaseId, state: 'pending', reason: null }],
        unit: { state: 'open', failures: unit.failures, agreeing: decision.agreeing },
        merge: false,
        check: null,
      };
    }
  }
}

function late(unit: UnitStanding, news: News): Settlement {
  const kept = { state: unit.state, failures: unit.failures, agreeing: 0 };
  if (news.kind === 'bad') {
    const { leaseId, state, reason } = news;
    return { verdicts: [{ leaseId, state, reason }], unit: kept, merge: false, check: null };
  }
  const leaseId = news.kind === 'finished' ? news.result.leaseId : news.leaseId;
  return { verdicts: [{ leaseId, state: 'late', reason: TOO_LATE }], unit: kept, merge: false, check: null };
}

function valid(
  unit: UnitStanding,
  validLeases: readonly number[],
  invalidLeases: readonly number[],
  others: readonly PendingResult[],
): Settlement {
  return {
    verdicts: [
      ...validLeases.map((leaseId) => ({ leaseId, state: 'valid' as const, reason: null })),
      ...invalidLeases.map((leaseId) => ({ leaseId, state: 'invalid' as const, reason: DIFFERS })),
      ...others.map(({ leaseId }) => ({ leaseId, state: 'late' as const, reason: TOO_LATE })),
    ],
    unit: { state: 'valid', failures: unit.failures + invalidLeases.length, agreeing: 0 },
    merge: true,
    check: null,
  };
}

function failed(
  unit: UnitStanding,
  leaseId: number,
  state: 'failed' | 'invalid',
  reason: string,
  pending: readonly PendingResult[],
): Settlement {
  const failures = unit.failures + 1;
  const verdict = { leaseId, state, reason };
  const agreeing = largestAgreement(pending);
  if (isSetAside(failures + pending.length - agreeing, unit.attempts))
    return aside(failures, [verdict], pending);
  return {
    verdicts: [verdict],
    unit: { state: 'open', failures, agreeing },
    merge: false,
    check: null,
  };
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
      ...pending.map(({ leaseId }) => ({ leaseId, state: 'late' as const, reason: DISAGREE })),
    ],
    unit: { state: 'aside', failures, agreeing: 0 },
    merge: false,
    check: null,
  };
}
