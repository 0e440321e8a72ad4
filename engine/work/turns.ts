import { z } from 'zod';
import type { Logger } from '../../platform/log.ts';
import { recallFact, rememberFact } from '../machine.ts';
import type { Membership, MembershipStore } from '../project/membership.ts';
import type { Desk } from './desk.ts';
import { type Demand, tooManyUndelivered, unitsWanted } from './policy.ts';
import { divide, ShareLedger } from './shares.ts';
import { isUndelivered, isUnfinished } from './unit.ts';

/** Key in EngineFiles.machine. */
const FACT = 'shares';
const StoredAccounts = z.record(
  z.string(),
  z.strictObject({ received: z.number().min(0), unitSeconds: z.number().min(0).nullable() }),
);

export interface TurnsOptions {
  readonly desk: Desk;
  readonly memberships: MembershipStore;
  readonly demand: () => Omit<Demand, 'unfinished'>;
  /** EngineFiles.machine */
  readonly file: string;
  readonly log: Logger;
}

/**
 * Whose turn it is to ask for work. Each project's lease loop asks here for its part of what is wanted; all of them get
 * answers that fit together, since they come from the same division. A project that just said it has none, or cannot
 * be reached, stands aside until its own loop tries it again, and the others have its part.
 */
export class Turns {
  readonly #options: TurnsOptions;
  #ledger = new ShareLedger();
  readonly #dry = new Set<string>();
  readonly #asking = new Map<string, number>();
  #saving: Promise<void> = Promise.resolve();

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Takes up how the projects stood in the last life. */
  async load(): Promise<void> {
    const stored = await recallFact(this.#options.file, FACT, StoredAccounts);
    if (stored) this.#ledger = new ShareLedger(Object.entries(stored));
  }

  /** How many units are wanted, of all projects together. */
  wanted(): number {
    const { desk, demand } = this.#options;
    const asked = [...this.#asking.values()].reduce((sum, one) => sum + one, 0);
    return unitsWanted({ ...demand(), unfinished: desk.list(isUnfinished).length + asked });
  }

  /** How many units the project may ask for now. Whoever asks for them MUST call answered() afterwards. */
  take(project: string): number {
    this.#dry.delete(project);
    const { desk, demand } = this.#options;
    const now = demand();
    const able = this.#able().filter(({ keyFingerprint: key }) => {
      const undelivered = desk.list((unit) => unit.spooled.project === key && isUndelivered(unit)).length;
      return !this.#dry.has(key) && !tooManyUndelivered(now, undelivered);
    });
    const keys = able.map(({ keyFingerprint }) => keyFingerprint);
    const claims = able.map(({ keyFingerprint: key, share }) => ({
      project: key,
      share,
      received: this.#ledger.account(key, keys).received,
      inHand:
        desk.list((unit) => unit.spooled.project === key && isUnfinished(unit)).length +
        (this.#asking.get(key) ?? 0),
      unitSeconds: this.#ledger.unitSeconds(key),
    }));
    const turns = divide(this.wanted(), claims).get(project) ?? 0;
    if (turns > 0) this.#asking.set(project, turns);
    return turns;
  }

  /** @param units how many came; 0 also where it could not be asked */
  answered(project: string, units: number): void {
    this.#asking.delete(project);
    if (units === 0) this.standAside(project);
  }

  /** It has nothing that this host could compute now. @returns whether that is new */
  standAside(project: string): boolean {
    const isNew = !this.#dry.has(project);
    this.#dry.add(project);
    const others = this.#able().map(({ keyFingerprint }) => keyFingerprint);
    this.#ledger.pass(
      project,
      others.filter((key) => !this.#dry.has(key)),
    );
    return isNew;
  }

  /** A unit's run has ended. */
  computed(project: string, cpuSeconds: number): void {
    const share = this.#options.memberships.byKey(project)?.share ?? 0;
    this.#ledger.charge(project, share, cpuSeconds);
    const accounts = Object.fromEntries(this.#ledger.entries());
    this.#saving = rememberFact(this.#options.file, FACT, accounts).catch((error) => {
      this.#options.log.warn({ err: error }, 'how the projects stand could not be remembered');
    });
  }

  async close(): Promise<void> {
    await this.#saving;
  }

  #able(): readonly Membership[] {
    return this.#options.memberships.joined.filter(({ share }) => share > 0);
  }
}
