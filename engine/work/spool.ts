import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { syncFolder, writeFileAtomic } from '../../platform/files.ts';
import type { Logger } from '../../platform/log.ts';
import { Count, Moment } from '../../protocol/primitives.ts';
import { Lease, ProjectInfo } from '../../protocol/project-api.ts';
import { Signed } from '../../protocol/release.ts';
import { NEW_UNIT, transition, UnitState } from './machine.ts';
import { leaseKey } from './unit.ts';

/** lease.json: what was leased, from whom, when; never changes. */
export const SpooledLease = z.strictObject({
  project: ProjectInfo.shape.keyFingerprint,
  receivedAt: Moment,
  /** Counts up over all leases of this spool: their order, whatever clocks do. */
  order: Count,
  lease: Lease,
});
export type SpooledLease = z.infer<typeof SpooledLease>;

/** fills.json: what the run's blocks add to the histograms of the unit's point. */
export const Fills = z.strictObject({
  parameters: z.string(),
  events: Count,
  counts: z.record(z.string(), z.array(Count)),
});
export type Fills = z.infer<typeof Fills>;

export interface SpooledUnit {
  readonly spooled: SpooledLease;
  readonly state: UnitState;
  /** The release as the project signed it, once fetched. */
  readonly release: Signed | null;
}

const LEASE = 'lease.json';
const STATE = 'state.json';
const RELEASE = 'release.json';
const FILLS = 'fills.json';
const JOB = 'job';
const NEW = '.new';

/**
 * One folder a lease: lease.json, release.json, state.json (replaced as a whole), fills.json (what the run filled),
 * job/ (the work unit's directory).
 * Folders are named by a hash of leaseKey(): an id is the server's text and not to be trusted as a name.
 */
export class Spool {
  #folder: string;
  #log: Logger;

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  unitFolder(leaseId: string): string {
    return join(this.#folder, createHash('sha256').update(leaseId).digest('hex').slice(0, 24));
  }

  jobFolder(leaseId: string): string {
    return join(this.unitFolder(leaseId), JOB);
  }

  /** Everything that was here when the engine last ended, already stepped to firm ground. In order. */
  async load(): Promise<SpooledUnit[]> {
    await mkdir(this.#folder, { recursive: true });
    const units: SpooledUnit[] = [];
    for (const name of await readdir(this.#folder)) {
      const folder = join(this.#folder, name);
      const unit = name.endsWith(NEW) ? null : await this.#read(folder);
      if (!unit) {
        await rm(folder, { recursive: true, force: true });
        continue;
      }
      units.push(unit);
      // Before there could be several projects, a folder was named by the lease's own id.
      const named = this.unitFolder(leaseKey(unit.spooled.project, unit.spooled.lease.id));
      if (folder !== named) await rename(folder, named);
    }
    return units.sort((a, b) => a.spooled.order - b.spooled.order);
  }

  /** Makes the lease durable. A folder appears whole or not at all. */
  async add(spooled: SpooledLease): Promise<void> {
    const folder = this.unitFolder(leaseKey(spooled.project, spooled.lease.id));
    const beside = `${folder}${NEW}`;
    await rm(beside, { recursive: true, force: true });
    try {
      await mkdir(beside, { recursive: true });
      await writeFileAtomic(join(beside, LEASE), JSON.stringify(spooled));
      await writeFileAtomic(join(beside, STATE), JSON.stringify(NEW_UNIT));
      await rename(beside, folder);
    } catch (error) {
      await rm(beside, { recursive: true, force: true }).catch((cause) => {
        this.#log.warn({ err: cause }, 'a half-made spool folder stays until the next start');
      });
      throw error;
    }
    await syncFolder(this.#folder);
  }

  async saveState(leaseId: string, state: UnitState): Promise<void> {
    await writeFileAtomic(join(this.unitFolder(leaseId), STATE), JSON.stringify(state));
  }

  async saveRelease(leaseId: string, release: Signed): Promise<void> {
    await writeFileAtomic(join(this.unitFolder(leaseId), RELEASE), JSON.stringify(release));
  }

  /** What a run filled; durable before the run is said to be finished. */
  async saveFills(leaseId: string, fills: Fills): Promise<void> {
    await writeFileAtomic(join(this.unitFolder(leaseId), FILLS), JSON.stringify(fills));
  }

  /** null where the run told nothing that counts. */
  loadFills(leaseId: string): Promise<Fills | null> {
    return this.#parse(join(this.unitFolder(leaseId), FILLS), Fills);
  }

  /** Lets go of what the run wrote and nobody needs any more. */
  async removeJob(leaseId: string): Promise<void> {
    await rm(this.jobFolder(leaseId), { recursive: true, force: true });
  }

  async remove(leaseId: string): Promise<void> {
    // The name goes first: a crash half way leaves a ".new" folder, which load() removes.
    const folder = this.unitFolder(leaseId);
    const beside = `${folder}${NEW}`;
    try {
      await rename(folder, beside);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await rm(beside, { recursive: true, force: true });
  }

  async #read(folder: string): Promise<SpooledUnit | null> {
    const spooled = await this.#parse(join(folder, LEASE), SpooledLease);
    // Without its lease there is nothing to report to; the server gives the unit to another host in time.
    if (!spooled) return null;
    // Without its state it is begun again: nothing was reported differently, for the same card gives the same bytes.
    const state = (await this.#parse(join(folder, STATE), UnitState)) ?? NEW_UNIT;
    const release = await this.#parse(join(folder, RELEASE), Signed);
    const firm = transition(state, { event: 'engineStarted' });
    return { spooled, state: release || isPastRun(firm) ? firm : { ...NEW_UNIT, ...pastOf(firm) }, release };
  }

  async #parse<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
    try {
      return schema.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (error) {
      if (!isMissing(error))
        this.#log.warn({ err: error, path }, 'unreadable spool file; going on without it');
      return null;
    }
  }
}

function isPastRun(state: UnitState): boolean {
  return state.state !== 'leased' && state.state !== 'ready';
}

function pastOf(state: UnitState): Pick<UnitState, 'attempts' | 'interruptions'> {
  return { attempts: state.attempts, interruptions: state.interruptions };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
