import { appendAudit } from '../audit/trail.ts';
import { showId } from '../ids.ts';
import { batch, type Queryable } from '../store/database.ts';
import type { PendingRow } from './queries.ts';
import {
  capsuleSuspicion,
  networkSuspicion,
  quarantineMs,
  replicationRate,
  SUSPICION_HALVED_MS,
  type Tally,
} from './risk.ts';
import * as sql from './trust-queries.ts';

/** What is known of the hosts of a batch, as the model of risk.ts wants it. */
export class Trust {
  readonly #hosts: ReadonlyMap<number, sql.TrustRow>;
  readonly #networks: ReadonlyMap<string, Tally>;
  readonly #capsules: ReadonlyMap<string, Tally>;
  readonly #nowMs: number;
  /** Hosts that a result of this batch made wait for a second one. */
  readonly #tested = new Set<number>();

  private constructor(hosts: readonly sql.TrustRow[], groups: readonly sql.SuspicionRow[], nowMs: number) {
    const tallies = (kind: sql.SuspicionRow['kind']) =>
      new Map(groups.filter((row) => row.kind === kind).map((row) => [row.key, tally(row)]));
    this.#hosts = new Map(hosts.map((host) => [host.id, host]));
    this.#networks = tallies('network');
    this.#capsules = tallies('capsule');
    this.#nowMs = nowMs;
  }

  static async of(tx: Queryable, hostIds: readonly number[], now: Date): Promise<Trust> {
    if (hostIds.length === 0) return new Trust([], [], now.getTime());
    const hosts = await tx.query<sql.TrustRow>(sql.TRUST, [hostIds, now.toISOString()]);
    const networks = [...new Set(hosts.map((host) => host.network).filter((network) => network !== null))];
    const groups = await tx.query<sql.SuspicionRow>(sql.SUSPICIONS, [networks]);
    return new Trust(hosts, groups, now.getTime());
  }

  /** The share of this host's results, from this kind of capsule, that a second host is to compute. */
  rate({ host_id, capsule }: Pick<PendingRow, 'host_id' | 'capsule'>, perMillion: number): number {
    const host = this.#hosts.get(host_id);
    if (!host) return 1;
    const ofCapsule = this.#capsules.get(capsule) ?? null;
    const ofNetwork = host.network === null ? null : (this.#networks.get(host.network) ?? null);
    const standing = {
      evidence: host.evidence,
      caught: host.caught,
      isQuarantined: host.is_quarantined,
      isTested: host.is_tested || this.#tested.has(host_id),
      suspicion:
        networkSuspicion(ofNetwork, this.#nowMs) *
        capsuleSuspicion(ofCapsule, [...this.#capsules.values()], this.#nowMs),
    };
    return replicationRate(standing, perMillion);
  }

  tested(leaseId: number, pending: readonly PendingRow[]): void {
    const row = pending.find((one) => one.lease_id === leaseId);
    if (row) this.#tested.add(row.host_id);
  }
}

function tally({ caught, judged, at }: sql.SuspicionRow): Tally {
  return { caught, judged, atMs: at.getTime() };
}

/** What regenerating blocks said of a host's result. */
export interface Judged {
  readonly leaseId: number;
  readonly hostId: number;
  readonly capsule: string;
  /** Proven not to have computed what it was given. */
  readonly isCaught: boolean;
  readonly reason: string | null;
}

/** Puts hosts that were caught into quarantine, and counts for those alike what was found. */
export async function noteJudged(tx: Queryable, judged: readonly Judged[], now: Date): Promise<void> {
  if (judged.length === 0) return;
  const tallies = new Map<string, { kind: string; key: string; caught: number; judged: number }>();
  const count = (kind: 'network' | 'capsule', key: string, caught: number) => {
    const row = tallies.get(`${kind} ${key}`) ?? { kind, key, caught: 0, judged: 0 };
    tallies.set(`${kind} ${key}`, { ...row, caught: row.caught + caught, judged: row.judged + 1 });
  };
  const proofs = new Map(judged.filter((one) => one.isCaught).map((one) => [one.hostId, one]));
  const known = new Map<number, sql.TrustRow>();
  if (proofs.size > 0) {
    const rows = await tx.query<sql.TrustRow>(sql.TRUST, [[...proofs.keys()], now.toISOString()]);
    for (const row of rows) known.set(row.id, row);
  }
  const fresh = [...proofs.values()].filter(({ hostId }) => known.get(hostId)?.is_quarantined === false);
  for (const { capsule, isCaught, hostId } of judged) {
    // One host may be found wrong many times; it is one.
    if (!isCaught) count('capsule', capsule, 0);
    else if (fresh.some((one) => one.hostId === hostId && one.capsule === capsule))
      count('capsule', capsule, 1);
  }
  for (const { hostId } of fresh) {
    const network = known.get(hostId)?.network ?? null;
    if (network !== null) count('network', network, 1);
  }
  await tx.query(sql.TALLY, [batch([...tallies.values()]), now.toISOString(), SUSPICION_HALVED_MS / 1000]);
  if (fresh.length > 0) {
    const caught = fresh.map(({ hostId, leaseId, reason }) => {
      const ms = quarantineMs((known.get(hostId)?.caught ?? 0) + 1);
      return { id: hostId, until: new Date(now.getTime() + ms).toISOString(), leaseId, reason };
    });
    await tx.query(sql.CATCH, [batch(caught.map(({ id, until }) => ({ id, until })))]);
    await appendAudit(
      tx,
      now,
      caught.map(({ id, until, leaseId, reason }) => ({
        event: 'quarantine',
        details: { host: showId('h', id), lease: showId('l', leaseId), until, reason },
      })),
    );
  }
  const again = [...proofs.keys()].filter((id) => known.get(id)?.is_quarantined);
  if (again.length > 0) await tx.query(sql.CATCH_AGAIN, [again]);
}
