import type { Logger } from '../../platform/log.ts';
import type { DiskReason } from '../../protocol/engine-api.ts';
import { Release } from '../../protocol/release.ts';
import type { Clock } from '../clock.ts';
import type { ProjectClient } from '../project/client.ts';
import type { Membership, MembershipStore } from '../project/membership.ts';
import { openSigned } from '../project/signatures.ts';
import { NEW_UNIT, transition, type UnitEvent } from './machine.ts';
import { backoffMs } from './policy.ts';
import type { Spool, SpooledLease } from './spool.ts';
import { leaseKey, type WorkUnit } from './unit.ts';

export interface DeskOptions {
  readonly spool: Spool;
  readonly memberships: MembershipStore;
  readonly connect: (membership: Membership) => ProjectClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Called after each change of a unit or of `disk`. Must not throw. */
  readonly onChange: () => void;
}

/**
 * All work units of this host and the one place that changes them. A change is made in memory at once and on
 * disk before apply() answers; where the disk refuses (full, read-only) the unit is `unsaved`, is saved again
 * with backoff, and nobody may act to the outside on it: steps look at `unsaved` before they report.
 */
export class Desk {
  readonly spool: Spool;
  readonly units = new Map<string, WorkUnit>();
  #options: DeskOptions;
  #clients = new Map<string, { membership: Membership; client: ProjectClient }>();
  #saving = new Map<string, Promise<void>>();
  #nextOrder = 0;
  #disk: DiskTrouble | null = null;
  #diskFailures = 0;
  #cancelRetry: (() => void) | null = null;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.spool = options.spool;
  }

  /** Why the disk cannot be written; null while it can. */
  get diskTrouble(): DiskTrouble | null {
    return this.#disk;
  }

  /** In the order they were leased. */
  list(filter: (unit: WorkUnit) => boolean = () => true): WorkUnit[] {
    return [...this.units.values()].filter(filter).sort((a, b) => a.spooled.order - b.spooled.order);
  }

  /** Takes up what the spool holds. A unit that was ready has its programs looked at again (fetch step). */
  async load(): Promise<void> {
    for (const { spooled, state, release } of await this.spool.load()) {
      const unit = this.#remember(spooled);
      unit.state = state.state === 'ready' ? transition(state, { event: 'programMissing' }) : state;
      unit.signedRelease = release;
      const membership = this.#options.memberships.byKey(spooled.project);
      if (release && membership) {
        try {
          unit.release = openSigned(release, membership.publicKey, Release, 'a stored release');
        } catch (error) {
          this.#options.log.warn(
            { err: error, lease: unit.leaseId },
            'stored release unusable; fetched again',
          );
          unit.signedRelease = null;
        }
      }
    }
    this.#options.onChange();
  }

  /** The client for the project a unit came from; undefined when this host no longer belongs to it. */
  client(projectKey: string): ProjectClient | undefined {
    const membership = this.#options.memberships.byKey(projectKey);
    if (!membership) return undefined;
    const known = this.#clients.get(projectKey);
    if (known?.membership === membership) return known.client;
    const client = this.#options.connect(membership);
    this.#clients.set(projectKey, { membership, client });
    return client;
  }

  /** @throws the file system's error when the lease cannot be made durable; it is then not taken */
  async add(lease: Omit<SpooledLease, 'order'>): Promise<WorkUnit> {
    const spooled = { ...lease, order: this.#nextOrder };
    try {
      await this.spool.add(spooled);
    } catch (error) {
      this.noteDiskTrouble(error);
      throw error;
    }
    const unit = this.#remember(spooled);
    this.#options.onChange();
    return unit;
  }

  /**
   * @returns whether the new state is durable
   * @throws IllegalTransition
   */
  async apply(unit: WorkUnit, event: UnitEvent): Promise<boolean> {
    const before = unit.state;
    unit.state = transition(before, event);
    this.#options.log.debug(
      { lease: unit.leaseId, from: before.state, to: unit.state.state, event: event.event },
      'unit',
    );
    // Fetching and uploading fall back to the state before them after a crash, so they cost no write.
    const firm = unit.state.state !== 'fetching' && unit.state.state !== 'uploading';
    if (firm) await this.#save(unit);
    this.#options.onChange();
    return !unit.unsaved;
  }

  /** Drops a unit that is decided or abandoned, from memory when its folder is gone. */
  async remove(unit: WorkUnit): Promise<void> {
    await this.spool.remove(unit.leaseId);
    this.units.delete(unit.leaseId);
    this.#options.onChange();
  }

  /** For disk errors met elsewhere while working for a unit. @returns whether it was one */
  noteDiskTrouble(error: unknown): boolean {
    const trouble = diskTrouble(error);
    if (!trouble) return false;
    this.#disk = trouble;
    this.#diskFailures++;
    this.#retryLater();
    this.#options.onChange();
    return true;
  }

  /** Somebody says that there is room again: tries the disk now. */
  hurry(): void {
    if (!this.#cancelRetry) return;
    this.#cancelRetry();
    this.#cancelRetry = null;
    void this.#saveAgain();
  }

  close(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  /** Saves of one unit follow each other, each writing what then is the newest: the last one wins on disk too. */
  #save(unit: WorkUnit): Promise<void> {
    unit.unsaved = true;
    const saving = (this.#saving.get(unit.leaseId) ?? Promise.resolve()).then(() => this.#saveNow(unit));
    this.#saving.set(unit.leaseId, saving);
    return saving.finally(() => {
      if (this.#saving.get(unit.leaseId) === saving) this.#saving.delete(unit.leaseId);
    });
  }

  async #saveNow(unit: WorkUnit): Promise<void> {
    const saved = unit.state;
    try {
      await this.spool.saveState(unit.leaseId, saved);
      if (unit.state === saved) unit.unsaved = false;
    } catch (error) {
      this.#options.log.error({ err: error, lease: unit.leaseId }, 'state of a unit not saved; tried again');
      if (!this.noteDiskTrouble(error)) this.#retryLater();
    }
  }

  #retryLater(): void {
    if (this.#cancelRetry) return;
    const ms = Math.min(60_000, backoffMs(Math.max(1, this.#diskFailures), this.#options.random()));
    this.#cancelRetry = this.#options.clock.after(ms, () => {
      this.#cancelRetry = null;
      void this.#saveAgain();
    });
  }

  async #saveAgain(): Promise<void> {
    this.#disk = null;
    for (const unit of this.list((one) => one.unsaved)) await this.#save(unit);
    if (this.#disk === null) this.#diskFailures = 0;
    this.#options.onChange();
  }

  #remember(spooled: SpooledLease): WorkUnit {
    const now = this.#options.clock.monotonic();
    const unit: WorkUnit = {
      leaseId: leaseKey(spooled.project, spooled.lease.id),
      spooled,
      state: NEW_UNIT,
      unsaved: false,
      signedRelease: null,
      release: null,
      programs: new Map(),
      inputs: new Map(),
      treeFiles: new Set(),
      readAhead: false,
      recordedAs: null,
      inSlot: false,
      reportedAtMs: now,
      askVerdictAtMs: now,
    };
    this.units.set(unit.leaseId, unit);
    this.#nextOrder = Math.max(this.#nextOrder, spooled.order + 1);
    return unit;
  }
}

const DISK_WORDS: Readonly<Record<DiskReason, string>> = {
  full: 'the disk is full; free some space and the work goes on',
  quota: 'your disk quota is used up; free some space and the work goes on',
  'read-only': 'the data folder is on a read-only disk; make it writable and the work goes on',
  denied: 'the data folder must not be written; correct its permissions and the work goes on',
  errors: 'the disk reports errors; check it and the work goes on',
  'open-files': 'too many files are open on this machine; the work goes on when some are closed',
};
const DISK_REASONS: Readonly<Record<string, DiskReason>> = {
  ...{ ENOSPC: 'full', EDQUOT: 'quota', EROFS: 'read-only', EACCES: 'denied', EPERM: 'denied' },
  ...{ EIO: 'errors', EMFILE: 'open-files', ENFILE: 'open-files' },
};

/** Why the disk cannot be written, for programs and for a person. */
export interface DiskTrouble {
  readonly why: DiskReason;
  readonly words: string;
}

/** What a file system's error means for a person; null where it is none of the disk's. */
export function diskTrouble(error: unknown): DiskTrouble | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  const why = DISK_REASONS[error.code];
  return why ? { why, words: DISK_WORDS[why] } : null;
}
