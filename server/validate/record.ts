import type { Validation } from '../../protocol/campaign.ts';
import type { OutputFile } from '../../protocol/primitives.ts';
import type { Release } from '../../protocol/release.ts';
import type { ResultState } from '../../protocol/staff-api.ts';
import { portionsOf } from '../campaigns/units.ts';
import { creditMicroseconds } from '../credit/credit.ts';
import type { Entry } from '../objects/packs.ts';
import type { SmallObjects } from '../objects/small-objects.ts';
import { batch, type Database, DoAgain, type Queryable } from '../store/database.ts';
import { type Adapting, adapt } from './adapt.ts';
import type { Sums } from './blocks.ts';
import { mergeOf, type PointMerge } from './merge.ts';
import * as sql from './queries.ts';
import { type Method, type News, type Settlement, settle } from './settle.ts';
import { type Judged, noteJudged, Trust } from './trust.ts';

/** A report that passed all checks that need no lock. */
export interface Arrival {
  readonly kind: 'report';
  readonly leaseId: number;
  readonly unitId: number;
  readonly hostId: number;
  readonly capsule: string;
  readonly seconds: number;
  readonly outcome:
    | {
        readonly kind: 'finished';
        readonly outputHash: string;
        readonly files: readonly OutputFile[];
        /** Files that came with the report, to be kept. */
        readonly contents: readonly Entry[];
        readonly sums: Sums;
        /** Where results are compared by tolerance. */
        readonly agreement: Agreement | null;
      }
    | {
        readonly kind: 'unusable';
        readonly outputHash: string;
        readonly files: readonly OutputFile[];
        readonly contents: readonly Entry[];
        readonly reason: string;
      }
    | {
        readonly kind: 'failed';
        readonly reason: string;
        readonly exitStatus: number | null;
        readonly consoleTail: string;
      };
}

/** What a result was found to agree with (outputs.ts). */
export interface Agreement {
  /** Output hash of the result it agrees with; its own where it is the first of its kind. */
  readonly leader: string;
  /** All that it was compared to, by output hash. */
  readonly compared: ReadonlySet<string>;
}

/** Between comparing and recording another result came that must be compared too; nothing was written. */
export const COMPARE_AGAIN = 'compare again';

/** A spot check that came to its end. */
export interface Judgement {
  readonly kind: 'checked';
  readonly leaseId: number;
  readonly unitId: number;
  readonly fault: string | null;
  /** A block was regenerated and is not the host's: it did not compute what it was given. */
  readonly isProven: boolean;
  /** Share of the blocks that were regenerated. */
  readonly share: number;
  /** Other waiting results of the unit that differ from a block regenerated, and how. */
  readonly refuted: ReadonlyMap<number, string>;
  /** null: the output is not here any more, as `fault` says. */
  readonly sums: Sums | null;
}

export type Verdict = sql.VerdictRow;

/** What recording needs of its surroundings. */
export interface RecordParts {
  readonly db: Database;
  readonly small: SmallObjects;
  /** Cached, since releases never change; read through `tx` where it is not there yet. */
  readonly releaseOf: (
    releaseId: number,
    tx: Queryable,
  ) => Promise<Pick<Release, 'referenceMicrosecondsPerEvent' | 'histograms'>>;
  /** In [0, 1), such that no host can foresee it. */
  readonly random: () => number;
}

export function methodOf(validation: Validation): Method {
  if ('quorum' in validation) return { kind: 'quorum', quorum: validation.quorum };
  if ('adaptive' in validation) return { kind: 'adaptive' };
  // By tolerance is a quorum as well, of results that agree instead of equal ones.
  return 'tolerance' in validation ? { kind: 'quorum', quorum: validation.tolerance } : { kind: 'spot' };
}

/** Where no second host has computed a unit by then, the project regenerates all its blocks: it may be the only host. */
const REPLICA_PATIENCE_MS = 10 * 60_000;

const MAXIMUM_DIFFERS = 'the cross-section maximum differs from that of other results of the same point';

/**
 * Writes what follows from a batch of news. First the files that came along, which one fsync makes durable and nothing
 * points to yet; then, all in one transaction: where these files lie, verdicts, the units' states, credit, merged sums,
 * the campaigns' counts and the queue of spot checks. Hence each is done exactly once, or not at all.
 * At most one of the batch is about any one unit.
 * @returns for each item the verdict of its lease; null where the lease is gone (given back meanwhile), or that it is
 *   to be compared again
 */
export async function recordBatch(
  { db, small, releaseOf, random }: RecordParts,
  items: readonly (Arrival | Judgement)[],
  now: Date,
): Promise<(Verdict | typeof COMPARE_AGAIN | null)[]> {
  const packed = await small.write(items.flatMap(contentsOf));
  const { verdicts, changes } = await db.transaction(async (tx) => {
    const changes = new Changes();
    const stale = new Set<Arrival | Judgement>();
    const leaseIds = items.map((item) => item.leaseId);
    const leases = new Map(
      (await tx.query<{ id: number; state: 'out' | 'expired' }>(sql.LOCK_LEASES, [leaseIds])).map((lease) => [
        lease.id,
        lease.state,
      ]),
    );
    const units = new Map(
      (await tx.query<sql.UnitRow>(sql.LOCK_UNITS, [items.map((item) => item.unitId)])).map((unit) => [
        unit.id,
        unit,
      ]),
    );
    const pending = await tx.query<sql.PendingRow>(sql.PENDING, [[...units.keys()]]);
    const rules = await rulesOf(tx, [...units.values()], releaseOf);
    const maxima = await maximaOf(tx, [...units.values()]);
    const trust = await Trust.of(tx, testedHosts(items, units, rules, pending), now);

    for (const item of items) {
      const unit = units.get(item.unitId);
      const rule = unit && rules.get(unit.campaign_id);
      if (!unit || !rule) continue;
      const waiting = pending
        .filter((row) => row.unit_id === unit.id)
        .map((row) => ({
          leaseId: row.lease_id,
          hostId: row.host_id,
          outputHash: row.output_hash,
          checked: row.checked,
        }));
      // A report repeated, or a check of what was decided meanwhile: nothing is new.
      if (item.kind === 'report' && !leases.has(item.leaseId)) continue;
      if (item.kind === 'checked' && !waiting.some((one) => one.leaseId === item.leaseId)) {
        changes.dropped.push(item.leaseId);
        continue;
      }
      const agreement = agreementOf(item);
      if (
        unit.state === 'open' &&
        agreement &&
        !waiting.every((one) => agreement.compared.has(one.outputHash))
      ) {
        stale.add(item);
        continue;
      }
      const point = `${unit.campaign_id} ${unit.point_index}`;
      const maximum = maxima.get(point) ?? null;
      const settlement = settle(
        {
          state: unit.state,
          failures: unit.failures,
          attempts: rule.attempts,
          method: rule.method,
          pending: waiting,
        },
        newsOf(item, maximum, (leaseId) => {
          const row = pending.find((one) => one.lease_id === leaseId);
          const rate = row && rule.perMillion !== null ? trust.rate(row, rule.perMillion) : 0;
          return random() < rate;
        }),
      );
      changes.add(item, unit, rule, settlement, leases.get(item.leaseId) === 'out');
      changes.judge(item, settlement, pending);
      if (settlement.replicate !== null) trust.tested(settlement.replicate, pending);
      if (settlement.merge) maxima.set(point, sumsOf(item)?.maximumPb ?? maximum);
    }
    await small.add(tx, packed);
    await changes.write(tx, now, rules);
    const rows = await tx.query<Verdict>(sql.VERDICTS_BY_LEASE, [leaseIds]);
    const byLease = new Map(rows.map((row) => [row.lease_id, row]));
    const verdicts = items.map((item) =>
      stale.has(item) ? COMPARE_AGAIN : (byLease.get(item.leaseId) ?? null),
    );
    return { verdicts, changes };
  });
  if (changes.hasChecks) db.announce('checks');
  if (changes.hasCaught) db.announce('caught');
  if (changes.isShown) db.announce('campaigns');
  return verdicts;
}

/** Hosts whose results passed a check in an adaptive campaign: how far they are believed decides what follows. */
function testedHosts(
  items: readonly (Arrival | Judgement)[],
  units: ReadonlyMap<number, sql.UnitRow>,
  rules: ReadonlyMap<number, Rule>,
  pending: readonly sql.PendingRow[],
): number[] {
  const leases = new Set<number>();
  for (const item of items) {
    const unit = units.get(item.unitId);
    const isAdaptive = unit && (rules.get(unit.campaign_id)?.perMillion ?? null) !== null;
    if (isAdaptive && item.kind === 'checked') leases.add(item.leaseId);
  }
  return [...new Set(pending.filter((row) => leases.has(row.lease_id)).map((row) => row.host_id))];
}

function agreementOf(item: Arrival | Judgement): Agreement | null {
  return item.kind === 'report' && item.outcome.kind === 'finished' ? item.outcome.agreement : null;
}

function contentsOf(item: Arrival | Judgement): readonly Entry[] {
  return item.kind === 'report' && item.outcome.kind !== 'failed' ? item.outcome.contents : [];
}

interface Rule {
  readonly attempts: number;
  readonly method: Method;
  readonly costUs: number;
  readonly adapting: Adapting;
  /** Of an adaptive campaign: wrong results expected among a million believed, at most. */
  readonly perMillion: number | null;
}

async function rulesOf(
  tx: Queryable,
  units: readonly sql.UnitRow[],
  releaseOf: RecordParts['releaseOf'],
): Promise<Map<number, Rule>> {
  const ids = [...new Set(units.map((unit) => unit.campaign_id))];
  const rules = new Map<number, Rule>();
  for (const row of await tx.query<sql.CampaignRulesRow>(sql.CAMPAIGN_RULES, [ids])) {
    const release = await releaseOf(row.release_id, tx);
    rules.set(row.id, {
      attempts: row.spec.attempts,
      method: methodOf(row.spec.validation),
      costUs: release.referenceMicrosecondsPerEvent,
      adapting: { id: row.id, spec: row.spec, axes: release.histograms },
      perMillion: 'adaptive' in row.spec.validation ? row.spec.validation.adaptive : null,
    });
  }
  return rules;
}

async function maximaOf(tx: Queryable, units: readonly sql.UnitRow[]): Promise<Map<string, number | null>> {
  const points = new Map(
    units.map((unit) => [
      `${unit.campaign_id} ${unit.point_index}`,
      { campaign_id: unit.campaign_id, index: unit.point_index },
    ]),
  );
  const rows = await tx.query<sql.MaximumRow>(sql.MAXIMA, [batch([...points.values()])]);
  return new Map(rows.map((row) => [`${row.campaign_id} ${row.index}`, row.maximum_pb]));
}

function sumsOf(item: Arrival | Judgement): Sums | null {
  if (item.kind === 'checked') return item.sums;
  return item.outcome.kind === 'finished' ? item.outcome.sums : null;
}

/** @param maximum of the point's merged results; it depends on the card alone, so all results must have the same */
function newsOf(
  item: Arrival | Judgement,
  maximum: number | null,
  isToReplicate: (leaseId: number) => boolean,
): News {
  const { leaseId } = item;
  const sums = sumsOf(item);
  const fault = sums && maximum !== null && sums.maximumPb !== maximum ? MAXIMUM_DIFFERS : null;
  if (item.kind === 'checked') {
    if (item.sums === null) return { kind: 'lost', leaseId, reason: item.fault ?? 'lost at the project' };
    const { share, refuted } = item;
    const replicate = isToReplicate(leaseId);
    return { kind: 'checked', leaseId, fault: item.fault ?? fault, share, refuted, replicate };
  }
  const { outcome } = item;
  if (outcome.kind === 'failed') return { kind: 'bad', leaseId, state: 'failed', reason: outcome.reason };
  if (outcome.kind === 'unusable') return { kind: 'bad', leaseId, state: 'invalid', reason: outcome.reason };
  if (fault) return { kind: 'bad', leaseId, state: 'invalid', reason: fault };
  return {
    kind: 'finished',
    result: { leaseId, hostId: item.hostId, outputHash: outcome.agreement?.leader ?? outcome.outputHash },
  };
}

/** Rows to write, gathered over a batch. */
class Changes {
  readonly dropped: number[] = [];
  readonly #results: sql.NewResult[] = [];
  readonly #leases: number[] = [];
  readonly #verdicts: {
    lease_id: number;
    state: ResultState;
    reason: string | null;
    credit: number;
    events: number;
    checked: number;
  }[] = [];
  readonly #units: object[] = [];
  /** Valid ones whose hosts get units of their size. */
  readonly #measured: { lease_id: number; events: number }[] = [];
  readonly #checks: number[] = [];
  readonly #replicated: number[] = [];
  readonly #judged: Judged[] = [];
  readonly #points = new Map<string, PointMerge>();
  readonly #campaigns = new Map<number, { id: number; valid: number; aside: number; events: number }>();
  /** Points of which a unit was decided, by campaign. */
  readonly #decided = new Map<number, Set<number>>();

  get hasChecks(): boolean {
    return this.#checks.length > 0;
  }

  get hasCaught(): boolean {
    return this.#judged.some((one) => one.isCaught);
  }

  /** Something that people see of campaigns has changed. */
  get isShown(): boolean {
    return this.#campaigns.size > 0;
  }

  add(
    item: Arrival | Judgement,
    unit: sql.UnitRow,
    rule: Rule,
    settlement: Settlement,
    wasOut: boolean,
  ): void {
    if (item.kind === 'report') {
      this.#results.push(resultRow(item, unit));
      this.#leases.push(item.leaseId);
    } else {
      this.dropped.push(item.leaseId);
    }
    for (const { leaseId, state, reason, checked } of settlement.verdicts) {
      const isValid = state === 'valid';
      this.#verdicts.push({
        lease_id: leaseId,
        state,
        reason,
        credit: isValid ? creditMicroseconds(unit.events, rule.costUs) : 0,
        events: isValid ? unit.events : 0,
        checked,
      });
      if (isValid && rule.adapting.spec.unitMinutes !== undefined)
        this.#measured.push({ lease_id: leaseId, events: unit.events });
      if (leaseId !== item.leaseId) this.dropped.push(leaseId);
    }
    this.#units.push({
      id: unit.id,
      state: settlement.unit.state,
      failures: settlement.unit.failures,
      agreeing: settlement.unit.agreeing,
      returned: item.kind === 'report' && wasOut ? 1 : 0,
      quorum: quorumAfter(settlement, rule),
    });
    if (settlement.check !== null) this.#checks.push(settlement.check);
    if (settlement.replicate !== null) this.#replicated.push(settlement.replicate);
    this.#count(unit, settlement, rule);
    const sums = sumsOf(item);
    if (settlement.merge && sums) {
      const key = `${unit.campaign_id} ${unit.point_index}`;
      this.#points.set(
        key,
        mergeOf(this.#points.get(key) ?? null, unit, sums, rule.adapting.spec.eventsPerUnit),
      );
    }
  }

  /** Notes what was found of hosts where blocks were regenerated. */
  judge(item: Arrival | Judgement, settlement: Settlement, pending: readonly sql.PendingRow[]): void {
    for (const { leaseId, state, reason, checked } of settlement.verdicts) {
      const row = pending.find((one) => one.lease_id === leaseId);
      const isOwn = leaseId === item.leaseId;
      const isProven = item.kind === 'checked' && (isOwn ? item.isProven : item.refuted.has(leaseId));
      const isCaught = state === 'invalid' && isProven;
      const host = row ? row.host_id : item.kind === 'report' && isOwn ? item.hostId : null;
      const capsule = row ? row.capsule : item.kind === 'report' && isOwn ? item.capsule : null;
      if (host === null || capsule === null || !(isCaught || (state === 'valid' && checked > 0))) continue;
      this.#judged.push({ leaseId, hostId: host, capsule, isCaught, reason });
    }
  }

  #count(unit: sql.UnitRow, settlement: Settlement, { adapting }: Rule): void {
    const after = settlement.unit.state;
    if (unit.state !== 'open' || after === 'open') return;
    const row = this.#campaigns.get(unit.campaign_id) ?? {
      id: unit.campaign_id,
      valid: 0,
      aside: 0,
      events: 0,
    };
    const portions = portionsOf(unit.events, adapting.spec.eventsPerUnit);
    if (after === 'valid') {
      row.valid += portions;
      row.events += unit.events;
    } else {
      row.aside += portions;
    }
    this.#campaigns.set(unit.campaign_id, row);
    const decided = this.#decided.get(unit.campaign_id) ?? new Set();
    this.#decided.set(unit.campaign_id, decided.add(unit.point_index));
  }

  async write(tx: Queryable, now: Date, rules: ReadonlyMap<number, Rule>): Promise<void> {
    const some = async (rows: readonly object[], statement: string, ...more: unknown[]) => {
      if (rows.length > 0) await tx.query(statement, [batch(rows), ...more]);
    };
    await some(this.#results, sql.MAKE_RESULTS, now.toISOString());
    if (this.#leases.length > 0) await tx.query(sql.DELETE_LEASES, [this.#leases]);
    await some(this.#verdicts, sql.DECIDE);
    await some(this.#measured, sql.NOTE_PACE, now.toISOString());
    await some(this.#units, sql.SET_UNITS);
    if (this.#points.size > 0) {
      const merges = [...this.#points.values()];
      const merged = await tx.query(sql.MERGE, [batch(merges)]);
      if (merged.length < merges.length) throw new DoAgain('a point got its maximum from another server');
    }
    // Before the campaigns are counted: whether one is complete depends on what its points want now.
    for (const [id, points] of [...this.#decided].sort(([a], [b]) => a - b)) {
      const rule = rules.get(id);
      if (rule) await adapt(tx, rule.adapting, [...points]);
    }
    await some([...this.#campaigns.values()], sql.COUNT_CAMPAIGNS);
    if (this.dropped.length > 0) await tx.query(sql.DROP_CHECKS, [this.dropped]);
    if (this.#checks.length > 0) await tx.query(sql.QUEUE_CHECKS, [this.#checks, now.toISOString(), false]);
    if (this.#replicated.length > 0) {
      const patient = new Date(now.getTime() + REPLICA_PATIENCE_MS).toISOString();
      await tx.query(sql.QUEUE_CHECKS, [this.#replicated, patient, true]);
    }
    await noteJudged(tx, this.#judged, now);
  }
}

/** null: as it was. Where nobody's result is left to be compared with, one host is asked, not two. */
function quorumAfter({ replicate, unit }: Settlement, { perMillion }: Rule): number | null {
  if (replicate !== null) return 2;
  return perMillion !== null && unit.state === 'open' && unit.agreeing === 0 ? 1 : null;
}

function resultRow(item: Arrival, unit: sql.UnitRow): sql.NewResult {
  const { outcome } = item;
  const failed = outcome.kind === 'failed';
  return {
    lease_id: item.leaseId,
    campaign_id: unit.campaign_id,
    unit_id: unit.id,
    host_id: item.hostId,
    output_hash: failed ? null : outcome.outputHash,
    agrees_with: agreementOf(item)?.leader ?? null,
    files: failed ? [] : outcome.files,
    capsule: item.capsule,
    seconds: item.seconds,
    exit_status: failed ? outcome.exitStatus : null,
    console_tail: failed ? outcome.consoleTail : null,
  };
}
