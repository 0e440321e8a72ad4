import type { CampaignSpec, CampaignState } from '../../protocol/campaign.ts';
import type { CampaignClone, CampaignExtend } from '../../protocol/staff-api.ts';
import { ApiFailure } from '../errors.ts';
import { readId } from '../ids.ts';
import type { Releases } from '../releases.ts';
import type { Database, Queryable } from '../store/database.ts';
import { changed } from './clone.ts';
import { checkCampaign, showPath } from './document.ts';
import { type CampaignAction, deadlineWords, passedDeadline, stateAfter } from './life.ts';
import { acceptCampaign, cutProblem } from './push.ts';
import { unitCount, unitsPerPoint } from './units.ts';

interface CampaignRow {
  readonly id: number;
  readonly name: string;
  readonly spec: CampaignSpec;
  readonly release_id: number;
  readonly state: CampaignState;
  readonly reason: string | null;
  readonly deadline: Date | null;
  readonly points: number;
  readonly units: number;
  readonly extended_from: number[];
}
const FIND = `
  SELECT id, name, spec, release_id, state, reason, deadline, points, units, extended_from FROM campaign
  WHERE id = $1 OR name = $2 ORDER BY (id = $1) DESC LIMIT 1`;

async function find(db: Queryable, idOrName: string, lock: '' | 'FOR UPDATE'): Promise<CampaignRow> {
  const [row] = await db.query<CampaignRow>(`${FIND} ${lock}`, [readId('c', idOrName) ?? 0, idOrName]);
  if (row) return row;
  throw new ApiFailure(404, 'no-such-campaign', `there is no campaign "${idOrName}"; see /campaigns`);
}

function stateOr409({ name, state }: CampaignRow, action: CampaignAction): CampaignState {
  const after = stateAfter(state, action);
  if ('state' in after) return after.state;
  throw new ApiFailure(409, 'campaign-state', `campaign "${name}" ${after.refused}`);
}

/**
 * Pauses, resumes or cancels, in one transaction.
 * @param reason null: that which it has, where it is in that state already
 * @returns the campaign's identity
 * @throws ApiFailure 404, 409
 */
export function changeState(
  db: Database,
  idOrName: string,
  action: 'pause' | 'resume' | 'cancel',
  reason: string | null,
  now: Date,
): Promise<number> {
  return db.transaction(async (tx) => {
    const row = await find(tx, idOrName, 'FOR UPDATE');
    const state = stateOr409(row, action);
    const passed = passedDeadline(row.deadline, now);
    if (action === 'resume' && passed) {
      throw new ApiFailure(409, 'campaign-state', `campaign "${row.name}": ${deadlineWords(passed)}`);
    }
    const kept = state === row.state && state !== 'running' ? row.reason : null;
    await tx.query('UPDATE campaign SET state = $2, reason = $3 WHERE id = $1', [
      row.id,
      state,
      reason ?? kept,
    ]);
    if (state === 'cancelled') await tx.query(DISMISS);
    return row.id;
  });
}

/**
 * Results of cancelled campaigns that wait for another computer's, which nobody computes any more. What is leased still
 * may confirm them, so this is said again as leases run out (Project.forget). Units another server works on come then.
 */
const DISMISS = `
  WITH alone AS (
    SELECT unit.id FROM unit JOIN campaign ON campaign.id = unit.campaign_id
    WHERE campaign.state = 'cancelled' AND unit.wanted > 0 AND unit.leased = 0 AND unit.agreeing > 0
    ORDER BY unit.id FOR UPDATE OF unit SKIP LOCKED
  ), dismissed AS (
    UPDATE result SET state = 'late', reason = 'the campaign was cancelled before another computer confirmed this result'
    FROM alone WHERE result.unit_id = alone.id AND result.state = 'pending'
  )
  UPDATE unit SET agreeing = 0 FROM alone WHERE unit.id = alone.id`;

export async function dismissCancelled(db: Database): Promise<void> {
  await db.transaction((tx) => tx.query(DISMISS));
}

/**
 * More events for each point, or another deadline, in one transaction. A complete campaign runs again.
 * @throws ApiFailure 404, 409, 422
 */
export function extendCampaign(
  db: Database,
  releases: Releases,
  idOrName: string,
  change: CampaignExtend,
  now: Date,
): Promise<number> {
  if (change.events === undefined && change.deadline === undefined)
    throw invalid('events', 'say how many events each point is to have, or a deadline');
  return db.transaction(async (tx) => {
    const row = await find(tx, idOrName, 'FOR UPDATE');
    const next = stateOr409(row, 'extend');
    const { deadline: _, ...before } = row.spec;
    const deadline = change.deadline === undefined ? (row.spec.deadline ?? null) : change.deadline;
    const spec: CampaignSpec = {
      ...before,
      events: change.events ?? before.events,
      ...(deadline === null ? {} : { deadline }),
    };
    if (spec.events < before.events) {
      throw invalid(
        'events',
        `campaign "${row.name}" has ${before.events} events for each point already, and what is there stays; ask for more`,
      );
    }
    if (spec.adaptive && spec.events > before.events) {
      throw invalid(
        'events',
        `campaign "${row.name}" is adaptive, so its precision says how many events it makes; clone it with another precision or more events`,
      );
    }
    if (spec.events > before.events) {
      const [taker] = await tx.query<{ name: string }>(
        'SELECT name FROM campaign WHERE from_id = $1 LIMIT 1',
        [row.id],
      );
      const why = spec.inputs
        ? `takes its events from "${spec.inputs.from}"`
        : taker && `is what "${taker.name}" takes its events from`;
      if (why) throw invalid('events', `campaign "${row.name}" ${why}; clone it for more`);
    }
    const problem = cutProblem(spec, await releases.get(row.release_id, tx));
    if (problem) throw invalid(showPath(problem.path), problem.message);
    const until = deadline === null ? null : new Date(deadline);
    const passed = passedDeadline(until, now);
    if (passed && change.deadline !== undefined)
      throw invalid('deadline', 'this moment has passed already; choose a later one');
    if (passed)
      throw new ApiFailure(409, 'campaign-state', `campaign "${row.name}": ${deadlineWords(passed)}`);
    const isLonger = spec.events > before.events;
    const extendedFrom = isLonger ? [...row.extended_from, before.events] : row.extended_from;
    const state = isLonger ? next : row.state;
    const cut = { ...spec, points: row.points, extendedFrom };
    if (isLonger && spec.unitMinutes !== undefined)
      await tx.query('UPDATE point SET units_wanted = $2 WHERE campaign_id = $1', [
        row.id,
        unitsPerPoint(cut),
      ]);
    await tx.query(
      `UPDATE campaign SET spec = $2, deadline = $3, extended_from = $4, units = $5, state = $6, reason = $7
       WHERE id = $1`,
      [
        row.id,
        JSON.stringify(spec),
        until?.toISOString() ?? null,
        extendedFrom,
        isLonger ? unitCount(cut) : row.units,
        state,
        state === 'paused' ? row.reason : null,
      ],
    );
    return row.id;
  });
}

/** A new campaign over the old one's document. @throws ApiFailure 404, 409, 422 with the path as place */
export async function cloneCampaign(
  db: Database,
  releases: Releases,
  idOrName: string,
  { name, changes }: CampaignClone,
  now: Date,
): Promise<{ id: number; created: boolean }> {
  const { spec } = await find(db, idOrName, '');
  return acceptCampaign(db, releases, checkCampaign(changed(spec, name, changes), showPath), now);
}

function invalid(place: string, message: string): ApiFailure {
  return new ApiFailure(422, 'campaign-invalid', message, { place });
}
