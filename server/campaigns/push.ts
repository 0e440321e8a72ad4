import { sha256 } from '../../platform/files.ts';
import { fillRelease, TemplateRefused } from '../../platform/templates.ts';
import { type CampaignSpec, DEFAULT_OWNER } from '../../protocol/campaign.ts';
import type { Release } from '../../protocol/release.ts';
import { appendAudit } from '../audit/trail.ts';
import { canonicalJson } from '../canonical.ts';
import { creditMicroseconds } from '../credit/credit.ts';
import { agreeingHosts } from '../dispatch/lease.ts';
import { MAX_BLOCKS_PER_UNIT } from '../dispatch/pace.ts';
import { ApiFailure } from '../errors.ts';
import { showId } from '../ids.ts';
import type { Releases } from '../releases.ts';
import { batch, type Database, type Queryable } from '../store/database.ts';
import { emptyCounts } from '../validate/blocks.ts';
import { PILOT_UNITS } from './adaptive.ts';
import { type Source, sourceOf } from './chain.ts';
import { type CampaignDocument, readCampaign } from './document.ts';
import { passedDeadline } from './life.ts';
import { type PointProblem, parameterCheck, pointCount, pointProblem, points } from './points.ts';
import { sizeProblem } from './size.ts';
import { pointSeed, unitCount, unitsPerPoint } from './units.ts';

/** A document that the project takes, with all it makes. */
export interface CheckedCampaign {
  readonly spec: CampaignSpec;
  readonly points: readonly CampaignSpec['parameters'][];
  readonly releaseId: number;
  readonly release: Release;
  /** What it takes its inputs from. */
  readonly source: Source | null;
  /** For a name that is found taken later. */
  readonly nameTaken: ApiFailure;
}

/**
 * Everything that can be wrong with a campaign, but for its name being taken.
 * @throws ApiFailure with line and path
 */
export async function validateCampaign(
  db: Queryable,
  releases: Releases,
  document: CampaignDocument,
): Promise<CheckedCampaign> {
  const { spec } = document;
  const refuse = ({ path, message }: PointProblem) =>
    new ApiFailure(422, 'campaign-invalid', message, { place: document.place(path) });
  const found = await releases.find(spec.application, spec.version);
  if (!found) {
    throw refuse({
      path: ['version'],
      message: `the project has no release ${spec.application} ${spec.version}; push the release first`,
    });
  }
  const { id: releaseId, release } = found;
  const problem =
    pointProblem(spec, parameterCheck(release.parameters)) ??
    sizeProblem(spec, release) ??
    cutProblem(spec, release);
  if (problem) throw refuse(problem);
  const source = await sourceOf(db, releases, spec);
  if (source && 'message' in source) throw refuse(source);
  const made = source
    ? new Array<CampaignSpec['parameters']>(source.points).fill(spec.parameters)
    : points(spec);
  const wide = source && (sizeProblem(spec, release, made.length) ?? seedProblem(spec, made.length));
  if (wide) throw refuse(wide);
  const unfilled = fillProblem(spec, made, release);
  if (unfilled) throw refuse(unfilled);
  const nameTaken = new ApiFailure(
    409,
    'campaign-exists',
    `there is a campaign "${spec.name}" with other content, and a campaign can not change; choose another name`,
    { place: document.place(['name']) },
  );
  return { spec, points: made, releaseId, release, source, nameTaken };
}

/**
 * Accepts a campaign document, YAML or JSON.
 * @returns the campaign's identity; created: false where the very same campaign was there
 * @throws ApiFailure as readCampaign() and validateCampaign(), and 409 where the name is taken
 */
export function pushCampaign(
  db: Database,
  releases: Releases,
  text: string,
  now: Date,
): Promise<{ id: number; created: boolean }> {
  return acceptCampaign(db, releases, readCampaign(text), now);
}

/** The same for a document that is read already. */
export async function acceptCampaign(
  db: Database,
  releases: Releases,
  document: CampaignDocument,
  now: Date,
): Promise<{ id: number; created: boolean }> {
  const checked = await validateCampaign(db, releases, document);
  const campaign = await insert(db, checked, now);
  if (campaign === 'past') {
    throw new ApiFailure(422, 'campaign-invalid', 'this moment has passed already; choose a later one', {
      place: document.place(['deadline']),
    });
  }
  if (campaign) return campaign;
  throw checked.nameTaken;
}

/** The campaign that is in the store with this very content, where there is one. */
export async function sameCampaign(
  store: Queryable,
  spec: CampaignSpec,
): Promise<{ id: number } | undefined> {
  const [same] = await store.query<{ id: number }>(
    'SELECT id FROM campaign WHERE name = $1 AND spec_text = $2',
    [spec.name, canonicalJson(spec)],
  );
  return same;
}

/** What is wrong with the numbers of events, the seed or the validation; null when all is well. */
export function cutProblem(
  spec: CampaignSpec,
  release: Pick<Release, 'outputs' | 'histograms' | 'limits' | 'referenceMicrosecondsPerEvent'> & {
    readonly programs: object;
  },
): PointProblem | null {
  if (spec.eventsPerUnit % spec.blockEvents !== 0) {
    return {
      path: ['eventsPerUnit'],
      message: `eventsPerUnit (${spec.eventsPerUnit}) must be a multiple of blockEvents (${spec.blockEvents})`,
    };
  }
  if (spec.eventsPerUnit / spec.blockEvents > MAX_BLOCKS_PER_UNIT) {
    return {
      path: ['blockEvents'],
      message: `makes more than ${MAX_BLOCKS_PER_UNIT} blocks a work unit; use larger blocks or smaller units`,
    };
  }
  const count = pointCount(spec);
  if (!Number.isSafeInteger(count * spec.events)) {
    return { path: ['events'], message: 'more events in all than can be counted exactly; ask for fewer' };
  }
  const seed = seedProblem(spec, count);
  if (seed) return seed;
  try {
    creditMicroseconds(spec.eventsPerUnit, release.referenceMicrosecondsPerEvent);
  } catch {
    return {
      path: ['eventsPerUnit'],
      message: 'a work unit this large has no exact credit; make it smaller',
    };
  }
  const isChecked = 'spot' in spec.validation || 'adaptive' in spec.validation;
  if (isChecked && !Object.hasOwn(release.programs, 'wasm32-wasi')) {
    return {
      path: ['validation'],
      message:
        'spot checks need a wasm32-wasi program in the release, which the server runs; add one or use a quorum',
    };
  }
  if (isChecked && release.outputs) {
    return {
      path: ['validation'],
      message:
        'spot checks compare blocks, and this release writes other outputs; use a quorum or a tolerance',
    };
  }
  const agreeing = agreeingHosts(spec.validation);
  if (spec.canary && spec.canary.hosts < agreeing) {
    return {
      path: ['canary', 'hosts'],
      message: `a work unit needs ${agreeing} computers that agree, so it can not be tried on ${spec.canary.hosts}; give the canary as many`,
    };
  }
  if ('tolerance' in spec.validation && !release.outputs) {
    return {
      path: ['validation'],
      message:
        'a tolerance needs a release that declares its outputs and how they are compared; use a quorum',
    };
  }
  return minutesProblem(spec, release) ?? adaptiveProblem(spec, release);
}

function seedProblem({ seed }: CampaignSpec, count: number): PointProblem | null {
  if (Number.isSafeInteger(pointSeed(seed, count))) return null;
  return { path: ['seed'], message: 'too large for this many points; choose a smaller seed' };
}

function minutesProblem(
  { unitMinutes, leaseMinutes, events, eventsPerUnit }: CampaignSpec,
  release: Pick<Release, 'outputs' | 'limits' | 'referenceMicrosecondsPerEvent'>,
): PointProblem | null {
  if (unitMinutes === undefined) return null;
  const path = ['unitMinutes'];
  if (release.outputs)
    return { path, message: 'the release writes no blocks, so its units have a fixed size; leave it out' };
  // A host may turn out to be half as fast as it was.
  if (2 * unitMinutes > leaseMinutes)
    return {
      path,
      message: `a lease is for ${leaseMinutes} minutes (leaseMinutes); give it at least twice as long`,
    };
  if (2 * unitMinutes * 60 > release.limits.wallSeconds) {
    const message = `the release stops its program after ${release.limits.wallSeconds} s; ask for half of it at most`;
    return { path, message };
  }
  try {
    creditMicroseconds(Math.max(events, eventsPerUnit), release.referenceMicrosecondsPerEvent);
  } catch {
    return { path, message: 'all events of a point in one unit have no exact credit; ask for fewer' };
  }
  return null;
}

function adaptiveProblem(
  { adaptive }: CampaignSpec,
  { outputs, histograms }: Pick<Release, 'outputs' | 'histograms'>,
): PointProblem | null {
  if (!adaptive) return null;
  if (outputs) {
    return {
      path: ['adaptive'],
      message: 'the release writes no blocks, so that no error is known; leave it out',
    };
  }
  const { histogram } = adaptive;
  if (histogram !== undefined && !histograms.some(({ name }) => name === histogram)) {
    return { path: ['adaptive', 'histogram'], message: `the release has no histogram "${histogram}"` };
  }
  return null;
}

/** Whether each point can be put into the release's command line and files, for then engines can do so too. */
function fillProblem(
  { seed, events }: CampaignSpec,
  made: CheckedCampaign['points'],
  release: Release,
): PointProblem | null {
  for (const parameters of made) {
    try {
      fillRelease(release, { seed, firstEvent: 0, events, parameters });
    } catch (error) {
      if (!(error instanceof TemplateRefused)) throw error;
      return { path: ['parameters'], message: error.message };
    }
  }
  return null;
}

/** @returns null where the name is taken by another campaign, 'past' where there is none and its deadline is over */
function insert(
  db: Database,
  { spec, points: made, releaseId, release, source }: CheckedCampaign,
  now: Date,
): Promise<{ id: number; created: boolean } | 'past' | null> {
  const deadline = spec.deadline === undefined ? null : new Date(spec.deadline);
  return db.transaction(async (tx) => {
    const cut = { points: made.length, events: spec.events, eventsPerUnit: spec.eventsPerUnit };
    const each = unitsPerPoint(cut);
    const pilot = spec.adaptive ? Math.min(each, PILOT_UNITS) : null;
    // Where units are cut as they are taken, each point counts what was cut of it.
    const wanted = pilot ?? (spec.unitMinutes === undefined ? null : each);
    if (passedDeadline(deadline, now)) {
      const there = await tx.query('SELECT id FROM campaign WHERE name = $1', [spec.name]);
      if (there.length === 0) return 'past';
    }
    const [row] = await tx.query<{ id: number }>(
      `INSERT INTO campaign (name, spec, spec_text, release_id, platforms, created_at, points, units,
                             owner, priority, deadline, event_cost_us, output_bytes, from_id, canary)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $14, $15,
               CASE WHEN EXISTS (SELECT FROM campaign WHERE release_id = $4) THEN NULL ELSE $13::jsonb END)
       ON CONFLICT (name) DO NOTHING RETURNING id`,
      [
        spec.name,
        JSON.stringify(spec),
        canonicalJson(spec),
        releaseId,
        Object.keys(release.programs),
        now.toISOString(),
        made.length,
        pilot === null ? unitCount(cut) : made.length * pilot,
        spec.owner ?? DEFAULT_OWNER,
        spec.priority ?? 0,
        deadline?.toISOString() ?? null,
        release.referenceMicrosecondsPerEvent,
        spec.canary ? JSON.stringify(spec.canary) : null,
        spec.unitMinutes === undefined ? null : release.limits.outputBytes,
        source?.id ?? null,
      ],
    );
    if (!row) {
      const same = await sameCampaign(tx, spec);
      return same ? { id: same.id, created: false } : null;
    }
    await tx.query(
      `INSERT INTO point (campaign_id, index, parameters, counts, units_made, units_wanted)
       SELECT $1, index, parameters, array_fill(0::bigint, ARRAY[$2::integer]), CASE WHEN $4::bigint IS NULL THEN NULL ELSE 0 END, $4
       FROM jsonb_to_recordset($3) AS made (index bigint, parameters jsonb)`,
      [
        row.id,
        emptyCounts(release.histograms).length,
        batch(made.map((parameters, index) => ({ index, parameters }))),
        wanted,
      ],
    );
    const details = { id: showId('c', row.id), name: spec.name, specSha256: sha256(canonicalJson(spec)) };
    await appendAudit(tx, now, [{ event: 'campaign', details }]);
    return { id: row.id, created: true };
  });
}
