import { appendAudit } from '../audit/trail.ts';
import { portionsOf } from '../campaigns/units.ts';
import { cardOf } from '../dispatch/lease.ts';
import { showId } from '../ids.ts';
import { ObjectDamaged } from '../objects/errors.ts';
import type { Project } from '../project.ts';
import { batch, type Queryable } from '../store/database.ts';
import { BlocksInvalid, type Sums, sumBlocks } from './blocks.ts';
import { mergeOf, negative, type PointMerge } from './merge.ts';
import { NO_SUMS } from './outputs.ts';
import * as results from './queries.ts';
import { blocksBytes } from './report.ts';
import { CONFIRMED_BY } from './risk.ts';
import * as sql from './trust-queries.ts';

/** In one transaction; all of them keep a few megabytes of sums at most. */
const AT_ONCE = 64;
const AGAIN_MS = 30_000;
const REASON =
  'withdrawn: this computer was found to report what it did not compute; others compute it again';

/**
 * Takes back what caught hosts gave and nobody confirmed: out of the merged sums exactly what was merged (the kept outputs
 * are added up again), with the credit, and the units are open for others. Each step is one transaction that begins with
 * finding what is still there to be taken back; so a server killed anywhere goes on, and nothing is taken back twice.
 */
export class Withdrawals {
  readonly #project: Project;
  readonly #forget: () => void;
  #running: Promise<void> | null = null;
  #again = false;
  #closing = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(project: Project) {
    this.#project = project;
    this.#forget = project.db.onNews((topic) => {
      if (topic === 'caught') this.poke();
    });
  }

  /** Goes on with what a predecessor left, and later with what another server did. */
  start(): void {
    this.poke();
    this.#timer = setInterval(() => this.poke(), AGAIN_MS);
  }

  poke(): void {
    if (this.#closing) return;
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#again && !this.#closing) this.poke();
    });
  }

  /** Resolves when nothing is left to do now. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async close(): Promise<void> {
    this.#forget();
    this.#closing = true;
    if (this.#timer) clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { db, log } = this.#project;
    while (this.#again && !this.#closing) {
      this.#again = false;
      try {
        // Another server that does it goes on until nothing is left.
        await db.alone('withdraw', async () => {
          for (const { id } of await db.query<{ id: number }>(sql.WITHDRAWING)) {
            if (this.#closing) return;
            await this.#withdraw(id);
          }
        });
      } catch (error) {
        log.error({ err: error }, 'could not withdraw the results of a caught host; it is tried again');
      }
    }
  }

  async #withdraw(hostId: number): Promise<void> {
    const { db, log, now } = this.#project;
    let lost = 0;
    for (let beyond = 0; ; ) {
      const at = now();
      const light = await db.query<sql.LightRow>(sql.LIGHT, [
        hostId,
        at.toISOString(),
        beyond,
        CONFIRMED_BY,
        AT_ONCE,
      ]);
      const last = light.at(-1);
      if (!last) break;
      beyond = last.unit_id;
      const sums = new Map<number, Sums>();
      for (const row of light) {
        const found = await this.#sumsOf(row);
        if (found) sums.set(row.unit_id, found);
        else
          log.error(
            { unit: row.unit_id, hostId },
            'an output that is to be withdrawn is lost: it stays merged',
          );
      }
      lost += light.length - sums.size;
      if (this.#closing) return;
      await db.transaction((tx) => takeBack(tx, hostId, light, sums, at));
      db.announce('campaigns');
    }
    await db.transaction(async (tx) => {
      await tx.query(sql.WITHDRAWN, [hostId]);
      const details = { host: showId('h', hostId), unitsLost: lost };
      await appendAudit(tx, now(), [{ event: 'withdrawn', details }]);
    });
  }

  /** What was merged of a unit; null: its output is not here any more. */
  async #sumsOf(row: sql.LightRow): Promise<Sums | null> {
    const { objects, releases } = this.#project;
    const release = await releases.get(row.release_id);
    if (release.outputs) return NO_SUMS;
    try {
      return sumBlocks(await blocksBytes(objects, row.files), cardOf(row, row.spec), release.histograms);
    } catch (error) {
      if (error instanceof ObjectDamaged || error instanceof BlocksInvalid) return null;
      throw error;
    }
  }
}

async function takeBack(
  tx: Queryable,
  hostId: number,
  found: readonly sql.LightRow[],
  sums: ReadonlyMap<number, Sums>,
  at: Date,
): Promise<void> {
  const ids = found.map((row) => row.unit_id).filter((id) => sums.has(id));
  if (ids.length === 0) return;
  await tx.query(results.LOCK_UNITS, [ids]);
  // Looked at again under the lock: another server, or this one before it was killed, may have been here.
  const first = Math.min(...ids);
  const still = await tx.query<sql.LightRow>(sql.LIGHT, [
    hostId,
    at.toISOString(),
    first - 1,
    CONFIRMED_BY,
    AT_ONCE,
  ]);
  const rows = still.filter((row) => ids.includes(row.unit_id));
  if (rows.length === 0) return;
  const units = rows.map((row) => row.unit_id);
  const [taken] = await tx.query<{ credit: number }>(sql.TAKE_RESULTS_BACK, [units, REASON]);
  await tx.query(sql.OPEN_UNITS, [units]);
  const points = new Map<string, PointMerge>();
  const campaigns = new Map<number, { id: number; units: number; events: number }>();
  for (const row of rows) {
    const key = `${row.campaign_id} ${row.point_index}`;
    points.set(
      key,
      mergeOf(points.get(key) ?? null, row, sums.get(row.unit_id) ?? NO_SUMS, row.spec.eventsPerUnit),
    );
    const campaign = campaigns.get(row.campaign_id) ?? { id: row.campaign_id, units: 0, events: 0 };
    campaigns.set(row.campaign_id, {
      ...campaign,
      units: campaign.units + portionsOf(row.events, row.spec.eventsPerUnit),
      events: campaign.events + row.events,
    });
  }
  const merges = [...points.values()].map(negative);
  const merged = await tx.query(results.MERGE, [batch(merges)]);
  if (merged.length < merges.length) throw new Error('what is to be withdrawn is not what was merged');
  await tx.query(sql.CLEAR_MAXIMA, [
    batch([...points.values()].map(({ campaign_id, index }) => ({ campaign_id, index }))),
  ]);
  await tx.query(sql.OPEN_CAMPAIGNS, [batch([...campaigns.values()])]);
  await tx.query(sql.PAUSE_TAKERS, [units]);
  const details = {
    host: showId('h', hostId),
    units: rows.length,
    events: rows.reduce((sum, row) => sum + row.events, 0),
    creditMicroseconds: taken?.credit ?? 0,
  };
  await appendAudit(tx, at, [{ event: 'withdrawal', details }]);
}
