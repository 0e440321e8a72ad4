/** What decides when a campaign is served. */
export interface Claim {
  readonly owner: string;
  readonly priority: number;
  /** Milliseconds since 1970; null: none. */
  readonly deadline: number | null;
}

/** One owner's campaigns, by their indexes: first those that are served first, equals together. */
export interface OwnerRanks {
  readonly owner: string;
  readonly ranks: readonly (readonly number[])[];
}

/** Within an owner the higher priority goes first, then the nearer deadline; equals take turns. */
export function ranksOf(claims: readonly Claim[]): OwnerRanks[] {
  const owners = new Map<string, number[]>();
  claims.forEach(({ owner }, i) => {
    const mine = owners.get(owner);
    if (mine) mine.push(i);
    else owners.set(owner, [i]);
  });
  return [...owners].map(([owner, mine]) => {
    const ranks: number[][] = [];
    const before = (a: number, b: number) => compare(claims[a], claims[b]);
    for (const index of mine.sort(before)) {
      const last = ranks.at(-1);
      if (last?.[0] !== undefined && before(last[0], index) === 0) last.push(index);
      else ranks.push([index]);
    }
    return { owner, ranks };
  });
}

function compare(a: Claim | undefined, b: Claim | undefined): number {
  if (!a || !b) return 0;
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.deadline === b.deadline) return 0;
  return (a.deadline ?? Number.POSITIVE_INFINITY) - (b.deadline ?? Number.POSITIVE_INFINITY);
}

/** Work given out an hour ago counts half. */
const HALF_LIFE_MS = 3_600_000;

export function faded(amount: number, ms: number): number {
  return amount * 2 ** (-Math.max(0, ms) / HALF_LIFE_MS);
}

/**
 * How much work each owner's campaigns were given lately, in microseconds of the reference core. It is kept in memory:
 * a server that starts begins with even shares, and of several servers each shares out evenly what it gives.
 */
export class Shares {
  readonly #given = new Map<string, { readonly amount: number; readonly at: number }>();

  charge(owner: string, microseconds: number, now: Date): void {
    this.#given.set(owner, { amount: this.#of(owner, now) + microseconds, at: now.getTime() });
  }

  /** Owners that were given nothing for long are left out. */
  lately(now: Date): Map<string, number> {
    const lately = new Map<string, number>();
    for (const owner of this.#given.keys()) {
      const amount = this.#of(owner, now);
      if (amount >= 1) lately.set(owner, amount);
      else this.#given.delete(owner);
    }
    return lately;
  }

  #of(owner: string, now: Date): number {
    const given = this.#given.get(owner);
    return given ? faded(given.amount, now.getTime() - given.at) : 0;
  }
}
