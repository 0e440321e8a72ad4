import type { Platform } from '../../protocol/release.ts';

/** A host that wants work units. */
export interface Asking {
  readonly hostId: number;
  readonly want: number;
  readonly platforms: readonly Platform[];
}

/** A running campaign's units that want leases now, in the order to be given. */
export interface Offer {
  readonly campaignId: number;
  readonly platforms: readonly Platform[];
  readonly units: readonly { readonly unitId: number; readonly wanted: number }[];
}

export interface Assignment {
  readonly hostId: number;
  readonly unitId: number;
  readonly campaignId: number;
}

export function canRun(asking: readonly Platform[], offered: readonly Platform[]): boolean {
  return asking.some((platform) => offered.includes(platform));
}

/**
 * Gives units to hosts: campaigns take turns, no unit more often than it is wanted, none to a host that has had it.
 * @param had `${hostId} ${unitId}` of leases and results that exist
 * @param turn which campaign begins (any counter)
 */
export function assign(
  asking: readonly Asking[],
  offers: readonly Offer[],
  had: ReadonlySet<string>,
  turn: number,
): Assignment[] {
  const wanted = new Map<number, number>();
  /** Units before this index in the campaign's list have no wants left. */
  const start = offers.map(() => 0);
  const given: Assignment[] = [];
  for (const offer of offers) for (const unit of offer.units) wanted.set(unit.unitId, unit.wanted);
  let next = turn;
  for (const host of asking) {
    const mine = new Set<number>();
    let failures = 0;
    while (mine.size < host.want && failures < offers.length) {
      const index = next++ % offers.length;
      const unitId = take(index, host, mine);
      if (unitId === null) {
        failures++;
        continue;
      }
      failures = 0;
      mine.add(unitId);
      given.push({ hostId: host.hostId, unitId, campaignId: offers[index]?.campaignId ?? 0 });
    }
  }
  return given;

  function take(index: number, host: Asking, mine: ReadonlySet<number>): number | null {
    const offer = offers[index];
    if (!offer || !canRun(host.platforms, offer.platforms)) return null;
    for (let i = start[index] ?? 0; i < offer.units.length; i++) {
      const unitId = offer.units[i]?.unitId ?? 0;
      const left = wanted.get(unitId) ?? 0;
      if (left === 0) {
        if (i === start[index]) start[index] = i + 1;
        continue;
      }
      if (mine.has(unitId) || had.has(`${host.hostId} ${unitId}`)) continue;
      wanted.set(unitId, left - 1);
      return unitId;
    }
    return null;
  }
}
