import type { Asking, Assignment, Offer } from './assign.ts';

/** A unit that waits for a second host to compute it. */
export interface Replica {
  readonly unitId: number;
  /** It came lately: kept for a newcomer, who is tested by it as well. */
  readonly isYoung: boolean;
}

/**
 * Who computes what a newcomer has computed? Another newcomer, one such unit each: then one more computation tests two
 * hosts. What none of them took goes to anybody after a while.
 * @param give assigns offers to hosts
 */
export function pairUp(
  asking: readonly Asking[],
  offers: readonly Offer[],
  replicas: readonly Replica[],
  newcomers: ReadonlySet<number>,
  give: (asking: readonly Asking[], offers: readonly Offer[]) => Assignment[],
): Assignment[] {
  const waiting = new Set(replicas.map((replica) => replica.unitId));
  const young = new Set(replicas.filter((replica) => replica.isYoung).map((replica) => replica.unitId));
  const first = give(
    asking
      .filter((host) => newcomers.has(host.hostId) && host.want > 0)
      .map((host) => ({ ...host, want: 1 })),
    offers.map((offer) => ({
      ...offer,
      tailored: offer.tailored && { ...offer.tailored, left: 0 },
      units: offer.units.filter((unit) => waiting.has(unit.unitId)),
    })),
  );
  const served = new Set(first.map((one) => one.hostId));
  const taken = new Set(first.map((one) => one.unitId));
  const rest = give(
    asking.map((host) => (served.has(host.hostId) ? { ...host, want: host.want - 1 } : host)),
    offers.map((offer) => ({
      ...offer,
      trial: offer.trial && { ...offer.trial, hosts: [...offer.trial.hosts, ...hostsOf(offer, first)] },
      units: offer.units.filter((unit) => !young.has(unit.unitId) && !taken.has(unit.unitId)),
    })),
  );
  return [...first, ...rest];
}

function hostsOf({ campaignId }: Offer, given: readonly Assignment[]): number[] {
  return given.filter((one) => one.campaignId === campaignId).map((one) => one.hostId);
}
