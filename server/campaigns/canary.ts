import type { CampaignSpec } from '../../protocol/campaign.ts';
import type { Database, Queryable } from '../store/database.ts';

/** Decided results; bad: failed or invalid. */
export interface Outcomes {
  readonly bad: number;
  readonly decided: number;
}

/** What is assumed of a release before any result is known: one in twenty fails. */
const ASSUMED: Outcomes = { bad: 1, decided: 20 };
/** A canary is stopped where chance alone does this badly less often. */
const SIGNIFICANCE = 0.001;

/** The share of results that may be expected to fail, from those of the release before. */
export function expectedShare(before: Outcomes): number {
  return (before.bad + ASSUMED.bad) / (before.decided + ASSUMED.decided);
}

/** The chance that at least `bad` of `decided` results fail where each fails with this probability. */
export function chanceOfAtLeast({ bad, decided }: Outcomes, share: number): number {
  let term = (1 - share) ** decided;
  let below = 0;
  for (let k = 0; k < bad; k++) {
    below += term;
    term *= ((decided - k) / (k + 1)) * (share / (1 - share));
  }
  return Math.max(0, 1 - below);
}

/**
 * A one-sided binomial test: whether so many failures differ from what the release before had by more than chance.
 * @returns what staff should know, or null where all is well
 */
export function canaryComplaint(now: Outcomes, before: Outcomes): string | null {
  const share = expectedShare(before);
  if (now.bad === 0 || chanceOfAtLeast(now, share) >= SIGNIFICANCE) return null;
  const known =
    before.decided > 0
      ? `the release before had ${before.bad} of ${before.decided}`
      : 'no release before it has results to compare with';
  return `the canary stopped it: ${now.bad} of the first ${now.decided} results of this release failed or were wrong, ${known}; look at these results, then resume it on all hosts or cancel it`;
}

interface TriedRow {
  readonly id: number;
  readonly canary: NonNullable<CampaignSpec['canary']>;
  readonly units_valid: number;
  /** The newest campaign with results of the release before; null: there is none. */
  readonly before: number | null;
}
const TRIED = `
  SELECT campaign.id, campaign.canary, campaign.units_valid, (
    SELECT other.id FROM campaign AS other JOIN release ON release.id = other.release_id
    WHERE release.application = mine.application AND release.id < mine.id
      AND EXISTS (SELECT FROM result WHERE result.campaign_id = other.id)
    ORDER BY release.id DESC, other.id DESC LIMIT 1
  ) AS before
  FROM campaign JOIN release AS mine ON mine.id = campaign.release_id
  WHERE campaign.state = 'running' AND campaign.canary IS NOT NULL ORDER BY campaign.id`;

const PASS = `UPDATE campaign SET canary = NULL WHERE id = $1`;

const STOP = `
  UPDATE campaign SET canary = NULL, state = 'paused', reason = $2
  FROM campaign AS tried
  WHERE tried.id = $1 AND tried.state = 'running' AND campaign.release_id = tried.release_id AND campaign.state = 'running'`;

/** The last thousand results are enough, however many a campaign has. */
const OUTCOMES = `
  SELECT count(*) FILTER (WHERE state IN ('failed', 'invalid')) AS bad, count(*) AS decided
  FROM (SELECT state FROM result WHERE campaign_id = $1 ORDER BY lease_id DESC LIMIT 1000) AS latest
  WHERE state IN ('valid', 'failed', 'invalid')`;

async function outcomesOf(db: Queryable, campaign: number | null): Promise<Outcomes> {
  const [row] = campaign === null ? [] : await db.query<Outcomes>(OUTCOMES, [campaign]);
  return row ?? { bad: 0, decided: 0 };
}

/**
 * Ends trials: where failures differ with a pause of all campaigns of the release, where enough units are valid with work
 * for all hosts.
 */
export async function judgeCanaries(db: Database): Promise<void> {
  for (const { id, canary, units_valid, before } of await db.query<TriedRow>(TRIED)) {
    const complaint = canaryComplaint(await outcomesOf(db, id), await outcomesOf(db, before));
    if (complaint === null && units_valid < canary.units) continue;
    await db.transaction((tx) =>
      complaint === null ? tx.query(PASS, [id]) : tx.query(STOP, [id, complaint]),
    );
    db.announce('campaigns');
  }
}
