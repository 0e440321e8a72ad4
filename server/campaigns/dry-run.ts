import type { DryRun } from '../../protocol/staff-api.ts';
import { cardOf } from '../dispatch/lease.ts';
import type { Releases } from '../releases.ts';
import type { Database } from '../store/database.ts';
import { costOf, type Lately } from './cost.ts';
import { readCampaign } from './document.ts';
import { extremes } from './extremes.ts';
import { sameCampaign, validateCampaign } from './push.ts';

/** Enough to know the project's pace by, and read in no time however many there are. */
const LAST_RESULTS = 5000;
const LATELY_MS = 7 * 86_400_000;

/** $1 how many of the last, $2 no older than, $3 the release in question. What failed or was not believed tells no pace. */
const LATELY = `
  SELECT min(reported_at - seconds * interval '1 second') AS since, max(reported_at) AS until, count(*) AS results,
    count(DISTINCT host_id) AS hosts, sum(seconds) AS seconds,
    coalesce(sum(unit.events) FILTER (WHERE campaign.release_id = $3), 0)::bigint AS release_events,
    coalesce(sum(seconds) FILTER (WHERE campaign.release_id = $3), 0) AS release_seconds
  FROM (
    SELECT campaign_id, unit_id, host_id, least(seconds, 604800) AS seconds, state, reported_at
    FROM result ORDER BY lease_id DESC LIMIT $1
  ) AS last
  JOIN unit ON unit.id = last.unit_id
  JOIN campaign ON campaign.id = last.campaign_id
  WHERE last.reported_at >= $2 AND last.state IN ('valid', 'pending', 'late')`;

interface LatelyRow {
  readonly since: Date | null;
  readonly until: Date | null;
  readonly results: number;
  readonly hosts: number;
  readonly seconds: number | null;
  readonly release_events: number;
  readonly release_seconds: number;
}

/** A program that takes longer for it is no program for a look. */
const TRIAL_SECONDS = 1;
const MAX_TRIAL_EVENTS = 10_000;

/**
 * Says what a campaign document would start, as a push would but for starting it.
 * @throws ApiFailure as pushCampaign()
 */
export async function dryRun(db: Database, releases: Releases, text: string, now: Date): Promise<DryRun> {
  const { spec, points, releaseId, release, nameTaken } = await validateCampaign(
    db,
    releases,
    readCampaign(text),
  );
  const exists = (await sameCampaign(db, spec)) !== undefined;
  if (!exists) {
    const [taken] = await db.query('SELECT FROM campaign WHERE name = $1', [spec.name]);
    if (taken) throw nameTaken;
  }
  const microseconds = release.referenceMicrosecondsPerEvent;
  const events = Math.max(
    1,
    Math.min(spec.events, MAX_TRIAL_EVENTS, Math.round((TRIAL_SECONDS * 1e6) / microseconds)),
  );
  return {
    name: spec.name,
    application: spec.application,
    version: spec.version,
    exists,
    points: points.length,
    adaptive: spec.adaptive !== undefined,
    // What it would analyse is not there yet.
    trial: (spec.inputs ? [] : extremes(points)).map((index) => {
      const unit = { point_index: index, first_event: 0, events, parameters: points[index] ?? {} };
      return { index, card: cardOf(unit, { seed: spec.seed, blockEvents: events }) };
    }),
    ...costOf(spec, points.length, microseconds, await latelyOf(db, releaseId, now)),
  };
}

async function latelyOf(db: Database, releaseId: number, now: Date): Promise<Lately | null> {
  const after = new Date(now.getTime() - LATELY_MS).toISOString();
  const [row] = await db.query<LatelyRow>(LATELY, [LAST_RESULTS, after, releaseId]);
  if (!row?.since || !row.until) return null;
  const { since, until, results, hosts } = row;
  return {
    ...{ since, until, results, hosts, seconds: row.seconds ?? 0 },
    releaseEvents: row.release_events,
    releaseSeconds: row.release_seconds,
  };
}
