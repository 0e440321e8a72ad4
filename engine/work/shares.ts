/** What the division of work needs to know of a project. */
export interface Claim {
  readonly project: string;
  /** Weight; 0 takes nothing. */
  readonly share: number;
  /** Where it stands: processor seconds computed for it, each divided by its weight then. */
  readonly received: number;
  /** Units leased and not computed, and those being asked for. */
  readonly inHand: number;
  /** Processor seconds one of its units is expected to take. */
  readonly unitSeconds: number;
}

/**
 * Who may ask for how many of the units wanted, so that what is computed follows the weights: deficit round robin,
 * where each turn is the project's that stands lowest, with what it has in hand counted as computed. Pure.
 * @param claims those that have work, as far as is known; of equals the first comes first
 */
export function divide(wanted: number, claims: readonly Claim[]): Map<string, number> {
  const standing = claims
    .filter(({ share }) => share > 0)
    .map(({ project, share, received, inHand, unitSeconds }) => ({
      project,
      step: unitSeconds / share,
      at: received + (inHand * unitSeconds) / share,
    }));
  const turns = new Map<string, number>();
  for (let turn = 0; turn < wanted; turn++) {
    const lowest = standing.reduce<(typeof standing)[number] | null>(
      (least, one) => (least && least.at <= one.at ? least : one),
      null,
    );
    if (!lowest) break;
    lowest.at += lowest.step;
    turns.set(lowest.project, (turns.get(lowest.project) ?? 0) + 1);
  }
  return turns;
}

/** Of a project that has computed nothing here yet, where no other tells what is usual. */
const FIRST_GUESS_SECONDS = 60;
/** How much one more unit changes what is expected of the next. */
const NEWEST_COUNTS = 0.3;

export type Account = {
  received: number;
  /** null: no unit was computed yet. */
  unitSeconds: number | null;
};

/**
 * What each project has received. A project that had nothing to give while others computed does not get their time
 * back later, nor does one that is new: both begin where the lowest of the others stands.
 */
export class ShareLedger {
  readonly #accounts = new Map<string, Account>();

  constructor(accounts: Iterable<readonly [string, Account]> = []) {
    for (const [project, account] of accounts) this.#accounts.set(project, { ...account });
  }

  /** @param others those it shares with */
  account(project: string, others: readonly string[]): Readonly<Account> {
    const known = this.#accounts.get(project);
    if (known) return known;
    const account: Account = { received: this.#lowest(others, project) ?? 0, unitSeconds: null };
    this.#accounts.set(project, account);
    return account;
  }

  /** Processor seconds that a unit of the project is expected to take. */
  unitSeconds(project: string): number {
    const own = this.#accounts.get(project)?.unitSeconds;
    if (own) return own;
    const known = [...this.#accounts.values()].flatMap(({ unitSeconds }) => unitSeconds ?? []);
    return known.length > 0 ? known.reduce((sum, one) => sum + one, 0) / known.length : FIRST_GUESS_SECONDS;
  }

  /** A unit's run has ended. */
  charge(project: string, share: number, cpuSeconds: number): void {
    const account = this.#accounts.get(project) ?? { received: 0, unitSeconds: null };
    this.#accounts.set(project, account);
    if (share > 0) account.received += cpuSeconds / share;
    const before = account.unitSeconds;
    account.unitSeconds = before === null ? cpuSeconds : before + NEWEST_COUNTS * (cpuSeconds - before);
  }

  /** It had no work when its turn came. */
  pass(project: string, others: readonly string[]): void {
    const account = this.#accounts.get(project);
    const lowest = this.#lowest(others, project);
    if (account && lowest !== null) account.received = Math.max(account.received, lowest);
  }

  entries(): [string, Account][] {
    return [...this.#accounts].map(([project, account]) => [project, { ...account }]);
  }

  #lowest(projects: readonly string[], besides: string): number | null {
    const known = projects.flatMap((project) =>
      project === besides ? [] : (this.#accounts.get(project)?.received ?? []),
    );
    return known.length > 0 ? Math.min(...known) : null;
  }
}
