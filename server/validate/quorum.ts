/** A finished result of a work unit that is not yet decided. */
export interface PendingResult {
  readonly leaseId: number;
  readonly hostId: number;
  readonly outputHash: string;
  /** Share of its blocks that were found right. */
  readonly checked?: number;
}

export type QuorumDecision =
  | { readonly decided: false; readonly agreeing: number }
  | { readonly decided: true; readonly valid: readonly number[]; readonly invalid: readonly number[] };

/**
 * Believes an output hash that `quorum` different hosts gave; all other results of the unit are then invalid.
 * @param results all undecided results of one unit; a host counts once, whatever it reports
 * @returns leases by verdict, or how many hosts agree so far at most
 */
export function decideQuorum(results: readonly PendingResult[], quorum: number): QuorumDecision {
  const hosts = new Map<string, Set<number>>();
  for (const { outputHash, hostId } of results) {
    const agreeing = hosts.get(outputHash) ?? new Set<number>();
    agreeing.add(hostId);
    hosts.set(outputHash, agreeing);
  }
  let best: { hash: string; agreeing: number } | null = null;
  for (const [hash, { size }] of hosts) if (!best || size > best.agreeing) best = { hash, agreeing: size };
  if (!best || best.agreeing < quorum) return { decided: false, agreeing: best?.agreeing ?? 0 };
  const { hash } = best;
  const split = (same: boolean) =>
    results.filter((result) => (result.outputHash === hash) === same).map((result) => result.leaseId);
  return { decided: true, valid: split(true), invalid: split(false) };
}

/** Whether a unit is to be set aside for staff, after this many failed and invalid results. */
export function isSetAside(failures: number, attempts: number): boolean {
  return failures >= attempts;
}
