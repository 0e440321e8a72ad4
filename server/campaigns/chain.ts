import type { CampaignSpec } from '../../protocol/campaign.ts';
import { BLOCKS } from '../../protocol/work-unit.ts';
import type { Releases } from '../releases.ts';
import type { Queryable } from '../store/database.ts';
import { methodOf } from '../validate/record.ts';
import type { PointProblem } from './points.ts';
import { type Cut, unitCount, unitOfPoint, unitsPerPoint } from './units.ts';

/**
 * Campaigns that take what another has made: each of their units has one output file of one unit of the other as its input,
 * and the events of that unit that the file holds. It is made when the other's unit has become valid.
 */

/** The campaign that another takes from. */
export interface Source {
  readonly id: number;
  readonly name: string;
  readonly spec: CampaignSpec;
  readonly release_id: number;
  readonly points: number;
  readonly extended_from: number[];
}

const SOURCE = `SELECT id, name, spec, release_id, points, extended_from FROM campaign WHERE name = $1`;

/** Events that a campaign takes of each point: of each unit the first `eventsPerUnit`. */
export function eventsTaken(source: Cut, eventsPerUnit: number): number {
  const units = unitsPerPoint(source);
  const last = unitOfPoint(source, 0, units - 1).events;
  return (units - 1) * eventsPerUnit + Math.min(last, eventsPerUnit);
}

/** What does not fit between a campaign and the one it takes from; null where all does. */
export function chainProblem(
  spec: CampaignSpec,
  source: Pick<Source, 'spec' | 'points' | 'extended_from'>,
  kept: readonly string[],
): PointProblem | null {
  const { inputs } = spec;
  if (!inputs) return null;
  const { from, output } = inputs;
  const at = (path: string[], message: string): PointProblem => ({ path, message });
  for (const key of ['sweep', 'points', 'sample', 'adaptive', 'unitMinutes'] as const) {
    const value = spec[key];
    if (value === undefined || (key === 'sweep' && Object.keys(spec.sweep).length === 0)) continue;
    return at([key], `the points and units of this campaign are those of "${from}"; leave it out`);
  }
  if (source.spec.adaptive || source.spec.unitMinutes !== undefined)
    return at(['inputs', 'from'], `the units of "${from}" are not known beforehand; take one of fixed units`);
  const method = methodOf(source.spec.validation);
  if (!('quorum' in source.spec.validation) || method.kind !== 'quorum' || method.quorum < 2) {
    const message = `"${from}" does not compare whole files of two computers, so nobody has checked "${output}"; give it a quorum of 2 or more`;
    return at(['inputs', 'from'], message);
  }
  if (!kept.includes(output) || output === BLOCKS) {
    const known = kept.filter((path) => path !== BLOCKS).join(', ') || 'none';
    return at(['inputs', 'output'], `the release of "${from}" keeps no file "${output}"; it has: ${known}`);
  }
  const cut = cutOf(source);
  if (spec.eventsPerUnit > source.spec.eventsPerUnit) {
    const message = `a unit of "${from}" has ${source.spec.eventsPerUnit} events, so there are no more in its file`;
    return at(['eventsPerUnit'], message);
  }
  // Each last unit of what "from" was cut into may be shorter, but only that of all is so here.
  const events = eventsTaken(cut, spec.eventsPerUnit);
  if (spec.events !== events || unitCount({ ...spec, points: source.points }) !== unitCount(cut))
    return at(['events'], `the units of "${from}" give ${events} events for each point; say so`);
  return null;
}

function cutOf({ spec, points, extended_from }: Pick<Source, 'spec' | 'points' | 'extended_from'>): Cut {
  const { events, eventsPerUnit } = spec;
  return { points, events, eventsPerUnit, extendedFrom: extended_from };
}

/**
 * The campaign that this one takes from.
 * @returns null where it takes from none; what is wrong with it, with the path in the document
 */
export async function sourceOf(
  db: Queryable,
  releases: Releases,
  spec: CampaignSpec,
): Promise<Source | PointProblem | null> {
  if (!spec.inputs) return null;
  const path = ['inputs', 'from'];
  const links = [spec.name, spec.inputs.from];
  let source: Source | null = null;
  // Nothing that is there ends in a circle: it takes from what was there before it. But this one may close one.
  for (let next: string | undefined = spec.inputs.from; next !== undefined; ) {
    if (next === spec.name) return { path, message: `it would take from itself: ${links.join(' <- ')}` };
    const [row]: Source[] = await db.query<Source>(SOURCE, [next]);
    source ??= row ?? null;
    if (!source) return { path, message: `there is no campaign "${next}"; push it first` };
    next = row?.spec.inputs?.from;
    if (next !== undefined) links.push(next);
  }
  if (!source) return null;
  const { samples, outputs = {} } = await releases.get(source.release_id, db);
  return chainProblem(spec, source, [...samples, ...Object.keys(outputs)]) ?? source;
}
