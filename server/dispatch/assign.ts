import type { Platform } from '../../protocol/release.ts';
import { isTooLarge, suits } from './pace.ts';
import { type Claim, ranksOf } from './shares.ts';

/** A host that wants work units. */
export interface Asking {
  readonly hostId: number;
  readonly want: number;
  readonly platforms: readonly Platform[];
  /** What the host's invitation limits it to; absent: nothing. */
  readonly campaigns?: ReadonlySet<number> | undefined;
}

/** A running campaign's units that want leases now, in the order to be given. */
export interface Offer extends Claim {
  readonly campaignId: number;
  readonly platforms: readonly Platform[];
  readonly units: readonly OfferedUnit[];
  /** What a portion counts in the owner's share. */
  readonly cost: number;
  readonly trial: Trial | null;
  /** Where units are cut to those who take them. */
  readonly tailored?: Tailored | undefined;
}

export interface OfferedUnit {
  readonly unitId: number;
  readonly wanted: number;
  readonly portions: number;
  /** Nobody has it, or has computed it: it may be split. */
  readonly isUntouched: boolean;
}

export interface Tailored {
  /** Portions for one unit of a host. */
  readonly portions: ReadonlyMap<number, number>;
  /** Portions of which no unit was made yet. */
  readonly left: number;
}

/** A campaign that only few hosts may work on as yet: those that do so already, and others as long as there is room. */
export interface Trial {
  readonly hosts: readonly number[];
  readonly limit: number;
}

export interface Assignment {
  readonly hostId: number;
  /** null: it is to be made. */
  readonly unitId: number | null;
  /** It is to have no more than these. */
  readonly portions: number;
  readonly campaignId: number;
  readonly cost: number;
}

export function canRun(asking: readonly Platform[], offered: readonly Platform[]): boolean {
  return asking.some((platform) => offered.includes(platform));
}

/**
 * Gives units to hosts, each unit of the owner who was given least so far; among an owner's campaigns the first in rank
 * that has one for the host, equals taking turns. No unit goes out more often than it is wanted, none to a host that
 * has had it.
 * @param had `${hostId} ${unitId}` of leases and results that exist
 * @param turn which of equals begins (any counter)
 * @param lately what owners were given before; 0 where it does not say
 */
export function assign(
  asking: readonly Asking[],
  offers: readonly Offer[],
  had: ReadonlySet<string>,
  turn: number,
  lately: ReadonlyMap<string, number> = new Map(),
): Assignment[] {
  const wanted = new Map<number, number>();
  /** Units before this index in the campaign's list have no wants left. */
  const start = offers.map(() => 0);
  const trying = offers.map(({ trial }) => trial && { hosts: new Set(trial.hosts), limit: trial.limit });
  const owners = ranksOf(offers).map(({ owner, ranks }) => ({
    ranks,
    used: lately.get(owner) ?? 0,
    next: turn,
  }));
  const all: Assignment[] = [];
  const left = offers.map(({ tailored }) => tailored?.left ?? 0);
  /** Of units that were given, what is left of them. */
  const begun = new Map<number, number>();
  for (const offer of offers) for (const unit of offer.units) wanted.set(unit.unitId, unit.wanted);
  for (const host of asking) {
    const mine = new Set<number>();
    /** Offers and owners that have nothing for this host. */
    const empty = new Set<number>();
    const without = new Set<object>();
    let count = 0;
    while (count < host.want) {
      const owner = neediest(without);
      if (!owner) break;
      const taken = takeOf(owner, host, mine, empty);
      if (!taken) {
        without.add(owner);
        continue;
      }
      owner.next++;
      owner.used += taken.cost;
      count++;
      if (taken.unitId !== null) mine.add(taken.unitId);
      all.push(taken);
    }
  }
  return all;

  /** The owner given least; of several the one whose turn it is. */
  function neediest(without: ReadonlySet<object>) {
    let found: (typeof owners)[number] | null = null;
    for (let i = 0; i < owners.length; i++) {
      const owner = owners[(turn + all.length + i) % owners.length];
      if (owner && !without.has(owner) && (!found || owner.used < found.used)) found = owner;
    }
    return found;
  }

  function takeOf(
    { ranks, next }: (typeof owners)[number],
    host: Asking,
    mine: ReadonlySet<number>,
    empty: Set<number>,
  ): Assignment | null {
    for (const equals of ranks) {
      for (let i = 0; i < equals.length; i++) {
        const index = equals[(next + i) % equals.length] ?? 0;
        const taken = empty.has(index) ? null : take(index, host, mine);
        if (taken) return taken;
        empty.add(index);
      }
    }
    return null;
  }

  function take(index: number, host: Asking, mine: ReadonlySet<number>): Assignment | null {
    const offer = offers[index];
    if (!offer || !canRun(host.platforms, offer.platforms)) return null;
    if (host.campaigns && !host.campaigns.has(offer.campaignId)) return null;
    const trial = trying[index];
    if (trial && !trial.hosts.has(host.hostId) && trial.hosts.size >= trial.limit) return null;
    const size = offer.tailored?.portions.get(host.hostId) ?? 1;
    for (let i = start[index] ?? 0; i < offer.units.length; i++) {
      const unit = offer.units[i];
      const more = unit ? (wanted.get(unit.unitId) ?? 0) : 0;
      if (!unit || more === 0) {
        if (i === start[index]) start[index] = i + 1;
        continue;
      }
      const { unitId } = unit;
      if (mine.has(unitId) || had.has(`${host.hostId} ${unitId}`)) continue;
      const now = begun.get(unitId);
      const offered = now === undefined ? unit : { portions: now, isUntouched: false };
      if (offer.tailored && !suits(offered, size)) continue;
      const portions = offer.tailored && isTooLarge(offered.portions, size) ? size : offered.portions;
      wanted.set(unitId, more - 1);
      begun.set(unitId, portions);
      return given(offer, trial, host.hostId, unitId, portions);
    }
    const portions = Math.min(size, left[index] ?? 0);
    if (portions === 0) return null;
    left[index] = (left[index] ?? 0) - portions;
    return given(offer, trial, host.hostId, null, portions);
  }

  function given(
    { campaignId, cost }: Offer,
    trial: (typeof trying)[number] | undefined,
    hostId: number,
    unitId: number | null,
    portions: number,
  ): Assignment {
    trial?.hosts.add(hostId);
    return { hostId, unitId, portions, campaignId, cost: cost * portions };
  }
}
